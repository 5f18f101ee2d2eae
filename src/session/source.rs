//! Where a guest comes from: a file, or a built-in guest.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::guest::Limits;
use crate::record::counted;

/// The built-in guests: name, source text, description. The build lists the files in `assets/guests`, the default
/// guest first. All others answer in capitals, so that they differ only in their convention.
pub const BUILT_IN: &[(&str, &[u8], &str)] = include!(concat!(env!("OUT_DIR"), "/guests.rs"));

/// A guest's bytes and the name to show for it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The name as given: of a file or a built-in guest.
    pub name: String,
    /// The module, as a binary or as text.
    pub bytes: Vec<u8>,
}

/// Why a guest was not found.
#[derive(Debug)]
pub enum SourceError {
    /// There is neither a file nor a built-in guest with this name.
    Unknown(PathBuf),
    /// The file could not be read.
    Unreadable(PathBuf, io::Error),
}

impl Source {
    /// The default guest.
    pub fn default_guest() -> Source {
        let (name, bytes, _) = BUILT_IN[0];
        Source { name: name.to_owned(), bytes: bytes.to_vec() }
    }

    /// Finds a guest by name: a file if it exists, else a built-in guest.
    ///
    /// # Errors
    /// Neither exists, or the file could not be read.
    pub fn find(named: &Path) -> Result<Source, SourceError> {
        Source::find_within(named, &Limits::default())
    }

    /// The same; a file may have as many bytes as the limits say.
    ///
    /// # Errors
    /// As for [`Source::find`].
    pub fn find_within(named: &Path, limits: &Limits) -> Result<Source, SourceError> {
        match read_file(named, limits.module) {
            Ok(bytes) => Ok(Source { name: named.display().to_string(), bytes }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Source::built_in(named),
            Err(error) => Err(SourceError::Unreadable(named.to_owned(), error)),
        }
    }

    fn built_in(named: &Path) -> Result<Source, SourceError> {
        BUILT_IN
            .iter()
            .find(|(name, ..)| Path::new(name) == named)
            .map(|(name, bytes, _)| Source { name: (*name).to_owned(), bytes: bytes.to_vec() })
            .ok_or_else(|| SourceError::Unknown(named.to_owned()))
    }
}

/// Reads a file of at most so many bytes: devices may be endless.
fn read_file(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let most = counted(most, "byte");
        return Err(io::Error::other(format!("longer than {most}, the limit for a module (--max-module sets it)")));
    }
    Ok(bytes)
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::Unknown(path) => {
                let names: Vec<_> = BUILT_IN.iter().map(|(name, ..)| *name).collect();
                write!(f, "{}: no such file or built-in guest (built-in guests: {})", path.display(), names.join(", "))
            }
            SourceError::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for SourceError {}
