//! The cursor in memory: its position, its history, and the search.

use crate::front::tui::input::action::Direction;
use crate::view::{LookBack, OriginSearch, Regions, Search};

/// The maximum number of positions to go back to.
const TRAIL: usize = 256;

/// The position in memory, and its history.
#[derive(Default)]
pub(crate) struct Space {
    /// The address of the first visible line.
    pub(crate) top: u64,
    pub(crate) cursor: u64,
    /// The other end of the selection, if it has more than one byte.
    pub(crate) anchor: Option<u64>,
    pub(crate) search: Option<Search>,
    /// The unfinished part of the search.
    pub(crate) searching: Searching,
    /// The named ranges at the selected moment.
    pub(crate) regions: Regions,
    /// The facts about the cursor's address.
    pub(crate) here: Here,
    trail: Vec<u64>,
    ahead: Vec<u64>,
}

/// The unfinished part of a search.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Searching {
    /// Whether memory was not searched to its end yet.
    pub(crate) goes_on: bool,
    /// The direction in which to go to a match once one is found.
    pub(crate) wanted: Option<Direction>,
}

/// Facts about an address in memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Here {
    /// The regions that contain it, each with the offset from its start.
    pub(crate) names: Vec<String>,
    /// What a host in the language of the setting `as` sees there: what it looks at, then a line for each expression.
    pub(crate) seen: Vec<String>,
    /// The last writer.
    pub(crate) writer: String,
    /// The unfinished search for the last writer.
    pub(crate) back: Option<LookBack>,
    /// Where the value of the byte came from, once known.
    pub(crate) origin: Option<String>,
    /// The search for that, while it goes on.
    pub(crate) origin_search: Option<OriginSearch>,
}

impl Space {
    /// The first and the last selected address.
    pub(crate) fn selected(&self) -> (u64, u64) {
        let other = self.anchor.unwrap_or(self.cursor);
        (self.cursor.min(other), self.cursor.max(other))
    }

    /// The number of selected bytes.
    pub(crate) fn selected_len(&self) -> u64 {
        let (first, last) = self.selected();
        (last - first).saturating_add(1)
    }

    /// Saves the cursor's position before it moves elsewhere.
    pub(super) fn remember(&mut self) {
        if self.trail.len() == TRAIL {
            self.trail.remove(0);
        }
        self.trail.push(self.cursor);
        self.ahead.clear();
    }

    /// The position to go back to, or forward again.
    pub(super) fn retrace(&mut self, direction: Direction) -> Option<u64> {
        let (from, to) = match direction {
            Direction::Back => (&mut self.trail, &mut self.ahead),
            Direction::Forward => (&mut self.ahead, &mut self.trail),
        };
        let addr = from.pop()?;
        to.push(self.cursor);
        Some(addr)
    }

    /// Ends the search, and removes its marks. Returns false if there was none.
    pub(super) fn end_search(&mut self) -> bool {
        self.searching = Searching::default();
        self.search.take().is_some()
    }
}
