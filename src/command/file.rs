//! Files that commands write. None is replaced without `overwrite`.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;

use super::Error;

/// Creates a file.
///
/// # Errors
/// It cannot be created, or it exists and `overwrite` is false.
pub fn create(path: &Path, overwrite: bool) -> Result<File, Error> {
    let made = if overwrite { File::create(path) } else { File::create_new(path) };
    made.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => exists(path),
        _ => Error::Failed(format!("{}: {error}", path.display())),
    })
}

/// The error for a file that exists.
pub(super) fn exists(path: &Path) -> Error {
    Error::Failed(format!("{}: file exists; add `overwrite` to replace it", path.display()))
}
