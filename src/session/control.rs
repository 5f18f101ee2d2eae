//! Stopping the guest of a session and having it go on, from the front end's side.

use std::time::Instant;

use super::call::UnderWay;
use super::{GuestOp, Request, Session, State, Stops};
use crate::guest::{Go, Passes, Paused};
use crate::record::{Stop, StopReason};

/// Showing memory takes at most one part in so many of a guest's time.
const PART: u32 = 10;

/// What it takes to stop the guest where the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Means {
    /// Nothing more.
    There,
    /// The guest has to be compiled like this.
    Missing(Passes),
    /// It cannot be, and why.
    Impossible(String),
}

impl Session {
    /// The breakpoints and watchpoints.
    pub fn stops(&self) -> &Stops {
        &self.stops
    }

    /// The breakpoints and watchpoints that the guest cannot stop at, as messages.
    pub fn missing_stops(&self) -> Vec<String> {
        let known = self.guest().and_then(|about| Some((about, about.debug.as_ref()?)));
        known.map_or_else(Vec::new, |(about, debug)| self.stops.missing(debug, &about.interface, &self.limits()))
    }

    /// Where the guest waits in the middle of a call, if it does.
    pub fn stopped(&self) -> Option<&Stop> {
        self.call.stop.as_ref().filter(|_| self.call.is_held)
    }

    /// Where the guest was when it last told, if a call is under way.
    pub fn position(&self) -> Option<&Stop> {
        self.call.stop.as_ref()
    }

    /// Breakpoints or watchpoints were added or removed.
    pub fn stops_changed(&self) {
        if let Some((about, debug)) = self.guest().and_then(|about| Some((about, about.debug.clone()?))) {
            self.stops.tell(&self.watch, &debug, &about.points);
        }
    }

    /// What it takes to stop the guest at the breakpoints and watchpoints.
    pub fn means(&self) -> Means {
        let Some(about) = self.guest() else { return Means::There };
        let (wanted, has) = (self.stops.passes(), about.passes);
        let fits = about.debug.as_ref().is_none_or(|debug| self.stops.fit(debug, &about.points));
        let is_there =
            (!wanted.stores || has.stores) && (!wanted.loads || has.loads) && (!wanted.pauses || (has.pauses && fits));
        match &about.untraced {
            _ if is_there => Means::There,
            Some(why) => Means::Impossible(why.clone()),
            None => Means::Missing(Passes {
                stores: true,
                loads: wanted.loads || has.loads,
                pauses: wanted.pauses || has.pauses,
            }),
        }
    }

    /// Whether the guest cannot go on like this, because of what it was compiled with.
    pub fn lacks(&self, how: Go) -> bool {
        let has = self.guest().map_or(Passes::default(), |about| about.passes);
        match how {
            Go::On => false,
            Go::Store => !has.stores,
            Go::Into | Go::Over | Go::Out | Go::Slowly(_) => !has.pauses,
        }
    }

    /// Has the guest that waits go on, so many times.
    pub fn go(&mut self, how: Go, count: u64) {
        if self.call.is_held {
            self.call.is_held = false;
            self.call.again = count.checked_sub(2).map(|more| (how, more + 1));
            self.watch.control().go(how);
        }
    }

    /// Has the guest that waits run to the end of its call. Whatever would stop it is only reported from here on.
    pub fn run_out(&mut self) {
        self.watch.control().set_passing(true);
        self.go(Go::On, 1);
    }

    /// Whether a call is under way that can be stopped anywhere.
    pub fn is_pausable(&self) -> bool {
        let has_points = self.guest().is_some_and(|about| about.passes.pauses);
        has_points && matches!(self.state(), State::Busy(_)) && !self.queue.is_unstoppable()
    }

    /// Stops the running guest where it is.
    pub fn pause(&mut self) {
        self.call.again = None;
        self.watch.control().pause();
    }

    /// Asks the guest to show its memory, if a call is under way, it was not asked yet, and showing it last time did not
    /// take much of its time.
    pub fn refresh(&mut self) {
        let is_due = self.call.not_before.is_none_or(|time| Instant::now() >= time);
        if self.shows_progress() && is_due && !std::mem::replace(&mut self.call.is_asked, true) {
            self.watch.control().refresh();
        }
    }

    /// Whether a call is under way whose memory can be shown.
    pub fn shows_progress(&self) -> bool {
        matches!(self.state(), State::Busy(_)) && self.guest().is_some_and(|about| about.passes.stores)
    }

    /// Whether the guest is about to be replaced.
    pub fn is_reload_pending(&self) -> bool {
        self.queue.is_reload_pending()
    }

    /// Compiles the guest like this, in a new run, and sends again what was sent in this one. A call that is under way is
    /// ended.
    pub fn recompile(&mut self, passes: Passes) {
        let ends_call = self.state() != State::Idle;
        if ends_call {
            self.interrupt();
        }
        self.look_at_run(0);
        self.enqueue(Request::Command("recompile".to_owned(), GuestOp::Recompile(passes)));
        self.queue.await_reload(None, ends_call);
    }

    /// Takes in what happened so far of a call that is under way.
    pub(super) fn show_paused(&mut self, paused: Paused) {
        let Paused { cause, present, globals, stop, holds, cost } = paused;
        let not_before = Some(Instant::now() + PART * cost);
        let steps_again = holds && stop.as_ref().is_some_and(|stop| stop.reason == StopReason::Step);
        let again = self.call.again.take().filter(|_| steps_again);
        let begins_a_run = self.call.begins_a_run;
        self.call = UnderWay { stop, is_held: holds, not_before, ..UnderWay::default() };
        if let Some((how, more)) = again {
            self.call.is_held = false;
            self.call.again = more.checked_sub(1).filter(|more| *more > 0).map(|more| (how, more));
            self.watch.control().go(how);
        }
        if cause.begins_a_run() && !self.run.is_unfinished() {
            self.begin_a_run();
            self.call.begins_a_run = true;
        } else {
            self.call.begins_a_run = begins_a_run;
        }
        self.globals = globals;
        self.run.show_unfinished(cause.into(), present);
    }
}
