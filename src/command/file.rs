//! Files that commands write: none is replaced unless the user says so.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::Error;

/// Makes a file.
///
/// # Errors
/// It cannot be made, or there is one already and it is not to be overwritten.
pub fn create(path: &Path, overwrite: bool) -> Result<File, Error> {
    let made = if overwrite { File::create(path) } else { File::create_new(path) };
    made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => Error::Failed(format!("{}: {error}", path.display())),
    })
}

/// The file exists, and the user did not say `overwrite`.
pub(super) fn exists(path: &Path) -> Error {
    Error::Failed(format!("{}: file exists; add `overwrite` to replace it", path.display()))
}
