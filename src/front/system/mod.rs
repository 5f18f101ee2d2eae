//! What depends on the operating system, which has to be a Unix: signals, the modes of the terminal, and the state in
//! which the program starts and ends. Other files of the program use the standard library only.

mod abort;
mod output;
mod panics;
mod signals;
mod terminal;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

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
