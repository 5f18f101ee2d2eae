//! Moving in time: what is selected of the timeline, and all that selects something else.

use super::app::{App, LoopControl};
use crate::front::tui::input::keys::Direction;
use crate::record::WASM_PAGE;
use crate::view::{Selection, Timeline, thousands, visible};

/// What happened in the run that is looked at.
#[derive(Default)]
pub(in crate::front::tui) struct Time {
    /// The number of the run.
    run: usize,
    /// How many runs had begun by then.
    begun: usize,
    pub(in crate::front::tui) timeline: Timeline,
    /// The memory that was looked at when something was selected.
    memory: usize,
}

impl App {
    /// Takes in what happened to the session: more causes, another run or memory to look at, causes forgotten.
    pub(in crate::front::tui) fn keep_up(&mut self) {
        self.know_the_run();
        let run = self.session.run();
        let lags = |at: &Selection| self.following && at.cause + 1 != run.len();
        let lost = |at: &Selection| at.cause < run.oldest() || lags(at);
        if self.selection.as_ref().is_none_or(lost) {
            self.select(Selection::newest(self.session.run()));
        } else if self.time.memory != self.session.memory() {
            self.select(self.selection.clone());
        }
    }

    /// Takes in more causes of the run that is looked at, or all of another run.
    fn know_the_run(&mut self) {
        let begun = self.session.run_number() + self.session.runs_back();
        if begun > self.time.begun && self.session.runs_back() == 0 && !self.following && self.selection.is_some() {
            // A run that began by itself takes nobody out of the past.
            self.session.look_at_run(1);
        }
        self.time.begun = begun;
        if self.time.run != self.session.run_number() {
            self.time = Time { run: self.session.run_number(), begun, ..Time::default() };
            self.selection = None;
        }
        self.time.timeline.follow(self.session.run());
    }

    /// Forgets what is known of the session: another one has taken its place.
    pub(in crate::front::tui) fn another_session(&mut self) {
        self.time = Time::default();
        self.selection = None;
    }

    /// The index of the memory that is looked at.
    pub(in crate::front::tui) fn memory(&self) -> usize {
        self.session.memory()
    }

    /// Whether the newest cause of the present run is the one that is looked at.
    pub(in crate::front::tui) fn is_present(&self) -> bool {
        let newest = |at: &Selection| at.cause + 1 == self.session.run().len();
        self.session.runs_back() == 0 && self.selection.as_ref().is_none_or(newest)
    }

    /// Looks at another moment of the run, and stays there unless it is the newest.
    pub(in crate::front::tui) fn look_at(&mut self, at: Selection) {
        self.know_the_run();
        self.select(Some(at));
        self.following = self.is_present();
    }

    /// Looks at the newest exchange of the run, and goes on to those that come.
    pub(in crate::front::tui) fn follow(&mut self) {
        self.following = self.session.runs_back() == 0;
        self.know_the_run();
        self.select(Selection::newest(self.session.run()));
    }

    /// Comes back from the past, and from an earlier run.
    pub(in crate::front::tui) fn present(&mut self) {
        self.session.look_at_run(0);
        self.follow();
    }

    /// Goes to the step before or behind, into calls and out of them. Before the first is the exchange as a whole.
    pub(in crate::front::tui) fn step(&mut self, direction: Direction) -> LoopControl {
        let Some(at) = &self.selection else { return LoopControl::Continue };
        let to = match (at.step, direction) {
            (Some(place), Direction::Forward) => Some(place + 1),
            (Some(place), Direction::Back) => place.checked_sub(1),
            (None, Direction::Forward) => Some(0),
            (None, Direction::Back) => {
                return self.notice("this is the exchange as a whole; F5 goes to the exchange before");
            }
        };
        if to.is_some_and(|to| to >= at.steps()) {
            return self.notice("this is the last step of the exchange; F6 goes to the next exchange");
        }
        self.goto_step(to);
        LoopControl::Continue
    }

    /// Goes to the step before or behind that lies no deeper: what happens inside a call is passed.
    pub(in crate::front::tui) fn step_beside(&mut self, direction: Direction) -> LoopControl {
        let Some(at) = &self.selection else { return LoopControl::Continue };
        let to = match (at.step, direction) {
            (None, _) => return self.step(direction),
            (Some(place), Direction::Forward) => at.steps.next_beside(place),
            (Some(place), Direction::Back) => at.steps.previous_beside(place),
        };
        match (to, direction) {
            (Some(to), _) => self.goto_step(Some(to)),
            (None, Direction::Back) => self.goto_step(None),
            (None, Direction::Forward) => {
                return self.notice("this is the last step of the exchange; F6 goes to the next exchange");
            }
        }
        LoopControl::Continue
    }

    /// Goes out of a call to the call itself, and from a step of the host's to the exchange as a whole.
    pub(in crate::front::tui) fn step_out(&mut self) -> LoopControl {
        let Some(at) = &self.selection else { return LoopControl::Continue };
        let Some(place) = at.step else {
            return self.notice("this is the exchange as a whole; F8 goes to its first step");
        };
        self.goto_step(at.steps.around(place));
        LoopControl::Continue
    }

    /// Goes to a step of the same exchange, or to the exchange as a whole.
    pub(in crate::front::tui) fn goto_step(&mut self, place: Option<usize>) {
        let Some(at) = &self.selection else { return };
        self.select(Selection::new(self.session.run(), Some(at), at.cause, place));
    }

    pub(in crate::front::tui) fn exchange(&mut self, direction: Direction) -> LoopControl {
        let run = self.session.run();
        let Some(at) = &self.selection else { return LoopControl::Continue };
        let to = match direction {
            Direction::Back if at.cause > run.oldest() => at.cause - 1,
            Direction::Forward if at.cause + 1 < run.len() => at.cause + 1,
            Direction::Back if run.oldest() > 0 => return self.notice("older exchanges were forgotten to save memory"),
            Direction::Back if self.session.past().len() > self.session.runs_back() => {
                return self.notice("this is where the guest started; F3 goes to the run before");
            }
            Direction::Back => return self.notice("this is where the guest started"),
            Direction::Forward if self.session.runs_back() > 0 => {
                return self.notice("this is the last exchange of an earlier run; F9 goes to the present");
            }
            Direction::Forward => return self.notice("this is the newest exchange"),
        };
        self.goto_exchange(to);
        LoopControl::Continue
    }

    /// Goes to what a newcomer wants to see of an exchange, if it is kept.
    pub(in crate::front::tui) fn goto_exchange(&mut self, number: usize) {
        let run = self.session.run();
        let Some(cause) = run.cause(number) else { return };
        if let Some(at) = Selection::new(run, self.selection.as_ref(), number, cause.focus) {
            self.look_at(at);
        }
    }

    /// Goes to the run before, or to the one behind.
    pub(in crate::front::tui) fn another_run(&mut self, direction: Direction) -> LoopControl {
        let ago = self.session.runs_back();
        let to = match direction {
            Direction::Back => Some(ago + 1),
            Direction::Forward => ago.checked_sub(1),
        };
        if !to.is_some_and(|to| self.session.look_at_run(to)) {
            return self.notice(match direction {
                Direction::Back if ago > 0 => "no run before this one is kept",
                Direction::Back => "there is no earlier run; :reset and :reload begin a new one",
                Direction::Forward => "this is the present run",
            });
        }
        self.follow();
        let words = match self.session.runs_back() {
            0 => "this is the present run".to_owned(),
            _ => "an earlier run, as it ended; F4 goes to the one behind, F9 to the present".to_owned(),
        };
        self.notice(&words)
    }

    /// Shows the next memory of the guest.
    pub(in crate::front::tui) fn next_memory(&mut self) -> LoopControl {
        let count = self.selection.as_ref().map_or(0, |at| at.after.len());
        if count < 2 {
            return self.notice("the guest has no other memory");
        }
        self.session.look_at_memory((self.memory() + 1) % count);
        self.keep_up();
        let words = format!("{} of {count}", self.memory_words());
        self.notice(&words)
    }

    /// Which memory is looked at, in words: `memory 1 (scratch)`.
    pub(in crate::front::tui) fn memory_words(&self) -> String {
        let name = self.session.memory_name(self.memory());
        let name = name.map_or(String::new(), |name| format!(" ({})", visible(name.as_bytes())));
        format!("memory {}{name}", self.memory())
    }

    /// The size of the memory that is looked at, in pages and in bytes: ` | 17 pages`, ` = 1,114,112 B`.
    pub(in crate::front::tui) fn size_words(&self) -> Option<(String, String)> {
        let at = self.selection.as_ref()?;
        let len = at.after.get(self.memory())?.len();
        let unit = if len == WASM_PAGE { "page" } else { "pages" };
        Some((format!(" | {} {unit}", thousands(len / WASM_PAGE)), format!(" = {} B", thousands(len))))
    }

    /// Takes a selection up, and shows where something happened unless it is in sight already.
    pub(in crate::front::tui) fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection;
        self.time.memory = self.memory();
        self.map = None;
        let address = self.selection.as_ref().and_then(|at| at.address(self.memory()));
        self.space.cursor = address.unwrap_or(self.space.cursor);
        let size = self.sight().map_or(0, |sight| sight.len());
        self.space.cursor = self.space.cursor.min(size.saturating_sub(1));
        self.reveal(1);
        self.search_again();
        self.name_regions();
        self.look_around();
    }
}
