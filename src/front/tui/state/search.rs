//! Incremental searches that run between frames: a pattern in memory, the last writer of a byte, the map.

use std::task::Poll;
use std::time::{Duration, Instant};

use ratatui::layout::Rect;

use super::app::App;
use super::panels::Panel;
use super::panels::map::{HeatPanel, HeatSubject, MapPanel};
use super::space::Searching;
use crate::front::tui::input::action::Direction;
use crate::record::Image;
use crate::session::State;
use crate::view::{LookBack, ModuleFacts, OriginSearch, Search, thousands, visible, writer_words};

/// The time for a search before the next frame. It is usually enough.
const AT_ONCE: Duration = Duration::from_millis(2);
/// The time for a search between two frames.
const PIECE: Duration = Duration::from_millis(8);

impl App {
    /// Whether a search is unfinished, or script lines can run.
    pub(crate) fn is_looking(&self) -> bool {
        let shows_map = self.shown_panel() == Panel::Map;
        let counts = self.panels.shows_heat && self.panels.heat.as_ref().is_none_or(|panel| !panel.heat.is_done());
        let is_mapping = shows_map && self.panels.map.as_ref().is_some_and(|map| !map.is_done() || counts);
        let follows = self.script.waits() && self.session.state() == State::Idle;
        follows
            || self.space.searching.goes_on
            || self.space.here.back.is_some()
            || self.space.here.origin_search.is_some()
            || is_mapping
            || self.is_following_touches()
    }

    /// Continues searches and script lines for a moment.
    pub(crate) fn go_on_looking(&mut self) {
        let until = Instant::now() + PIECE;
        self.look_back(until);
        self.look_for_origin(until);
        self.look_through(until);
        self.map_on(until);
        self.follow_touches(until);
        self.go_on();
    }

    /// Starts a search, and goes to the first match at or after the cursor.
    ///
    /// # Errors
    /// The pattern is not valid, or not found.
    pub(super) fn find(&mut self, text: &str) -> Result<(), String> {
        self.start_search(Search::new(text)?)
    }

    /// Starts a search, and goes to the first match at or after the cursor.
    ///
    /// # Errors
    /// The pattern is not found.
    pub(super) fn start_search(&mut self, search: Search) -> Result<(), String> {
        self.space.search = Some(search);
        self.search_again();
        let Some(search) = &self.space.search else { return Ok(()) };
        if search.found.is_empty() && !self.space.searching.goes_on {
            let reason = format!("not found: {}", visible(search.text.as_bytes()));
            self.space.search = None;
            return Err(reason);
        }
        match search.found.binary_search(&self.space.cursor) {
            Ok(place) => self.show_match(place),
            Err(_) => self.find_next(Direction::Forward),
        }
        Ok(())
    }

    /// Goes to the next or previous match, or as soon as it is found.
    pub(super) fn find_next(&mut self, direction: Direction) {
        let (cursor, goes_on) = (self.space.cursor, self.space.searching.goes_on);
        let Some(search) = &self.space.search else { return self.notice("no search yet: / starts one") };
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
                let size = self.view().map_or(1, |view| view.after.len().max(1));
                let (pattern, done) = (visible(search.text.as_bytes()), search.reached() * 100 / size);
                self.notice(&format!("searching for {pattern} ... {done} %"));
            }
            None => {
                let selection = self.time.selection.as_ref();
                let is_whole = selection.is_some_and(|at| at.step.is_none() && at.access.is_none());
                let when = if is_whole { "after all steps" } else { "at this step" };
                let text = format!("not found in memory {when}: {}", visible(search.text.as_bytes()));
                self.notice(&text);
            }
        }
    }

    fn show_match(&mut self, place: usize) {
        self.space.searching.wanted = None;
        let Some(search) = &self.space.search else { return };
        let more = match (search.more, self.space.searching.goes_on) {
            (true, _) => " or more",
            (false, true) => " so far",
            (false, false) => "",
        };
        let (number, count) = (thousands(place as u64 + 1), thousands(search.found.len() as u64));
        let text = format!("match {number} of {count}{more}: {}", visible(search.text.as_bytes()));
        self.goto(search.found[place]);
        self.notice(&text);
    }

    /// Restarts the search if another memory or moment is selected.
    pub(super) fn search_again(&mut self) {
        self.space.searching = Searching { goes_on: self.space.search.is_some(), wanted: None };
        if let Some(search) = &mut self.space.search {
            search.again();
            self.look_through(Instant::now() + AT_ONCE);
        }
    }

    fn look_through(&mut self, until: Instant) {
        let Some(mut search) = self.space.search.take_if(|_| self.space.searching.goes_on) else { return };
        self.space.searching.goes_on = self.view().is_some_and(|view| !search.go_on(view.after, Some(until)));
        self.space.search = Some(search);
        if let Some(direction) = self.space.searching.wanted {
            self.find_next(direction);
        }
    }

    /// Searches for the last writer of the byte at the cursor.
    pub(super) fn look_for_writer(&mut self) {
        let Some(at) = &self.time.selection else { return };
        let (memory, cursor) = (self.memory(), self.space.cursor);
        (self.space.here.origin, self.space.here.origin_search) = (None, Some(OriginSearch::new(at, memory, cursor)));
        self.space.here.back = Some(LookBack::new(at, memory, cursor));
        self.look_back(Instant::now() + AT_ONCE);
    }

    fn look_for_origin(&mut self, until: Instant) {
        let Some(mut search) = self.space.here.origin_search.take() else { return };
        let about = self.session.about();
        let (debug, interface) = (about.and_then(|about| about.debug.as_deref()), about.map(|about| &*about.interface));
        let module = ModuleFacts { debug, interface, regions: &self.space.regions };
        match search.go_on(self.session.run(), module, Some(until)) {
            Poll::Pending => self.space.here.origin_search = Some(search),
            Poll::Ready(origin) => self.space.here.origin = Some(origin.brief()),
        }
    }

    fn look_back(&mut self, until: Instant) {
        let Some(mut back) = self.space.here.back.take() else { return };
        self.space.here.writer = match back.go_on(self.session.run(), Some(until)) {
            Poll::Pending => {
                self.space.here.back = Some(back);
                "looking for who wrote this ...".to_owned()
            }
            Poll::Ready(writer) => {
                let Some(at) = &self.time.selection else { return };
                let debug = self.session.about().and_then(|about| about.debug.as_deref());
                writer_words(self.session.run(), at, (self.memory(), self.space.cursor), writer, debug)
            }
        };
    }

    fn map_on(&mut self, until: Instant) {
        let Some(mut map) = self.panels.map.take() else { return };
        // A memory of a saved session may have been none at the start.
        let none = Image::default();
        let start = self.session.run().start().get(self.memory()).unwrap_or(&none);
        let Some(view) = self.view() else { return };
        map.go_on(&view, start, until);
        self.panels.map = Some(map);
        self.heat_on(until);
    }

    /// Counts on what was written to each part of the map, where that is shown.
    fn heat_on(&mut self, until: Instant) {
        let Some(map) = self.panels.map.as_ref().filter(|_| self.panels.shows_heat) else { return };
        let run = self.session.run();
        let subject = HeatSubject {
            run: (self.session.run_number(), run.len()),
            memory: self.memory(),
            len: self.view().map_or(0, |view| view.len()),
            size: map.parts.size,
        };
        let known = self.panels.heat.take().filter(|panel| panel.subject == subject);
        let mut panel = known.unwrap_or_else(|| HeatPanel::new(subject, run));
        panel.heat.go_on(run, Some(until));
        self.panels.heat = Some(panel);
    }

    /// Shows the map as heat, or as what is in memory.
    pub(super) fn toggle_heat(&mut self) {
        self.panels.shows_heat = self.panels.wanted != Panel::Map || !self.panels.shows_heat;
        self.panels.wanted = Panel::Map;
        self.heat_on(Instant::now() + AT_ONCE);
    }

    /// Starts the map for an area, once per selected moment.
    pub(super) fn begin_map(&mut self, area: Rect) {
        if self.panels.map.as_ref().is_some_and(|map| map.area == area) {
            return;
        }
        let len = self.view().map_or(0, |view| view.len());
        self.panels.map = (!area.is_empty() && len > 0).then(|| MapPanel::new(area, len));
        self.map_on(Instant::now() + AT_ONCE);
    }
}
