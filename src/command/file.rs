//! Files that commands write: none is written over unless the user says so.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::Error;

/// Makes a file for a command of that name.
///
/// # Errors
/// It cannot be made, or there is one already and the user did not say `overwrite`.
pub fn create(path: &Path, over: bool, command: &str) -> Result<File, Error> {
    let file = path.display();
    let made = if over { File::create(path) } else { File::create_new(path) };
    made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => taken(path, command),
        _ => Error(format!("{file}: {error}")),
    })
}

/// A file is there already, and the user did not say `overwrite` to a command of that name.
pub(super) fn taken(path: &Path, command: &str) -> Error {
    let file = path.display();
    Error(format!("{file} is there already; with `overwrite` behind it, :{command} writes over it"))
}
