//! The limit on the files that a script runs.

use crate::view::counted;

/// The maximum number of files that a script runs, directly or not. A file that runs itself several times would
/// otherwise run for very long, even if it is nested only a few times.
pub(super) const SOURCED: usize = 1000;

/// The message that a script runs too many files.
pub(super) fn too_many_files() -> String {
    format!("more than {} run by one script", counted(SOURCED as u64, "file"))
}
