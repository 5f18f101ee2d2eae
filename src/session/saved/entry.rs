//! Format 3: what the lines of a saved session hold, as types of its own. The names of types and fields here are the
//! format. A field that is added later is optional, so that older files stay readable and older readers skip it; what
//! cannot be added that way is a new format.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Change};
use super::guest::Run;
use super::hex::Hex;
use crate::session::Bookmark;

/// The number of this format.
pub(super) const FORMAT: u32 = 3;

/// The first line, in every format.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// The number of the format.
    pub(super) linmem_session: u32,
    /// The version of linmem that wrote it.
    pub(super) linmem: String,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry<'a> {
    /// A memory of this size, all zero but for the pages that follow.
    Memory { bytes: u64 },
    /// A page of the memory before.
    Page { number: u64, bytes: Hex<'a> },
    /// The memories before are those that the start of the next run left.
    Start {},
    /// A run that begins with the memories before.
    Run(Box<Run<'a>>),
    /// A cause, without its changes, which follow.
    Cause(Box<Cause<'a>>),
    /// A change.
    Change(Change<'a>),
    /// The ranges of memory that the user named.
    Marks(Vec<Mark<'a>>),
    /// The end of the file, and how many causes there are in it.
    End { causes: u64 },
}

/// A range of memory that the user named.
#[derive(Serialize, Deserialize)]
pub(super) struct Mark<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) memory: usize,
    pub(super) start: u64,
    pub(super) end: u64,
}

impl<'a> From<&'a Bookmark> for Mark<'a> {
    fn from(mark: &'a Bookmark) -> Mark<'a> {
        let Bookmark { name, memory, start, end } = mark;
        Mark { name: name.into(), memory: *memory, start: *start, end: *end }
    }
}

impl From<Mark<'_>> for Bookmark {
    fn from(mark: Mark<'_>) -> Bookmark {
        let Mark { name, memory, start, end } = mark;
        Bookmark { name: name.into_owned(), memory, start, end }
    }
}
