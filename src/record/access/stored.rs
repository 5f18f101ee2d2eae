//! An access as a log stores it.

/// Flag in the site of a record: its length differs from the site's width.
pub(super) const LONG: u32 = 1 << 31;
/// In the record of a bulk operation: its bytes were not kept.
pub(super) const UNKEPT: u64 = u64::MAX;

/// A stored access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The site number, possibly with [`LONG`] set.
    pub(super) site: u32,
    /// The first address; 0 for growth.
    pub(super) addr: u32,
    /// The bytes before, or the bytes read. Bulk operation: the offset of its bytes in the chunk, or [`UNKEPT`].
    /// Growth: the pages before.
    pub(super) old: u64,
    /// The bytes after, or the upper bytes read. Bulk operation: its length. Growth: the pages after.
    pub(super) new: u64,
}
