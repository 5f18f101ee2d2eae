//! The end of a program that aborts: memory that is not there, or a bug too deep for a panic.

use rustix::stdio::stderr;
use signal_hook::consts::SIGABRT;
use signal_hook::low_level;

use super::terminal::give_back;
use crate::front::Status;

const WORDS: &[u8] = b"linmem: aborted, most likely because memory ran out (--max-memory limits the guest, --max-record what is recorded of it)\n";

/// From here on, aborting restores the terminal first, says so, and ends the program with a status of its own.
#[allow(unsafe_code, reason = "nothing else runs between a failed allocation and the end")]
pub(in crate::front) fn restore_before_aborting() {
    let end = || {
        give_back();
        let _ = rustix::io::write(stderr(), WORDS);
        low_level::exit(i32::from(Status::Panicked.code()));
    };
    // SAFETY: all that `end` does is safe in a handler of signals: it loads and stores atomic numbers, and makes the system
    // calls fcntl, write, nanosleep, ioctl and exit. It takes no lock and allocates nothing.
    let registered = unsafe { low_level::register(SIGABRT, end) };
    // Without it, an abort leaves the terminal as it is.
    let _ = registered;
}
