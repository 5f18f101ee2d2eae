//! Signals: which ones to catch, those that end the pipe after pending answers are written, and those that tell the
//! console what the user wants.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use super::{Status, status, termios};
use crate::session::{Watchdog, remove_drafts};

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

/// What the user wants, as a signal tells.
pub(super) enum Asked {
    /// Ctrl-C: that the guest stops.
    Interrupt,
    /// Ctrl-D while nobody reads keys: that the program ends.
    Quit,
}

/// Calls `tell` for Ctrl-C, and for SIGQUIT while the guest is loaded, until that returns false. Other signals end the
/// program, after the terminal is restored.
///
/// # Errors
/// Signals cannot be caught. The error was printed to stderr.
pub(super) fn listen(is_loading: Arc<AtomicBool>, tell: impl Fn(Asked) -> bool + Send + 'static) -> Result<(), Status> {
    let mut signals = Signals::new(not_ignored(&[SIGINT, SIGQUIT, SIGTERM, SIGHUP]))
        .map_err(|error| status::fail(Status::Io, &format!("signals cannot be caught: {error}")))?;
    std::thread::spawn(move || {
        for signal in signals.forever() {
            let asked = match signal {
                SIGINT => Asked::Interrupt,
                SIGQUIT if is_loading.load(SeqCst) => Asked::Quit,
                SIGQUIT => {
                    termios::give_back();
                    // It ends the program, and may leave a core file.
                    let _ = signal_hook::low_level::emulate_default_handler(SIGQUIT);
                    continue;
                }
                signal => {
                    remove_drafts();
                    termios::give_back();
                    std::process::exit(128 + signal);
                }
            };
            if !tell(asked) {
                return;
            }
        }
    });
    Ok(())
}

/// Those of the signals that the program did not inherit as ignored. `nohup` ignores SIGHUP, and shells ignore SIGINT for
/// programs in the background: it stays so. Call this before they are caught. Only Linux tells which are ignored.
pub(super) fn not_ignored(signals: &[i32]) -> Vec<i32> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    signals.iter().copied().filter(|signal| ignored >> (signal - 1) & 1 == 0).collect()
}
