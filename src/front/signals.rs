//! The signals that end the pipe: what was answered goes out first.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Status;
use crate::session::Watchdog;

/// How long the pipe may take to write out what it has. If it is reading, it has written all already; if it
/// cannot write, it would wait for ever.
const GRACE: Duration = Duration::from_millis(200);

/// The number of the signal that came, 0 for none.
#[derive(Clone, Default)]
pub(super) struct Caught(Arc<AtomicU8>);

impl Caught {
    /// Stops the guest that `watch` watches when a signal to end comes, and the program soon after.
    pub(super) fn install(watch: Watchdog) -> std::io::Result<Caught> {
        let caught = Caught::default();
        let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
        let noted = caught.clone();
        std::thread::spawn(move || {
            if let Some(signal) = signals.forever().next() {
                let number = u8::try_from(signal).unwrap_or(u8::MAX - 128);
                noted.0.store(number, SeqCst);
                watch.interrupt(u64::MAX);
                std::thread::sleep(GRACE);
                std::process::exit(i32::from(Status::Signal(number).code()));
            }
        });
        Ok(caught)
    }

    /// The status to end with, if a signal came.
    pub(super) fn status(&self) -> Option<Status> {
        match self.0.load(SeqCst) {
            0 => None,
            number => Some(Status::Signal(number)),
        }
    }
}
