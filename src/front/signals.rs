//! Signals: which ones to catch, and those that end the pipe after pending answers are written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::Status;
use crate::session::Watchdog;

/// How long the pipe may take to write pending output. If it is reading, it has already written all; if its writes
/// block, it would wait forever.
const GRACE: Duration = Duration::from_millis(200);

/// The number of the signal received; 0 for none.
#[derive(Clone, Default)]
pub(super) struct Caught(Arc<AtomicU8>);

impl Caught {
    /// On a terminating signal, interrupts the guest of `watch`, and ends the program soon after.
    pub(super) fn install(watch: Watchdog) -> std::io::Result<Caught> {
        let caught = Caught::default();
        let mut signals = Signals::new(not_ignored(&[SIGINT, SIGTERM, SIGHUP]))?;
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

    /// The exit status, if a signal was received.
    pub(super) fn status(&self) -> Option<Status> {
        match self.0.load(SeqCst) {
            0 => None,
            number => Some(Status::Signal(number)),
        }
    }
}

/// Those of the signals that the program did not inherit as ignored. `nohup` ignores SIGHUP, and shells ignore SIGINT for
/// programs in the background: it stays so. Call this before they are caught. Only Linux tells which are ignored.
pub(super) fn not_ignored(signals: &[i32]) -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    signals.iter().copied().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
}
