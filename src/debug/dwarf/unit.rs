//! A unit: what was compiled in one go, with its line table and its scopes once they were read.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use gimli::Abbreviations;

use super::lines::Lines;
use super::scopes::Scopes;

/// Paths by file number in a line table.
pub(super) type Paths = HashMap<u32, Arc<str>>;

/// The position of a unit, and its code.
#[derive(Debug)]
pub(super) struct Unit {
    /// The offset of its header.
    pub(super) offset: usize,
    /// Its abbreviations, up to the next table.
    pub(super) abbreviations: Range<usize>,
    /// Its line table, up to the next table.
    pub(super) lines: Option<Range<usize>>,
    /// The inner value is `None` if the unit is damaged.
    code: OnceLock<Option<Code>>,
}

/// Functions and lines by address.
#[derive(Debug)]
pub(super) struct Code {
    /// The unit's abbreviations, needed for each name that is looked up.
    pub(super) abbreviations: Arc<Abbreviations>,
    pub(super) lines: Lines,
    pub(super) scopes: Scopes,
    pub(super) files: Paths,
}

impl Unit {
    /// A unit whose header is at that offset. Its line table is not known yet.
    pub(super) fn new(offset: usize, abbreviations: Range<usize>) -> Unit {
        Unit { offset, abbreviations, lines: None, code: OnceLock::new() }
    }

    /// What is known about its addresses, read at the first call; `None` if it is damaged.
    pub(super) fn code_or_read(&self, read: impl FnOnce() -> Option<Code>) -> Option<&Code> {
        self.code.get_or_init(read).as_ref()
    }

    /// Its abbreviations, if already read.
    pub(super) fn known_abbreviations(&self) -> Option<Arc<Abbreviations>> {
        Some(self.code.get()?.as_ref()?.abbreviations.clone())
    }
}
