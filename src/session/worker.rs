//! A session as a front end holds it: the guest works on a thread of its own, the timeline is kept here.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use super::{Live, OpenError, Options, Source};
use crate::guest::Watch;
use crate::record::{Cause, Memories, Run, Trigger};

/// How much history a session keeps, in bytes. Older causes are forgotten.
const HISTORY: usize = 256 << 20;

/// What is known of a guest once it is loaded.
#[derive(Clone, Debug)]
pub struct About {
    /// The convention in use, by name.
    pub convention: String,
}

/// What the guest's thread tells its session.
pub enum Update {
    /// The guest is loaded and started.
    Ready(About),
    /// A cause is over; with the memories as it left them.
    Settled(Arc<Cause>, Memories),
    /// The guest could not be loaded or started. Nothing follows.
    Failed(OpenError),
}

/// What the guest is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is being compiled and started.
    Loading,
    /// It waits for a line.
    Idle,
    /// It works on this many lines, one after the other.
    Busy(usize),
}

/// A guest on a thread of its own, and its timeline so far.
pub struct Session {
    name: String,
    about: Option<About>,
    lines: Sender<(u64, Vec<u8>)>,
    /// How many lines were sent.
    sent: u64,
    watch: Watch,
    run: Run,
    /// Lines that were sent and not settled yet.
    pending: usize,
}

impl Session {
    /// Starts a guest on a thread of its own. What that thread reports goes to `report`, which hands it to
    /// [`Session::apply`] on the front end's thread.
    pub fn start(source: Source, options: Options, report: impl Fn(Update) + Send + 'static) -> Session {
        let watch = Watch::new(options.limits.time);
        let (lines, inbox) = channel();
        let name = source.name.clone();
        let on_thread = watch.clone();
        std::thread::spawn(move || work(&source, &options, on_thread, &inbox, &report));
        Session { name, about: None, lines, sent: 0, watch, run: Run::new(HISTORY), pending: 0 }
    }

    /// Takes in what the guest's thread reported.
    ///
    /// # Errors
    /// The guest could not be set to work.
    pub fn apply(&mut self, update: Update) -> Result<(), OpenError> {
        match update {
            Update::Ready(about) => self.about = Some(about),
            Update::Settled(cause, present) => {
                if matches!(cause.trigger, Trigger::Line(_)) {
                    self.pending -= 1;
                }
                self.run.push(cause, present);
            }
            Update::Failed(error) => return Err(error),
        }
        Ok(())
    }

    /// Sends a line to the guest. It is answered after those that were sent before.
    pub fn send(&mut self, line: Vec<u8>) {
        // The guest's thread ends only after it reported why, and then no front end sends any more.
        self.sent += 1;
        let _ = self.lines.send((self.sent, line));
        self.pending += 1;
    }

    /// Stops the guest if it is running, and cancels the lines that wait for their turn.
    pub fn interrupt(&self) {
        self.watch.interrupt(self.sent);
    }

    /// The guest's name, as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known of the guest, once it is loaded.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// The timeline.
    pub fn run(&self) -> &Run {
        &self.run
    }

    /// What the guest is doing.
    pub fn state(&self) -> State {
        match (&self.about, self.pending) {
            (None, _) => State::Loading,
            (_, 0) => State::Idle,
            (_, lines) => State::Busy(lines),
        }
    }
}

/// The guest's thread: opens it, then answers lines until no front end is left.
fn work(source: &Source, options: &Options, watch: Watch, lines: &Receiver<(u64, Vec<u8>)>, report: &impl Fn(Update)) {
    let (mut live, start) = match Live::open(source, options, watch) {
        Ok(opened) => opened,
        Err(error) => return report(Update::Failed(error)),
    };
    report(Update::Ready(About { convention: live.recipe().name.clone() }));
    report(Update::Settled(Arc::new(start), live.present().clone()));
    for (number, line) in lines {
        let cause = live.send(line, number);
        report(Update::Settled(Arc::new(cause), live.present().clone()));
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("name", &self.name).field("state", &self.state()).finish_non_exhaustive()
    }
}
