//! What the accesses of a chunk found in memory. A guest does not tell: its accesses are replayed to find out, when
//! somebody wants to know.

/// The bytes that each access of a chunk found, in the order of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// The bytes before a store, or those that a load read; nothing for other operations.
    pub(super) old: Vec<[u8; 8]>,
    /// For each load of 16 bytes: the index of its record, and the bytes.
    wide: Vec<(u32, [u8; 16])>,
    /// For each bulk operation whose bytes are kept: the index of its record, the bytes before, then the bytes after.
    bulk: Vec<(u32, Box<[u8]>)>,
}

impl Values {
    /// Adds what the next access found.
    pub(super) fn push(&mut self, old: u64) {
        self.old.push(old.to_le_bytes());
    }

    /// Adds what the next access, a load of 16 bytes, read.
    pub(super) fn push_wide(&mut self, [low, high]: [u64; 2]) {
        let index = self.next();
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&low.to_le_bytes());
        bytes[8..].copy_from_slice(&high.to_le_bytes());
        self.wide.push((index, bytes));
        self.push(low);
    }

    /// Adds the bytes before and after the next access, a bulk operation, if they are kept.
    pub(super) fn push_bulk(&mut self, old_then_new: Option<Box<[u8]>>) {
        let index = self.next();
        self.bulk.extend(old_then_new.map(|bytes| (index, bytes)));
        self.push(0);
    }

    fn next(&self) -> u32 {
        u32::try_from(self.old.len()).unwrap_or(u32::MAX)
    }

    /// The bytes that the load of 16 bytes with this index read.
    pub(super) fn wide(&self, place: usize) -> Option<&[u8; 16]> {
        self.wide.binary_search_by_key(&place, |(index, _)| *index as usize).ok().map(|found| &self.wide[found].1)
    }

    /// The bytes of the bulk operation with this index: before, then after.
    pub(super) fn bulk(&self, place: usize) -> Option<&[u8]> {
        self.bulk.binary_search_by_key(&place, |(index, _)| *index as usize).ok().map(|found| &*self.bulk[found].1)
    }
}
