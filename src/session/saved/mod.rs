//! Sessions in files: the timeline with all its runs, to be looked at again without running anything.
//!
//! A file is lines of JSON, each with its checksum behind it: a head; for each run its memories before the oldest cause
//! that is known, what is known of the guest, and each cause with its changes; the marks; an end. So a file that was
//! cut short or damaged can be read as far as it is sound. Nothing in it is believed: steps must nest, each change must
//! fit the memory that those before it left, and all of it must fit what a session may take. What was read can be shown
//! without a further check.
//!
//! [`entry`] and the types below it are the current format, apart from [`crate::record`], so that a name can change there
//! and no file breaks. An older format has a module of its own, which makes entries of the current format of it.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use super::{Bookmarks, PastRun, Session};
use crate::record::Run;

mod cause;
mod entry;
mod failure;
mod guest;
mod hex;
mod line;
mod read;
mod v2;
mod write;

/// Conversions between an enum of the record and one of the format whose variants have the same names.
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
    /// The runs before the last, the oldest first.
    pub past: Vec<PastRun>,
    /// The last run.
    pub last: PastRun,
    /// The ranges of memory that the user gave a name.
    pub bookmarks: Bookmarks,
    /// What is wrong with the rest of the file, if it could not be read to its end.
    pub damage: Option<String>,
}

/// Why a file cannot be loaded as a session.
#[derive(Debug)]
pub enum SessionFileError {
    /// The file cannot be read.
    Io(io::Error),
    /// The file is not a saved session, or its first line is damaged.
    NotASession,
    /// A newer linmem wrote it.
    UnknownFormat {
        /// The number of the format.
        format: u32,
        /// The version of linmem that wrote it.
        linmem: String,
    },
    /// No cause could be read before the damage.
    Damaged(String),
    /// There is no cause in it.
    Empty,
}

/// Writes a session into a file, which is there whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, session: &Session) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.part", std::process::id()));
    let written = write::write(Path::new(&draft), session).and_then(|()| std::fs::rename(&draft, path));
    if written.is_err() {
        // It may not even be there.
        let _ = std::fs::remove_file(&draft);
    }
    written
}

/// Reads a file of this format or an older one, as far as it is sound, and as its memories take no more than about
/// `most` bytes.
///
/// # Errors
/// See [`SessionFileError`].
pub fn load(path: &Path, most: u64) -> Result<Saved, SessionFileError> {
    let file = File::open(path).map_err(SessionFileError::Io)?;
    read::read(BufReader::new(file), most)
}

/// Whether anything is known of a run.
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
                "saved by linmem {linmem} in format {format}; this linmem reads the formats 2 to {}",
                entry::FORMAT
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
