//! Moving in time: selecting another moment of the timeline.

use std::sync::Arc;

use super::app::App;
use super::time::Time;
use crate::front::tui::input::action::Direction;
use crate::view::{Selection, not_kept};

impl App {
    /// Catches up with the session: new causes, another run or memory selected, causes dropped.
    pub(super) fn keep_up(&mut self) {
        self.know_the_run();
        let run = self.session.run();
        let is_newest = |at: &Selection| at.cause + 1 == run.len();
        let is_known = |at: &Selection| run.cause(at.cause).is_some_and(|cause| Arc::ptr_eq(cause, &at.node));
        let lags = |at: &Selection| self.time.follows() && !(is_newest(at) && is_known(at));
        let lost = |at: &Selection| at.cause < run.oldest() || lags(at);
        if self.time.selection.as_ref().is_none_or(lost) {
            let run = self.session.run();
            let stopped = self.session.position().filter(|_| self.session.runs_back() == 0);
            let at = stopped.and_then(|stop| Selection::at_stop(run, stop));
            self.select(at.or_else(|| Selection::newest(run)));
        } else if self.time.memory != self.session.memory() {
            self.select(self.time.selection.clone());
        }
    }

    /// Adds the new causes of the selected run, or all causes if the run is another.
    fn know_the_run(&mut self) {
        let begun = self.session.run_number() + self.session.runs_back();
        if begun > self.time.begun && self.session.runs_back() == 0 && self.time.stays && self.time.selection.is_some()
        {
            // An automatic new run must not take the user out of the past.
            self.session.look_at_run(1);
        }
        self.time.begun = begun;
        if self.time.run != self.session.run_number() {
            let stays = self.time.stays;
            self.time = Time { run: self.session.run_number(), begun, stays, ..Time::default() };
        }
        self.time.timeline.follow(self.session.run());
    }

    /// Resets what is known of the session, after another one replaced it.
    pub(super) fn another_session(&mut self) {
        self.time = Time::default();
    }

    /// Selects another moment of the run, and stays there unless it is the newest.
    pub(crate) fn look_at(&mut self, at: Selection) {
        self.know_the_run();
        self.select(Some(at));
        self.time.stays = !self.is_present();
    }

    /// Selects the newest exchange of the run, and follows new ones.
    pub(crate) fn follow(&mut self) {
        self.time.stays = self.session.runs_back() > 0;
        self.know_the_run();
        self.select(Selection::newest(self.session.run()));
    }

    /// Returns to the present from the past or an earlier run.
    pub(super) fn present(&mut self) {
        self.session.look_at_run(0);
        self.follow();
    }

    /// Goes to the previous or next step, into calls and out of them. The exchange as a whole precedes the first.
    pub(super) fn step(&mut self, direction: Direction) {
        let Some(at) = &self.time.selection else { return };
        let to = match (at.step, direction) {
            (Some(place), Direction::Forward) => Some(place + 1),
            (Some(place), Direction::Back) => place.checked_sub(1),
            (None, Direction::Forward) => Some(0),
            (None, Direction::Back) => {
                return self.notice("this is the exchange as a whole; F5 goes to the previous exchange");
            }
        };
        if to.is_some_and(|to| to >= at.steps()) {
            return self.notice("this is the last step of the exchange; F6 goes to the next exchange");
        }
        self.goto_step(to);
    }

    /// Goes to the previous or next step that is no deeper, skipping steps inside calls.
    pub(super) fn step_beside(&mut self, direction: Direction) {
        let Some(at) = &self.time.selection else { return };
        let to = match (at.step, direction) {
            (None, _) => return self.step(direction),
            (Some(place), Direction::Forward) => at.steps.next_beside(place),
            (Some(place), Direction::Back) => at.steps.previous_beside(place),
        };
        match (to, direction) {
            (Some(to), _) => self.goto_step(Some(to)),
            (None, Direction::Back) => self.goto_step(None),
            (None, Direction::Forward) => {
                self.notice("this is the last step of the exchange; F6 goes to the next exchange");
            }
        }
    }

    /// Goes from an access to its step, from a step inside a call to the call, and from a step of the host to the
    /// exchange as a whole.
    pub(super) fn step_out(&mut self) {
        let Some(at) = &self.time.selection else { return };
        if at.access.is_some() {
            return self.goto_step(at.step);
        }
        let Some(place) = at.step else {
            return self.notice("this is the exchange as a whole; F8 goes to its first step");
        };
        self.goto_step(at.steps.around(place));
    }

    /// Selects a step of the same exchange, or the exchange as a whole.
    pub(super) fn goto_step(&mut self, place: Option<usize>) {
        let Some(at) = &self.time.selection else { return };
        self.select(Selection::new(self.session.run(), Some(at), at.cause, place));
    }

    /// Goes to the previous or next exchange.
    pub(super) fn exchange(&mut self, direction: Direction) {
        let run = self.session.run();
        let Some(at) = &self.time.selection else { return };
        let to = match direction {
            Direction::Back if at.cause > run.oldest() => at.cause - 1,
            Direction::Forward if at.cause + 1 < run.len() => at.cause + 1,
            Direction::Back if run.oldest() > 0 => {
                let reason = not_kept(run, run.oldest() - 1);
                return self.notice(&reason);
            }
            Direction::Back if self.session.past().len() > self.session.runs_back() => {
                return self.notice("this is where the guest started; F3 goes to the previous run");
            }
            Direction::Back => return self.notice("this is where the guest started"),
            Direction::Forward if self.session.runs_back() > 0 => {
                return self.notice("this is the last exchange of an earlier run; F9 goes to the present");
            }
            Direction::Forward => return self.notice("this is the newest exchange"),
        };
        self.goto_exchange(to);
    }

    /// Goes to the most relevant step of an exchange, if the exchange is kept.
    pub(super) fn goto_exchange(&mut self, number: usize) {
        let run = self.session.run();
        let Some(cause) = run.cause(number) else {
            let reason = not_kept(run, number);
            return self.notice(&reason);
        };
        if let Some(at) = Selection::new(run, self.time.selection.as_ref(), number, cause.focus) {
            self.look_at(at);
        }
    }

    /// Goes to a step of an exchange, and to an address there.
    pub(super) fn visit(&mut self, cause: usize, step: Option<usize>, addr: Option<u64>) {
        match Selection::new(self.session.run(), self.time.selection.as_ref(), cause, step) {
            Some(at) => self.look_at(at),
            None => return self.notice("this exchange was dropped to save memory"),
        }
        if let Some(addr) = addr {
            self.goto(addr);
        }
    }

    /// Goes to the previous or the next run.
    pub(super) fn another_run(&mut self, direction: Direction) {
        let ago = self.session.runs_back();
        let to = match direction {
            Direction::Back => Some(ago + 1),
            Direction::Forward => ago.checked_sub(1),
        };
        if !to.is_some_and(|to| self.session.look_at_run(to)) {
            return self.notice(match direction {
                Direction::Back if ago > 0 => "no earlier run is kept",
                Direction::Back => "no earlier run; :reset and :reload begin a new one",
                Direction::Forward => "this is the current run",
            });
        }
        self.follow();
        self.notice(match self.session.runs_back() {
            0 => "this is the current run",
            _ => "an earlier run, as it ended; F4 goes to the next run, F9 to the present",
        });
    }

    /// Shows the next memory of the guest.
    pub(super) fn next_memory(&mut self) {
        let count = self.time.selection.as_ref().map_or(0, |at| at.after.len());
        if count < 2 {
            return self.notice("the guest has no other memory");
        }
        self.session.look_at_memory((self.memory() + 1) % count);
        self.keep_up();
        let text = format!("{} of {count}", self.memory_name());
        self.notice(&text);
    }

    /// Selects a node of the timeline, and scrolls to where something happened unless it is visible.
    fn select(&mut self, selection: Option<Selection>) {
        self.time.selection = selection;
        self.time.memory = self.memory();
        self.panels.map = None;
        let address = self.time.selection.as_ref().and_then(|at| at.address(self.memory()));
        self.space.cursor = address.unwrap_or(self.space.cursor);
        let size = self.view().map_or(0, |view| view.len());
        self.space.cursor = self.space.cursor.min(size.saturating_sub(1));
        self.reveal(1);
        self.reveal_change();
        self.search_again();
        self.name_regions();
        self.keep_grouped();
        self.look_around();
    }
}
