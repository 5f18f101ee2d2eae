//! What depends on the operating system, which has to be a Unix: signals, the modes of the terminal, and the state in
//! which the program starts and ends. Other files of the program use the standard library only.

mod abort;
mod output;
mod panics;
mod signals;
mod terminal;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::FileType;

pub(super) use abort::restore_before_aborting;
pub(super) use output::{Out, is_stdout_closed, owes, write_interruptibly};
pub(super) use panics::end_the_program;
pub(super) use signals::{Caught, Signal, handle, listen, stop};
pub(super) use terminal::{
    editing, enter_prompt, give_back, leave_keys, leave_prompt, restore, signal_end_of_file, take_for_screen,
};

/// The bytes of a text that the system passed.
pub(super) fn bytes(text: &OsStr) -> &[u8] {
    text.as_bytes()
}

/// The size of the file that stdin reads, if it is one.
pub(super) fn size_of_stdin() -> Option<u64> {
    let about = rustix::fs::fstat(rustix::stdio::stdin()).ok()?;
    let is_file = FileType::from_raw_mode(about.st_mode) == FileType::RegularFile;
    u64::try_from(about.st_size).ok().filter(|_| is_file)
}
