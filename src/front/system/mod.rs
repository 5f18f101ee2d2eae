//! What depends on the operating system, which has to be a Unix: signals, the modes of the terminal, and the state in
//! which the program starts and ends. Other files of the program use the standard library only.

mod abort;
mod output;
mod panics;
mod signals;
mod terminal;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::FileType;

pub(super) use abort::restore_before_aborting;
pub(super) use output::{Out, is_stdout_closed, owes, write_interruptibly};
pub(super) use panics::end_the_program;
pub(super) use signals::{Caught, Signal, handle, listen, outlive_full_files, stop};
pub(super) use terminal::{
    editing, enter_prompt, give_back, leave_keys, leave_prompt, restore, signal_end_of_file, take_for_screen,
};

/// The bytes of a text that the system passed.
pub(super) fn bytes(text: &OsStr) -> &[u8] {
    text.as_bytes()
}

/// How many bytes stdin has yet to read, if the end of the input is in sight: it is a file, or a pipe that nobody writes
/// to any more. `Some(0)` for a terminal, where nobody types much.
pub(super) fn input_left() -> Option<u64> {
    let stdin = rustix::stdio::stdin();
    if rustix::termios::isatty(stdin) {
        return Some(0);
    }
    let about = rustix::fs::fstat(stdin).ok()?;
    if FileType::from_raw_mode(about.st_mode) == FileType::RegularFile {
        return u64::try_from(about.st_size).ok();
    }
    let mut watched = [PollFd::new(&stdin, PollFlags::empty())];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    let is_ended = poll(&mut watched, Some(&at_once)).is_ok() && watched[0].revents().contains(PollFlags::HUP);
    if is_ended { rustix::io::ioctl_fionread(stdin).ok() } else { None }
}
