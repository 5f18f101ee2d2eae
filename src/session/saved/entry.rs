//! Format 3: the lines of a saved session, as separate types. The names of these types and fields are the format. New
//! fields must be optional, so that older files stay readable and older readers ignore them. Any other change requires
//! a new format.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Change};
use super::guest::Run;
use super::hex::Hex;
use crate::session::Bookmark;

/// The version of this format.
pub(super) const FORMAT: u32 = 3;

/// The first line, in all formats.
#[derive(Serialize, Deserialize)]
pub(super) struct Head {
    /// The version of the format.
    pub(super) linmem_session: u32,
    /// The version of linmem that wrote it.
    pub(super) linmem: String,
}

/// Any other line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry<'a> {
    /// A memory of this size, zero except for the pages that follow.
    Memory { bytes: u64 },
    /// A page of the memory before.
    Page { number: u64, bytes: Hex<'a> },
    /// The preceding memories are those after the start of the next run.
    Start {},
    /// A run, which begins with the preceding memories.
    Run(Box<Run<'a>>),
    /// A cause, without its changes, which follow it.
    Cause(Box<Cause<'a>>),
    /// A change.
    Change(Change<'a>),
    /// The ranges of memory named by the user.
    Marks(Vec<Mark<'a>>),
    /// The end of the file, with the number of causes in it.
    End { causes: u64 },
}

/// A range of memory named by the user.
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
