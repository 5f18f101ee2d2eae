//! The log of accesses that a guest made during one cause, in order.
//!
//! Records lie in chunks, each with the pages that it touches: a search passes over the others. Where the log would
//! become too long, chunks in its middle are dropped; the numbers of the accesses stay.

use std::ops::Range;
use std::sync::Arc;

use super::super::image::Page;
use super::super::{Memories, PAGE, WASM_PAGE};
use super::site::{Site, SiteKind};

/// The most records in a chunk.
pub(super) const CHUNK: usize = 32_768;
/// Set in the site of a record whose length is not that of its site.
pub(super) const LONG: u32 = 1 << 31;
/// In the record of a bulk operation: its bytes were too many to keep.
pub(super) const UNKEPT: u64 = u64::MAX;
/// The most bytes that an access touches whose site has a width.
const WIDEST: u64 = 16;

/// An access as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The number of the site, and [`LONG`].
    pub(super) site: u32,
    /// The first address; of growth, 0.
    pub(super) addr: u32,
    /// The bytes before, or those read; of a bulk operation, where its bytes are in the chunk, or [`UNKEPT`]; of growth,
    /// the pages before.
    pub(super) old: u64,
    /// The bytes after, or the upper ones read; of a bulk operation, its length; of growth, the pages after.
    pub(super) new: u64,
}

/// Records in order, without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The number of the first access.
    pub(super) first: u64,
    pub(super) records: Vec<Record>,
    /// Of each bulk operation whose bytes are kept: those before it, then those after it.
    pub(super) bytes: Vec<u8>,
    /// The pages that were touched, as [`page_key`] has them; sorted once the chunk is full.
    pub(super) pages: Vec<u32>,
}

/// A stretch of the log between two boundaries, and the changes that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The accesses, by their numbers.
    pub accesses: Range<u64>,
    /// The changes of the cause that sum them up.
    pub changes: Range<usize>,
}

/// The pages as they were before the access of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Checkpoint {
    pub(super) at: u64,
    /// The pages that were written since the segment began, sorted.
    pub(super) pages: Vec<(u32, Arc<Page>)>,
    /// The sizes of the memories in bytes.
    pub(super) lens: Vec<u64>,
}

/// The accesses that a guest made during one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLog {
    pub(super) sites: Arc<[Site]>,
    pub(super) chunks: Vec<Chunk>,
    pub(super) segments: Vec<Segment>,
    pub(super) checkpoints: Vec<Checkpoint>,
    /// How many accesses were made, those dropped included.
    pub(super) len: u64,
    /// What keeping it costs, in bytes.
    pub(super) cost: usize,
    /// The bulk operations whose bytes are not kept.
    pub(super) unkept: Vec<u64>,
}

/// What a search looks for: accesses that touch a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Which memory.
    pub memory: usize,
    /// The addresses.
    pub range: Range<u64>,
    /// Whether reads are meant too.
    pub reads: bool,
}

/// One access.
#[derive(Clone, Copy, Debug)]
pub struct MemoryAccess<'a> {
    /// Its number in the cause.
    pub number: u64,
    /// The instruction.
    pub site: &'a Site,
    /// The first address; of growth, 0.
    pub addr: u64,
    /// How many bytes; of growth, 0.
    pub len: u64,
    bytes: AccessBytes<'a>,
}

/// The bytes of an access.
#[derive(Clone, Copy, Debug)]
enum AccessBytes<'a> {
    /// Before, then after, each at the beginning of its half.
    Short([u8; 16]),
    /// Before, then after.
    Long(&'a [u8]),
    /// The pages of a memory before and after.
    Growth(u64, u64),
    /// Not kept.
    Unknown,
}

impl AccessLog {
    /// How many accesses were made, those that were dropped included.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no access was made, or none recorded.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The instructions that accesses name.
    pub fn sites(&self) -> &Arc<[Site]> {
        &self.sites
    }

    /// The stretches between boundaries, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// What keeping it costs, in bytes.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// The accesses that were dropped, by their numbers: one range, or an empty one.
    pub fn dropped(&self) -> Range<u64> {
        let mut next = 0;
        for chunk in &self.chunks {
            if chunk.first != next {
                return next..chunk.first;
            }
            next = chunk.end();
        }
        next..self.len
    }

    /// The same log with all its accesses dropped.
    pub fn emptied(&self) -> AccessLog {
        AccessLog { len: self.len, segments: self.segments.clone(), sites: self.sites.clone(), ..AccessLog::default() }
    }

    /// The access of that number; `None` if it was dropped or not made.
    pub fn get(&self, number: u64) -> Option<MemoryAccess<'_>> {
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        let chunk = &self.chunks[after.checked_sub(1)?];
        chunk.records.get(usize::try_from(number - chunk.first).ok()?).map(|record| self.access(chunk, number, record))
    }

    /// The numbers of the accesses among those that touch a target, in order; those that were dropped are left out.
    pub fn touching(&self, among: Range<u64>, target: &Target) -> impl DoubleEndedIterator<Item = u64> {
        let chunks = self.chunks_of(&among).iter().filter(|chunk| chunk.may_touch(target));
        chunks.flat_map(move |chunk| {
            let range = chunk.clamp(&among);
            let records = chunk.records[range.clone()].iter().zip(range);
            let numbers = records.filter(move |(record, _)| self.touches(record, target));
            numbers.map(move |(_, place)| chunk.first + place as u64)
        })
    }

    /// The chunks that have some of these accesses.
    fn chunks_of(&self, range: &Range<u64>) -> &[Chunk] {
        let first = self.chunks.partition_point(|chunk| chunk.end() <= range.start);
        let last = self.chunks.partition_point(|chunk| chunk.first < range.end);
        &self.chunks[first..last.max(first)]
    }

    /// The segment in which the access of that number is the next to be made; the last one at the end.
    pub fn segment_of(&self, access: u64) -> Option<&Segment> {
        let place = self.segments.partition_point(|segment| segment.accesses.end <= access);
        self.segments
            .get(place)
            .or(self.segments.last())
            .filter(|segment| segment.accesses.start <= access && access <= segment.accesses.end)
    }

    /// Whether all of these accesses are kept, with their bytes.
    pub fn keeps(&self, range: Range<u64>) -> bool {
        let dropped = self.dropped();
        let is_clear = |unkept: &u64| !range.contains(unkept);
        let apart = range.end <= dropped.start || dropped.end <= range.start || dropped.is_empty();
        range.is_empty() || (apart && self.unkept.iter().all(is_clear))
    }

    /// Makes the accesses of these numbers in `memories`, which are as they were before the first.
    pub(in super::super) fn redo(&self, range: Range<u64>, memories: &mut Memories) {
        for chunk in self.chunks_of(&range) {
            for record in &chunk.records[chunk.clamp(&range)] {
                self.make(chunk, record, memories, true);
            }
        }
    }

    /// Takes the accesses of these numbers back in `memories`, which are as they were after the last.
    pub(in super::super) fn undo(&self, range: Range<u64>, memories: &mut Memories) {
        for chunk in self.chunks_of(&range).iter().rev() {
            for record in chunk.records[chunk.clamp(&range)].iter().rev() {
                self.make(chunk, record, memories, false);
            }
        }
    }

    /// The moment from which the one before `access` is the fewest accesses away: from the beginning of the segment, a
    /// checkpoint, or the segment's end; `None` if accesses on each way are missing.
    pub(in super::super) fn way_to(&self, segment: &Segment, access: u64) -> Option<Way<'_>> {
        let (start, end) = (segment.accesses.start, segment.accesses.end);
        let inside = |checkpoint: &&Checkpoint| segment.accesses.contains(&checkpoint.at);
        let marks =
            self.checkpoints.iter().filter(inside).map(|checkpoint| (checkpoint.at, Way::Checkpoint(checkpoint)));
        let ways = marks.chain([(start, Way::Start), (end, Way::End)]);
        let kept = ways.filter(|&(at, _)| self.keeps(at.min(access)..at.max(access)));
        kept.min_by_key(|&(at, _)| at.abs_diff(access)).map(|(_, way)| way)
    }

    fn make(&self, chunk: &Chunk, record: &Record, memories: &mut Memories, forward: bool) {
        let Some(site) = self.site(record) else { return };
        let Some(memory) = memories.get_mut(site.memory as usize) else { return };
        match site.kind {
            SiteKind::Load | SiteKind::Compare => (),
            SiteKind::Grow => memory.resize(if forward { record.new } else { record.old } * WASM_PAGE),
            SiteKind::Store | SiteKind::Exchange => {
                let bytes = if forward { record.new } else { record.old }.to_le_bytes();
                memory.write(record.addr.into(), &bytes[..usize::from(site.width).min(8)]);
            }
            SiteKind::Copy | SiteKind::Fill | SiteKind::Init => {
                if let Some(bytes) = chunk.bulk(record) {
                    let (old, new) = bytes.split_at(bytes.len() / 2);
                    memory.write(record.addr.into(), if forward { new } else { old });
                }
            }
        }
    }

    fn site(&self, record: &Record) -> Option<&Site> {
        self.sites.get((record.site & !LONG) as usize)
    }

    fn touches(&self, record: &Record, target: &Target) -> bool {
        let addr = u64::from(record.addr);
        // Most records end here, without a look at their site.
        if addr >= target.range.end || (addr + WIDEST <= target.range.start && record.site & LONG == 0) {
            return false;
        }
        let Some(site) = self.site(record) else { return false };
        let len = if record.site & LONG == 0 { site.width.into() } else { record.new };
        site.memory as usize == target.memory
            && site.kind != SiteKind::Grow
            && (target.reads || site.kind.writes())
            && len > 0
            && addr + len > target.range.start
    }

    fn access<'a>(&'a self, chunk: &'a Chunk, number: u64, record: &Record) -> MemoryAccess<'a> {
        // What makes logs sees to it that sites are known.
        let site = &self.sites[(record.site & !LONG) as usize];
        let mut short = [0; 16];
        short[..8].copy_from_slice(&record.old.to_le_bytes());
        short[8..].copy_from_slice(&record.new.to_le_bytes());
        let (len, bytes) = match site.kind {
            SiteKind::Grow => (0, AccessBytes::Growth(record.old, record.new)),
            kind if kind.is_bulk() => (record.new, chunk.bulk(record).map_or(AccessBytes::Unknown, AccessBytes::Long)),
            _ => (site.width.into(), AccessBytes::Short(short)),
        };
        MemoryAccess { number, site, addr: record.addr.into(), len, bytes }
    }
}

/// How a moment between two accesses is reached.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Way<'a> {
    /// Forward from the beginning of the segment.
    Start,
    /// From a checkpoint, in either direction.
    Checkpoint(&'a Checkpoint),
    /// Back from the end of the segment.
    End,
}

impl Checkpoint {
    /// The number of the access that it stands before.
    pub(in super::super) fn at(&self) -> u64 {
        self.at
    }

    /// Takes `memories` from the beginning of the segment to here.
    pub(in super::super) fn apply(&self, memories: &mut Memories) {
        memories.iter_mut().zip(&self.lens).for_each(|(memory, &len)| memory.resize(len));
        for (key, page) in &self.pages {
            let (memory, number) = key_page(*key);
            if let Some(memory) = memories.get_mut(memory) {
                memory.put_page(number, page);
            }
        }
    }
}

impl Chunk {
    /// The number behind its last access.
    pub(super) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// The places of its records whose numbers lie in a range.
    fn clamp(&self, range: &Range<u64>) -> Range<usize> {
        let place = |number: u64| {
            usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.records.len())
        };
        let (start, end) = (place(range.start), place(range.end));
        start..end.max(start)
    }

    /// The bytes of a bulk operation, before and after.
    pub(super) fn bulk(&self, record: &Record) -> Option<&[u8]> {
        let (start, len) = (usize::try_from(record.old).ok()?, usize::try_from(record.new).ok()?);
        self.bytes.get(start..start.checked_add(len.checked_mul(2)?)?)
    }

    fn may_touch(&self, target: &Target) -> bool {
        let key = |addr: u64| page_key(target.memory, u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX));
        let Some(last) = target.range.end.checked_sub(1) else { return false };
        let (first, last) = (key(target.range.start), key(last));
        let place = self.pages.partition_point(|&page| page < first);
        self.pages.get(place).is_some_and(|&page| page <= last)
    }

    pub(super) fn cost(&self) -> usize {
        let pages = self.pages.len() * size_of::<u32>();
        self.records.len() * size_of::<Record>() + pages + self.bytes.len() + size_of::<Chunk>()
    }
}

impl MemoryAccess<'_> {
    /// The bytes before it, or those that it read; `None` if they are not kept.
    pub fn old(&self) -> Option<&[u8]> {
        match &self.bytes {
            AccessBytes::Short(bytes) => Some(&bytes[..self.short_len()]),
            AccessBytes::Long(bytes) => Some(&bytes[..bytes.len() / 2]),
            AccessBytes::Growth(..) | AccessBytes::Unknown => None,
        }
    }

    /// The bytes after it; `None` if they are not kept. What only reads leaves them as they are.
    pub fn new_bytes(&self) -> Option<&[u8]> {
        match &self.bytes {
            AccessBytes::Short(_) if self.site.kind == SiteKind::Load => self.old(),
            AccessBytes::Short(bytes) => Some(&bytes[8..8 + self.short_len().min(8)]),
            AccessBytes::Long(bytes) => Some(&bytes[bytes.len() / 2..]),
            AccessBytes::Growth(..) | AccessBytes::Unknown => None,
        }
    }

    /// The size of the memory before and after, in WebAssembly pages, if it grew.
    pub fn growth(&self) -> Option<(u64, u64)> {
        match self.bytes {
            AccessBytes::Growth(from, to) => Some((from, to)),
            _ => None,
        }
    }

    fn short_len(&self) -> usize {
        usize::from(self.site.width).min(16)
    }
}

/// A page of a memory as one number.
pub(super) fn page_key(memory: usize, page: u32) -> u32 {
    // A memory has at most 2^20 pages, and a guest at most a hundred memories.
    u32::try_from(memory).unwrap_or(0xfff) << 20 | page.min(0xf_ffff)
}

fn key_page(key: u32) -> (usize, u64) {
    ((key >> 20) as usize, u64::from(key & 0xf_ffff))
}
