//! The cursor in space: where in memory the user is, was, and searches.

use crate::front::tui::input::action::Direction;
use crate::view::{LookBack, OriginSearch, Regions, Search};

/// The most places that are gone back to.
const TRAIL: usize = 256;

/// Where in memory the user is, and was.
#[derive(Default)]
pub(crate) struct Space {
    /// The address of the first line.
    pub(crate) top: u64,
    pub(crate) cursor: u64,
    /// The other end of the selected bytes, if more than the one at the cursor are.
    pub(crate) anchor: Option<u64>,
    pub(crate) search: Option<Search>,
    /// What of the search is still to be done, and to be gone to.
    pub(crate) searching: Searching,
    /// The ranges that have names at the selected moment.
    pub(crate) regions: Regions,
    /// What is known of the cursor's place.
    pub(crate) here: Here,
    trail: Vec<u64>,
    ahead: Vec<u64>,
}

/// What of a search is still to be done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Searching {
    /// Whether memory was not searched to its end yet.
    pub(crate) goes_on: bool,
    /// Which way to go to a match, as soon as one is found there.
    pub(crate) wanted: Option<Direction>,
}

/// What is known of a place in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Here {
    /// The regions that it is in, each with the distance from its start.
    pub(crate) names: Vec<String>,
    /// Who wrote there last.
    pub(crate) writer: String,
    /// The search for who that was, while it goes on.
    pub(crate) back: Option<LookBack>,
    /// Where the value of the byte came from, once known.
    pub(crate) origin: Option<String>,
    /// The search for that, while it goes on.
    pub(crate) origin_search: Option<OriginSearch>,
}

impl Space {
    /// The selected bytes: the first address and the last.
    pub(crate) fn selected(&self) -> (u64, u64) {
        let other = self.anchor.unwrap_or(self.cursor);
        (self.cursor.min(other), self.cursor.max(other))
    }

    /// How many bytes are selected.
    pub(crate) fn selected_len(&self) -> u64 {
        let (first, last) = self.selected();
        (last - first).saturating_add(1)
    }

    /// Remembers where the cursor is, before it goes elsewhere.
    pub(super) fn remember(&mut self) {
        if self.trail.len() == TRAIL {
            self.trail.remove(0);
        }
        self.trail.push(self.cursor);
        self.ahead.clear();
    }

    /// Where the cursor was before, or before that was gone back from.
    pub(super) fn retrace(&mut self, direction: Direction) -> Option<u64> {
        let (from, to) = match direction {
            Direction::Back => (&mut self.trail, &mut self.ahead),
            Direction::Forward => (&mut self.ahead, &mut self.trail),
        };
        let addr = from.pop()?;
        to.push(self.cursor);
        Some(addr)
    }

    /// Ends the search, and removes its marks; false if there was none.
    pub(super) fn end_search(&mut self) -> bool {
        self.searching = Searching::default();
        self.search.take().is_some()
    }
}
