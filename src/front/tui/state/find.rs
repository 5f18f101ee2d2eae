//! Finding what takes long, in pieces between two frames: a text in memory, who wrote a byte, what is where.

use std::task::Poll;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::app::{App, LoopControl, Panel};
use crate::front::tui::draw::panels::MapPanel;
use crate::front::tui::input::keys::Direction;
use crate::session::State;
use crate::view::{LookBack, Search, thousands, visible, writer_words};

/// How long a key may look for something before the frame that shows it: mostly that is enough.
const AT_ONCE: Duration = Duration::from_millis(2);
/// How long it goes on between two frames.
const PIECE: Duration = Duration::from_millis(8);

/// What of a search is still to be done.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::front::tui) struct Searching {
    /// Whether memory was not looked through to its end yet.
    pub(in crate::front::tui) goes_on: bool,
    /// Which way to go to a match, as soon as one is found there.
    pub(in crate::front::tui) wanted: Option<Direction>,
}

impl App {
    /// Whether something is still being looked for, or lines of a file could be done.
    pub(in crate::front::tui) fn is_looking(&self) -> bool {
        let mapping = self.map.as_ref().is_some_and(|map| !map.is_done() && self.shown_panel() == Panel::Map);
        let following = self.script.waits() && self.session.state() == State::Idle;
        following || self.space.searching.goes_on || self.space.here.back.is_some() || mapping
    }

    /// Goes on to look for it, for a moment, and with the lines.
    pub(in crate::front::tui) fn go_on_looking(&mut self) -> LoopControl {
        let until = Instant::now() + PIECE;
        self.look_back(until);
        self.look_through(until);
        self.map_on(until);
        self.go_on()
    }

    /// Searches, and goes to the first match at the cursor or behind it.
    ///
    /// # Errors
    /// What is wrong with the pattern, or that there is none such.
    pub(in crate::front::tui) fn find(&mut self, text: &str) -> Result<(), String> {
        self.take_up(Search::new(text)?)
    }

    /// Takes a search up, and goes to its first match at the cursor or behind it.
    ///
    /// # Errors
    /// There is none.
    pub(in crate::front::tui) fn take_up(&mut self, search: Search) -> Result<(), String> {
        self.space.search = Some(search);
        self.search_again();
        let Some(search) = &self.space.search else { return Ok(()) };
        if search.found.is_empty() && !self.space.searching.goes_on {
            let words = format!("not found: {}", visible(search.text.as_bytes()));
            self.space.search = None;
            return Err(words);
        }
        match search.found.binary_search(&self.space.cursor) {
            Ok(place) => self.show_match(place),
            Err(_) => self.find_next(Direction::Forward),
        };
        Ok(())
    }

    /// Goes to the next or the previous match; where it is not known yet, as soon as it is.
    pub(in crate::front::tui) fn find_next(&mut self, direction: Direction) -> LoopControl {
        let (cursor, goes_on) = (self.space.cursor, self.space.searching.goes_on);
        let Some(search) = &self.space.search else { return self.notice("/ searches; n and N go on from there") };
        let place = match direction {
            Direction::Forward => search.next(cursor),
            Direction::Back => search.previous(cursor),
        };
        let is_sure = |place: &usize| match (goes_on, direction) {
            (false, _) => true,
            (true, Direction::Forward) => search.found[*place] > cursor,
            (true, Direction::Back) => search.found[*place] < cursor && search.reached() > cursor,
        };
        match place.filter(is_sure) {
            Some(place) => self.show_match(place),
            None if goes_on => {
                self.space.searching.wanted = Some(direction);
                let size = self.sight().map_or(1, |sight| sight.after.len().max(1));
                let words = format!(
                    "searching for {} ... {} %",
                    visible(search.text.as_bytes()),
                    search.reached() * 100 / size
                );
                self.notice(&words)
            }
            None => {
                let words = format!("not found at this moment: {}", visible(search.text.as_bytes()));
                self.notice(&words)
            }
        }
    }

    fn show_match(&mut self, place: usize) -> LoopControl {
        self.space.searching.wanted = None;
        let Some(search) = &self.space.search else { return LoopControl::Continue };
        let goes_on = self.space.searching.goes_on;
        let more = if search.more {
            " or more"
        } else if goes_on {
            " so far"
        } else {
            ""
        };
        let count = thousands(search.found.len() as u64);
        let words =
            format!("match {} of {count}{more}: {}", thousands(place as u64 + 1), visible(search.text.as_bytes()));
        let addr = search.found[place];
        self.goto(addr);
        self.notice(&words)
    }

    /// Searches again where another memory or moment is looked at now.
    pub(in crate::front::tui) fn search_again(&mut self) {
        self.space.searching = Searching { goes_on: self.space.search.is_some(), wanted: None };
        if let Some(search) = &mut self.space.search {
            search.again();
            self.look_through(Instant::now() + AT_ONCE);
        }
    }

    fn look_through(&mut self, until: Instant) {
        let Some(mut search) = self.space.search.take_if(|_| self.space.searching.goes_on) else { return };
        self.space.searching.goes_on = self.sight().is_some_and(|sight| !search.go_on(sight.after, Some(until)));
        self.space.search = Some(search);
        if let Some(direction) = self.space.searching.wanted {
            self.find_next(direction);
        }
    }

    /// Looks for who gave the byte at the cursor its value.
    pub(in crate::front::tui) fn look_for_writer(&mut self) {
        let Some(at) = &self.selection else { return };
        self.space.here.back = Some(LookBack::new(at, self.memory(), self.space.cursor));
        self.look_back(Instant::now() + AT_ONCE);
    }

    fn look_back(&mut self, until: Instant) {
        let Some(mut back) = self.space.here.back.take() else { return };
        self.space.here.writer = match back.go_on(self.session.run(), Some(until)) {
            Poll::Pending => {
                self.space.here.back = Some(back);
                "looking for who wrote this ...".to_owned()
            }
            Poll::Ready(writer) => {
                let Some(at) = &self.selection else { return };
                writer_words(self.session.run(), at, self.memory(), self.space.cursor, writer)
            }
        };
    }

    fn map_on(&mut self, until: Instant) {
        let Some(mut map) = self.map.take() else { return };
        if let Some((sight, start)) = self.sight().zip(self.session.run().start().get(self.memory())) {
            map.go_on(&sight, start, until);
        }
        self.map = Some(map);
    }

    /// Begins the map that fits into an area, once for each moment that is looked at.
    pub(in crate::front::tui) fn begin_map(&mut self, area: Rect) {
        if self.map.as_ref().is_some_and(|map| map.area == area) {
            return;
        }
        let len = self.sight().map_or(0, |sight| sight.len());
        self.map = (!area.is_empty() && len > 0).then(|| MapPanel::new(area, len));
        self.map_on(Instant::now() + AT_ONCE);
    }
}
