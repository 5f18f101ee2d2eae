//! The limits of scripts that run scripts.

use std::fs::File;
use std::io;
use std::path::Path;

use crate::settings::InputLimits;
use crate::view::counted;

/// Checks whether one more file may be run inside so many others, after so many since the user began.
///
/// # Errors
/// Which limit says no, as a message.
pub(super) fn check(depth: usize, sourced: usize, limits: &InputLimits) -> Result<(), String> {
    if depth as u64 >= limits.nesting {
        return Err(format!("files are nested more than {} deep (--max-nesting sets the limit)", limits.nesting));
    }
    // The outermost file is not counted: the user named it.
    if sourced as u64 > limits.sourced {
        let files = counted(limits.sourced, "file");
        return Err(format!("more than {files} run by one script (--max-sourced sets the limit)"));
    }
    Ok(())
}

/// Opens a script.
///
/// # Errors
/// It cannot be opened, or is too long.
pub(super) fn open(file: &Path, limits: &InputLimits) -> io::Result<File> {
    let opened = File::open(file)?;
    // A device or a pipe has no length: its lines are limited.
    if opened.metadata()?.len() > limits.script { Err(too_long(limits)) } else { Ok(opened) }
}

/// The error for a script that is too long.
pub(super) fn too_long(limits: &InputLimits) -> io::Error {
    let most = counted(limits.script, "byte");
    io::Error::other(format!("longer than {most}, the limit for a script (--max-script sets it)"))
}
