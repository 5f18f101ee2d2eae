//! What a search in a log looks for.

use std::ops::Range;

/// What a search looks for: accesses to a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which memory.
    pub memory: usize,
    /// The address range.
    pub range: Range<u64>,
    /// Whether reads count too.
    pub reads: bool,
}
