//! One access of a log, as it is shown to others.

use std::fmt;

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
    /// For a `memory.copy`, the first address that it copied from, if that was kept.
    pub source: Option<u64>,
    log: &'a AccessLog,
    chunk: &'a Chunk,
    /// Its index in the chunk.
    place: usize,
}

impl<'a> MemoryAccess<'a> {
    pub(super) fn new(log: &'a AccessLog, chunk: &'a Chunk, place: usize) -> MemoryAccess<'a> {
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
            source: if site.kind == SiteKind::Copy { chunk.source(place) } else { None },
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

impl fmt::Debug for MemoryAccess<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = f.debug_struct("MemoryAccess");
        text.field("number", &self.number).field("site", self.site).field("addr", &self.addr).field("len", &self.len);
        text.field("old", &self.old()).field("new", &self.new_bytes()).finish_non_exhaustive()
    }
}
