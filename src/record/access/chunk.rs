//! Consecutive records of a log.

use std::ops::Range;
use std::sync::OnceLock;

use super::super::PAGE;
use super::buffers::Records;
use super::granules::{self, Granules};
use super::stored::Record;
use super::target::Target;
use super::values::Values;

/// What an access costs: its record, and what it found once that is worked out.
pub(super) const ACCESS_COST: usize = size_of::<Record>() + size_of::<[u8; 8]>();

/// Consecutive records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The number of the first access.
    pub(super) first: u64,
    pub(super) records: Records,
    /// For each `memory.copy` and `memory.init`: its index in `records`, and the first address that it copied from, or
    /// the offset in its data segment.
    pub(super) sources: Vec<(u32, u32)>,
    /// For each `memory.init` whose bytes are kept: its index in `records`, and the bytes.
    pub(super) inits: Vec<(u32, Box<[u8]>)>,
    /// The touched pages, as [`page_key`] values. Sorted once the chunk is full.
    pub(super) pages: Vec<u32>,
    pub(super) granules: Granules,
    /// What the accesses found. Of a chunk that takes no more records: of all of them, or not worked out yet.
    pub(super) values: OnceLock<Values>,
    /// Number of bytes, old and new, of the bulk operations whose bytes are kept.
    pub(super) bulk_bytes: usize,
}

impl Chunk {
    /// The number after its last access.
    pub(super) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// The indices of its records whose numbers are in a range.
    pub(super) fn clamp(&self, range: &Range<u64>) -> Range<usize> {
        let place = |number: u64| {
            usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.records.len())
        };
        let (start, end) = (place(range.start), place(range.end));
        start..end.max(start)
    }

    /// The index that the next record gets.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.records.len()).unwrap_or(u32::MAX)
    }

    /// The first address that the copy with this index copied from, or the offset in a data segment of a `memory.init`.
    pub(super) fn source(&self, place: usize) -> Option<u64> {
        let found = self.sources.binary_search_by_key(&place, |&(index, _)| index as usize).ok()?;
        Some(self.sources[found].1.into())
    }

    /// The bytes that the `memory.init` with this index wrote.
    pub(super) fn init(&self, place: usize) -> Option<&[u8]> {
        let found = self.inits.binary_search_by_key(&place, |(index, _)| *index as usize).ok()?;
        Some(&self.inits[found].1)
    }

    /// The bytes of the bulk operation with this index, if they are known and kept: before, then after.
    pub(super) fn bulk(&self, place: usize) -> Option<&[u8]> {
        self.values.get()?.bulk(place)
    }

    /// Whether what its accesses found is worked out for all of them.
    pub(super) fn is_worked_out(&self) -> bool {
        self.values.get().is_some_and(|values| values.old.len() == self.records.len())
    }

    /// Prepares the chunk for searches. Nothing is added to it afterwards.
    pub(super) fn seal(&mut self) {
        self.pages.sort_unstable();
        self.pages.dedup();
        self.pages.shrink_to_fit();
        self.records.shrink();
        if !self.is_worked_out() {
            self.values = OnceLock::new();
        }
    }

    pub(super) fn may_touch(&self, target: &Target) -> bool {
        let key = |addr: u64| page_key(target.memory, u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX));
        let Some(last) = target.range.end.checked_sub(1) else { return false };
        let (first, last) = (key(target.range.start), key(last));
        let place = self.pages.partition_point(|&page| page < first);
        // The last chunk of a log in the making is never searched, so the records stay as they are.
        self.pages.get(place).is_some_and(|&page| page <= last)
            && self.granules.may_touch(&self.records, &self.sources, &target.range)
    }

    /// Memory cost in bytes.
    pub(super) fn cost(&self) -> usize {
        self.records.len() * ACCESS_COST
            + self.sources.len() * size_of::<(u32, u32)>()
            + self.pages.len() * size_of::<u32>()
            + self.bulk_bytes
            + granules::cost(self.records.len())
            + size_of::<Chunk>()
    }
}

/// The pages that `len` bytes at an address touch, as [`page_key`] values.
pub(super) fn page_keys(memory: usize, addr: u32, len: u64) -> impl Iterator<Item = u32> {
    let page = |addr: u64| u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX);
    let last = u64::from(addr).saturating_add(len.saturating_sub(1));
    let pages = page(addr.into())..=page(last);
    pages.take_while(move |_| len > 0).map(move |page| page_key(memory, page))
}

/// Packs a memory and a page number into one number.
pub(super) fn page_key(memory: usize, page: u32) -> u32 {
    // A memory has at most 2^20 pages, and a guest at most a hundred memories.
    u32::try_from(memory).unwrap_or(0xfff) << 20 | page.min(0xf_ffff)
}

/// The memory and the page number of a key.
pub(super) fn key_page(key: u32) -> (usize, u64) {
    ((key >> 20) as usize, u64::from(key & 0xf_ffff))
}
