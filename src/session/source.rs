//! Where a guest comes from: a file, or a built-in guest.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::guest::Limits;
use crate::record::counted;

/// How much of a file shows whether it may be a module.
const HEAD: u64 = 64 << 10;

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
    read_module(File::open(path)?, most)
}

/// Reads at most so many bytes, and only the first if they cannot be a module's.
fn read_module(input: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let (mut bytes, mut input) = (Vec::new(), input.take(most.saturating_add(1)));
    input.by_ref().take(HEAD).read_to_end(&mut bytes)?;
    if begins_like_module(&bytes) {
        input.read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > most {
        let most = counted(most, "byte");
        return Err(io::Error::other(format!("longer than {most}, the limit for a module (--max-module sets it)")));
    }
    Ok(bytes)
}

/// Whether a file with these first bytes may be a module: a binary, or text.
fn begins_like_module(head: &[u8]) -> bool {
    // A character may be cut.
    let is_text = || std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    head.starts_with(b"\0asm") || (!head.contains(&0) && is_text())
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts the bytes that are read of it.
    struct Counted<R>(R, usize);

    impl<R: Read> Read for Counted<R> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let count = self.0.read(into)?;
            self.1 += count;
            Ok(count)
        }
    }

    #[test]
    fn of_what_is_no_module_only_the_first_bytes_are_read() {
        for (head, repeated, is_read) in [
            (&b"\0asm"[..], 0, true),
            (b"(module ", b' ', true),
            ("é".repeat(1 << 15).as_bytes(), b' ', true),
            (&["é".repeat(1 << 15).as_bytes(), b"x"].concat(), b' ', true),
            (b"", 0, false),
            (b"(module ", 0xff, false),
            (b"\x7fELF", 0, false),
        ] {
            let mut input = Counted(head.chain(io::repeat(repeated)), 0);
            let outcome = read_module(&mut input, 1 << 20);
            assert_eq!(outcome.is_err(), is_read, "all that may be a module is too long");
            assert!(is_read || input.1 <= 64 << 10, "{} bytes of {head:.9?}", input.1);
        }
        assert_eq!(read_module(&b"\0asm\x01\0\0\0"[..], 8).expect("it is short").len(), 8);
    }
}
