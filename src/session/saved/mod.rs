//! Session files: the timeline with all its runs, which can be viewed without running anything.
//!
//! A file consists of lines of JSON, each followed by its checksum: a header; for each run, its memories before the
//! oldest known cause, the guest, and each cause with its changes; the bookmarks; an end. So a truncated or damaged
//! file can be read up to the damage. Nothing in it is trusted: steps must nest, each change must fit the memory
//! before it, and everything must fit the session's limits. Once read, no further checks are needed.
//!
//! [`entry`] and the types that it uses are the current format. They are separate from [`crate::record`], so that
//! renaming there does not break files. Each older format has a module that converts it to the current entries.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::{Bookmarks, PastRun, Session, write_whole};
use crate::record::{Run, counted, thousands};

mod cause;
mod entry;
mod failure;
mod guest;
mod hex;
mod line;
mod places;
mod read;
mod v2;
mod write;

/// Conversions between an enum of the record and one of the format with the same variant names.
macro_rules! mirror {
    ($saved:ty, $recorded:ty, [$($variant:ident),*]) => {
        impl From<$recorded> for $saved {
            fn from(recorded: $recorded) -> $saved {
                match recorded {
                    $(<$recorded>::$variant => <$saved>::$variant,)*
                }
            }
        }

        impl From<$saved> for $recorded {
            fn from(saved: $saved) -> $recorded {
                match saved {
                    $(<$saved>::$variant => <$recorded>::$variant,)*
                }
            }
        }
    };
}
use mirror;

/// A session from a file.
pub struct Saved {
    /// All runs but the last, oldest first.
    pub past: Vec<PastRun>,
    /// The last run.
    pub last: PastRun,
    /// The ranges of memory named by the user.
    pub bookmarks: Bookmarks,
    /// What is wrong with the rest of the file, if it could not be read to the end.
    pub damage: Option<String>,
}

/// Why a session file cannot be loaded.
#[derive(Debug)]
pub enum SessionFileError {
    /// The file could not be read.
    Io(io::Error),
    /// The file is not a saved session, or its first line is damaged.
    NotASession,
    /// It was written by a newer linmem.
    UnknownFormat {
        /// The version of the format.
        format: u32,
        /// The version of linmem that wrote it.
        linmem: String,
    },
    /// The file is damaged before the end of its first cause.
    Damaged(String),
    /// It is longer than the limit.
    TooLong {
        /// Its size in bytes.
        len: u64,
        /// The limit.
        limit: u64,
    },
    /// It contains no cause.
    Empty,
}

/// Saves a session to a file, as [`write_whole`] does.
///
/// # Errors
/// The file could not be written, or it exists and `overwrite` is false.
pub fn save(path: &Path, session: &Session, overwrite: bool) -> io::Result<()> {
    write_whole(path, overwrite, |out| write::write(out, session))
}

/// Loads a file of this or an older format up to any damage, as long as its memories take at most about `most` bytes.
///
/// # Errors
/// See [`SessionFileError`].
pub fn load(path: &Path, most: u64) -> Result<Saved, SessionFileError> {
    load_within(path, most, u64::MAX)
}

/// The same, of a file of at most `longest` bytes.
///
/// # Errors
/// As for [`load`].
pub fn load_within(path: &Path, most: u64, longest: u64) -> Result<Saved, SessionFileError> {
    let file = File::open(path).map_err(SessionFileError::Io)?;
    let len = file.metadata().map_err(SessionFileError::Io)?.len();
    if len > longest {
        return Err(SessionFileError::TooLong { len, limit: longest });
    }
    // A device or a pipe has no length.
    read::read(BufReader::new(file.take(longest)), most)
}

/// Whether any cause of a run is known.
fn has_causes(run: &Run) -> bool {
    run.oldest() < run.len()
}

impl fmt::Display for SessionFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SessionFileError::Io(error) => write!(f, "{error}"),
            SessionFileError::NotASession => f.write_str("not a saved session (the command :save FILE writes one)"),
            SessionFileError::UnknownFormat { format, linmem } => write!(
                f,
                "saved by linmem {linmem} in format {format}; this linmem reads formats 2 to {}",
                entry::FORMAT
            ),
            SessionFileError::TooLong { len, limit } => write!(
                f,
                "the file has {}, but the limit for a saved session is {} (--max-session sets it)",
                counted(*len, "byte"),
                thousands(*limit)
            ),
            SessionFileError::Damaged(damage) => f.write_str(damage),
            SessionFileError::Empty => f.write_str("the session is empty"),
        }
    }
}

impl std::error::Error for SessionFileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SessionFileError::Io(error) => Some(error),
            _ => None,
        }
    }
}
