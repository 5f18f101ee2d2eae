//! Files that commands write. None is replaced without `overwrite`.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind};
use std::path::Path;

use super::Error;
use crate::session::write_whole;

/// Writes a file, whole or not at all.
///
/// # Errors
/// It cannot be written, or it exists and `overwrite` is false.
pub fn write_file(
    path: &Path,
    overwrite: bool,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), Error> {
    write_whole(path, overwrite, write).map_err(|error| unwritten(path, &error))
}

/// The error for a file that was not written.
pub(super) fn unwritten(path: &Path, error: &io::Error) -> Error {
    let path = path.display();
    Error::Failed(match error.kind() {
        ErrorKind::AlreadyExists => format!("{path}: file exists; add `overwrite` to replace it"),
        _ => format!("{path}: {error}"),
    })
}
