//! One access of a log, as it is shown to others, and how it is found by its number.

use std::fmt;
use std::ops::Range;

use super::chunk::Chunk;
use super::log::AccessLog;
use super::site::{Site, SiteKind};
use super::stored::Record;

/// One access.
#[derive(Clone, Copy)]
pub struct MemoryAccess<'a> {
    /// Its number in the cause.
    pub number: u64,
    /// The instruction.
    pub site: &'a Site,
    /// The index of the instruction in [`AccessLog::sites`].
    pub site_number: usize,
    /// The first address; 0 for growth.
    pub addr: u64,
    /// Length in bytes; 0 for growth.
    pub len: u64,
    /// For a `memory.copy`, the first address that it copied from, if that was kept; for a `memory.init`, the offset in
    /// its data segment.
    pub source: Option<u64>,
    log: &'a AccessLog,
    chunk: &'a Chunk,
    /// Its index in the chunk.
    place: usize,
}

impl<'a> MemoryAccess<'a> {
    fn new(log: &'a AccessLog, chunk: &'a Chunk, place: usize) -> MemoryAccess<'a> {
        let record = &chunk.records[place];
        // Every constructor of a log ensures that sites exist.
        let site_number = record.site();
        let site = &log.sites[site_number];
        MemoryAccess {
            number: chunk.first + place as u64,
            site,
            site_number,
            addr: record.addr.into(),
            len: record.len(site),
            source: match site.kind {
                SiteKind::Copy | SiteKind::Init => chunk.source(place),
                _ => None,
            },
            log,
            chunk,
            place,
        }
    }

    fn record(&self) -> &'a Record {
        &self.chunk.records[self.place]
    }

    /// The bytes before, or the bytes read. `None` if they were not kept.
    pub fn old(&self) -> Option<&'a [u8]> {
        let values = || self.log.values(self.chunk);
        match self.site.kind {
            SiteKind::Grow => None,
            kind if kind.is_bulk() => values()?.bulk(self.place).map(|bytes| &bytes[..bytes.len() / 2]),
            _ if self.site.width > 8 => {
                values()?.wide(self.place).map(|bytes| &bytes[..usize::from(self.site.width).min(16)])
            }
            _ => values()?.old.get(self.place).map(|bytes| &bytes[..self.width()]),
        }
    }

    /// The bytes after; for a read, the same as before. `None` if they were not kept.
    pub fn new_bytes(&self) -> Option<&'a [u8]> {
        match self.site.kind {
            SiteKind::Grow => None,
            SiteKind::Load | SiteKind::Compare => self.old(),
            kind if kind.is_bulk() => {
                let bytes = self.log.values(self.chunk)?.bulk(self.place)?;
                Some(&bytes[bytes.len() / 2..])
            }
            _ => Some(&self.record().value[..self.width()]),
        }
    }

    /// If the memory grew, its size before and after in WebAssembly pages.
    pub fn growth(&self) -> Option<(u64, u64)> {
        (self.site.kind == SiteKind::Grow).then(|| (self.record().low(), self.record().high()))
    }

    fn width(&self) -> usize {
        usize::from(self.site.width).min(8)
    }
}

impl AccessLog {
    /// The access with this number. `None` if it was dropped or never made.
    pub fn get(&self, number: u64) -> Option<MemoryAccess<'_>> {
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        let chunk = &self.chunks[after.checked_sub(1)?];
        let place = usize::try_from(number - chunk.first).ok()?;
        (place < chunk.records.len()).then(|| MemoryAccess::new(self, chunk, place))
    }

    /// The kept accesses, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = MemoryAccess<'_>> {
        self.kept(0..u64::MAX).map(|(_, access)| access)
    }

    /// The kept accesses in a range, in order, each with the index of its site.
    pub fn kept(&self, range: Range<u64>) -> impl DoubleEndedIterator<Item = (usize, MemoryAccess<'_>)> {
        self.chunks_of(&range).iter().flat_map(move |chunk| {
            let accesses = chunk.clamp(&range).map(move |place| MemoryAccess::new(self, chunk, place));
            accesses.map(|access| (access.site_number, access))
        })
    }

    /// The numbers of the records that one instruction made together with this one: two for a 16-byte vector store.
    pub fn whole(&self, number: u64) -> Range<u64> {
        let is_joined = |number| self.get(number).is_some_and(|access| access.site.joined);
        let first = if is_joined(number) { number.saturating_sub(1) } else { number };
        first..first + 1 + u64::from(is_joined(first + 1))
    }
}

impl fmt::Debug for MemoryAccess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("MemoryAccess");
        text.field("number", &self.number).field("site", self.site).field("addr", &self.addr).field("len", &self.len);
        text.field("old", &self.old()).field("new", &self.new_bytes()).finish_non_exhaustive()
    }
}
