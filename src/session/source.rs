//! Where a guest comes from: a file, or one of those that come along.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

macro_rules! guests {
    ($($name:literal: $about:literal,)*) => {
        /// The guests that come along, by name: (name, source text, what it shows). But for the first, each answers in
        /// capitals, so that the convention is all that differs.
        pub const BUILT_IN: &[(&str, &[u8], &str)] =
            &[$(($name, include_bytes!(concat!("../../assets/guests/", $name, ".wat")), $about)),*];
    };
}

guests! {
    "passing-data": "a static buffer; answers with \" Wasm is cool!\" behind the line",
    "getters": "a buffer for lines and one for answers, and functions that tell where they are",
    "packed": "an allocator; the answer's pointer and length in one i64",
    "packed-low": "the same, with the pointer in the low half",
    "c-string": "an allocator; texts that end in a zero byte",
    "struct": "an allocator; the answer's pointer and length in memory",
    "out-struct": "an allocator; the same two numbers, put where the host says",
    "out-len": "an allocator; the answer's pointer comes back, its length is put where the host says",
    "in-place": "an allocator; the line is changed where it is",
    "in-place-len": "the same, and the answer is shorter: leaves out blanks",
    "fixed-region": "no allocator; line and answer at an address that both know",
    "callback": "the guest hands its answer, and a message, to functions of the host's",
    "assemblyscript": "AssemblyScript's strings, and its abort",
    "wasm-bindgen": "wasm-bindgen's strings: pointer and length as two results",
    "wasm-bindgen-result": "the same, or an error in its place",
    "wasm-bindgen-area": "wasm-bindgen's strings of before 2025: a return area on the guest's stack",
    "canonical": "the canonical ABI of components",
    "wasi": "a program that reads its standard input (WASI preview 1)",
    "typst": "a plugin of Typst: fetches its argument, sends its answer",
    "dprint": "a plugin of dprint: a formatter",
}

/// The largest module that is read, in bytes. The largest known ones are a tenth of it; a device has no end.
const MODULE: u64 = 1 << 30;

/// A guest's bytes and the name to show for it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The file's name, or the built-in guest's, as it was given.
    pub name: String,
    /// The module, as a binary or as text.
    pub bytes: Vec<u8>,
}

/// Why there is no such guest.
#[derive(Debug)]
pub enum SourceError {
    /// There is neither a file nor a guest of that name.
    Unknown(PathBuf),
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
}

impl Source {
    /// The guest that is used when none is named.
    pub fn default_guest() -> Source {
        let (name, bytes, _) = BUILT_IN[0];
        Source { name: name.to_owned(), bytes: bytes.to_vec() }
    }

    /// Finds what the user named: a file if there is one, else a guest that comes along.
    ///
    /// # Errors
    /// There is no such thing, or it cannot be read.
    pub fn find(named: &Path) -> Result<Source, SourceError> {
        match read_file(named) {
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

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MODULE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MODULE {
        return Err(io::Error::other(format!("longer than {MODULE} bytes, the most that a module may have")));
    }
    Ok(bytes)
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SourceError::Unknown(path) => {
                let names: Vec<_> = BUILT_IN.iter().map(|(name, ..)| *name).collect();
                write!(
                    f,
                    "{}: no such file, and no guest of that name comes along (those that do: {})",
                    path.display(),
                    names.join(", ")
                )
            }
            SourceError::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for SourceError {}
