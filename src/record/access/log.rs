//! The log of a guest's memory accesses during one cause, in order.
//!
//! Records are stored in chunks. Each chunk lists the pages that it touches, so that a search can skip it. When the
//! log gets too long, chunks in the middle are dropped; access numbers stay the same.

use std::ops::Range;
use std::sync::Arc;

use super::super::image::Page;
use super::super::{Memories, PAGE, WASM_PAGE};
use super::granules::Granules;
use super::site::{Site, SiteKind};
use super::stored::{LONG, Record};

/// Maximum number of records in a chunk.
pub(super) const CHUNK: usize = 32_768;
/// Maximum width of an access that is not a bulk operation, in bytes.
const WIDEST: u64 = 16;

/// Consecutive records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Chunk {
    /// The number of the first access.
    pub(super) first: u64,
    pub(super) records: Vec<Record>,
    /// For each bulk operation whose bytes are kept: the bytes before, then the bytes after.
    pub(super) bytes: Vec<u8>,
    /// For each `memory.copy`: its index in `records`, and the first address that it copied from.
    pub(super) sources: Vec<(u32, u32)>,
    /// The touched pages, as [`page_key`] values. Sorted once the chunk is full.
    pub(super) pages: Vec<u32>,
    pub(super) granules: Granules,
}

/// The part of the log between two boundaries, and the changes that it resulted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The accesses, by their numbers.
    pub accesses: Range<u64>,
    /// The changes of the cause that sum up these accesses.
    pub changes: Range<usize>,
}

/// The pages as they were before a given access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Checkpoint {
    pub(super) at: u64,
    /// The pages written since the segment began, sorted.
    pub(super) pages: Vec<(u32, Arc<Page>)>,
    /// The sizes of the memories in bytes.
    pub(super) lens: Vec<u64>,
}

/// The accesses that a guest made during one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLog {
    pub(super) sites: Arc<[Site]>,
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) segments: Vec<Segment>,
    pub(super) checkpoints: Vec<Arc<Checkpoint>>,
    /// Number of accesses, including dropped ones.
    pub(super) len: u64,
    /// Memory cost in bytes.
    pub(super) cost: usize,
    /// Numbers of the bulk operations whose bytes are not kept.
    pub(super) unkept: Vec<u64>,
}

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

/// How many accesses are not kept, or not in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Those that were dropped.
    pub dropped: u64,
    /// Those that are kept without their bytes.
    pub bare: u64,
}

/// One access.
#[derive(Clone, Copy, Debug)]
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
    bytes: AccessBytes<'a>,
}

/// The bytes of an access.
#[derive(Clone, Copy, Debug)]
enum AccessBytes<'a> {
    /// Before, then after, each at the start of its half.
    Short([u8; 16]),
    /// Before, then after.
    Long(&'a [u8]),
    /// The size of a memory before and after, in WebAssembly pages.
    Growth(u64, u64),
    /// Not kept.
    Unknown,
}

impl AccessLog {
    /// Number of accesses, including dropped ones.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether no access was made, or none recorded.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The sites that the records refer to.
    pub fn sites(&self) -> &Arc<[Site]> {
        &self.sites
    }

    /// The segments between boundaries, in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Memory cost in bytes.
    pub fn cost(&self) -> usize {
        self.cost
    }

    /// The numbers of the dropped accesses: one range, possibly empty.
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

    /// How many accesses of a range are not kept.
    pub fn missing(&self, among: &Range<u64>) -> Missing {
        let dropped = self.dropped();
        let shared = dropped.start.max(among.start)..dropped.end.min(among.end);
        let bare = self.unkept.iter().filter(|number| among.contains(number)).count() as u64;
        Missing { dropped: shared.end.saturating_sub(shared.start), bare }
    }

    /// The same log with all its accesses dropped.
    pub fn emptied(&self) -> AccessLog {
        AccessLog { len: self.len, segments: self.segments.clone(), sites: self.sites.clone(), ..AccessLog::default() }
    }

    /// The access with this number. `None` if it was dropped or never made.
    pub fn get(&self, number: u64) -> Option<MemoryAccess<'_>> {
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        let chunk = &self.chunks[after.checked_sub(1)?];
        chunk.records.get(usize::try_from(number - chunk.first).ok()?).map(|record| self.access(chunk, number, record))
    }

    /// The kept accesses, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = MemoryAccess<'_>> {
        self.kept(0..u64::MAX).map(|(_, access)| access)
    }

    /// The kept accesses in a range, in order, each with the index of its site.
    pub fn kept(&self, range: Range<u64>) -> impl DoubleEndedIterator<Item = (usize, MemoryAccess<'_>)> {
        self.chunks_of(&range).iter().flat_map(move |chunk| {
            let places = chunk.clamp(&range);
            let records = chunk.records[places.clone()].iter().zip(places);
            records.map(move |(record, place)| {
                ((record.site & !LONG) as usize, self.access(chunk, chunk.first + place as u64, record))
            })
        })
    }

    /// The numbers of the records that one instruction made together with this one: two for a 16-byte vector store.
    pub fn whole(&self, number: u64) -> Range<u64> {
        let is_joined = |number| self.get(number).is_some_and(|access| access.site.joined);
        let first = if is_joined(number) { number.saturating_sub(1) } else { number };
        first..first + 1 + u64::from(is_joined(first + 1))
    }

    /// The numbers of the accesses in `among` that touch a target, in order. Dropped accesses are left out.
    pub fn touching(&self, among: Range<u64>, target: &Target) -> impl DoubleEndedIterator<Item = u64> {
        let chunks = self.chunks_of(&among).iter().filter(|chunk| chunk.may_touch(target));
        chunks.flat_map(move |chunk| {
            let range = chunk.clamp(&among);
            let records = chunk.records[range.clone()].iter().zip(range);
            let numbers = records.filter(move |&(record, place)| self.touches(chunk, record, place, target));
            numbers.map(move |(_, place)| chunk.first + place as u64)
        })
    }

    /// The chunks that contain some of these accesses.
    fn chunks_of(&self, range: &Range<u64>) -> &[Arc<Chunk>] {
        let first = self.chunks.partition_point(|chunk| chunk.end() <= range.start);
        let last = self.chunks.partition_point(|chunk| chunk.first < range.end);
        &self.chunks[first..last.max(first)]
    }

    /// The segment that contains the access with this number; at the end, the last segment.
    pub fn segment_of(&self, access: u64) -> Option<&Segment> {
        let place = self.segments.partition_point(|segment| segment.accesses.end <= access);
        self.segments
            .get(place)
            .or(self.segments.last())
            .filter(|segment| segment.accesses.start <= access && access <= segment.accesses.end)
    }

    /// Whether all these accesses are kept, with their bytes.
    pub fn keeps(&self, range: Range<u64>) -> bool {
        let dropped = self.dropped();
        let is_clear = |unkept: &u64| !range.contains(unkept);
        let apart = range.end <= dropped.start || dropped.end <= range.start || dropped.is_empty();
        range.is_empty() || (apart && self.unkept.iter().all(is_clear))
    }

    /// Redoes these accesses in `memories`, which must be in the state before the first.
    pub(in super::super) fn redo(&self, range: Range<u64>, memories: &mut Memories) {
        for chunk in self.chunks_of(&range) {
            for record in &chunk.records[chunk.clamp(&range)] {
                self.make(chunk, record, memories, true);
            }
        }
    }

    /// Undoes these accesses in `memories`, which must be in the state after the last.
    pub(in super::super) fn undo(&self, range: Range<u64>, memories: &mut Memories) {
        for chunk in self.chunks_of(&range).iter().rev() {
            for record in chunk.records[chunk.clamp(&range)].iter().rev() {
                self.make(chunk, record, memories, false);
            }
        }
    }

    /// The starting point from which the state before `access` takes the fewest steps to reach: the segment's start, a
    /// checkpoint, or the segment's end. `None` if every way has dropped accesses.
    pub(in super::super) fn way_to(&self, segment: &Segment, access: u64) -> Option<Way<'_>> {
        let (start, end) = (segment.accesses.start, segment.accesses.end);
        let inside = |checkpoint: &&Arc<Checkpoint>| segment.accesses.contains(&checkpoint.at);
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

    fn touches(&self, chunk: &Chunk, record: &Record, place: usize, target: &Target) -> bool {
        self.touches_at_addr(record, target) || (target.reads && self.copies_from(chunk, record, place, target))
    }

    /// Whether a copy reads from a target.
    fn copies_from(&self, chunk: &Chunk, record: &Record, place: usize, target: &Target) -> bool {
        let is_copy = |site: &&Site| site.kind == SiteKind::Copy && site.source as usize == target.memory;
        let Some(source) = chunk.source(place).filter(|_| self.site(record).is_some_and(|site| is_copy(&site))) else {
            return false;
        };
        source < target.range.end && target.range.start < source + record.new
    }

    fn touches_at_addr(&self, record: &Record, target: &Target) -> bool {
        let addr = u64::from(record.addr);
        // Most records are rejected here, without looking at their site.
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
        // Every constructor of a log ensures that sites exist.
        let site_number = (record.site & !LONG) as usize;
        let site = &self.sites[site_number];
        let mut short = [0; 16];
        short[..8].copy_from_slice(&record.old.to_le_bytes());
        short[8..].copy_from_slice(&record.new.to_le_bytes());
        let (len, bytes) = match site.kind {
            SiteKind::Grow => (0, AccessBytes::Growth(record.old, record.new)),
            kind if kind.is_bulk() => (record.new, chunk.bulk(record).map_or(AccessBytes::Unknown, AccessBytes::Long)),
            _ => (site.width.into(), AccessBytes::Short(short)),
        };
        let place = usize::try_from(number - chunk.first).unwrap_or(usize::MAX);
        let source = if site.kind == SiteKind::Copy { chunk.source(place) } else { None };
        MemoryAccess { number, site, site_number, addr: record.addr.into(), len, source, bytes }
    }
}

/// How to reach the state between two accesses.
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
    /// The number of the access that it precedes.
    pub(in super::super) fn at(&self) -> u64 {
        self.at
    }

    /// Takes `memories` from the start of the segment to this checkpoint.
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
    /// The number after its last access.
    pub(super) fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    /// The indices of its records whose numbers are in a range.
    fn clamp(&self, range: &Range<u64>) -> Range<usize> {
        let place = |number: u64| {
            usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.records.len())
        };
        let (start, end) = (place(range.start), place(range.end));
        start..end.max(start)
    }

    /// The bytes of a bulk operation: before, then after.
    pub(super) fn bulk(&self, record: &Record) -> Option<&[u8]> {
        let (start, len) = (usize::try_from(record.old).ok()?, usize::try_from(record.new).ok()?);
        self.bytes.get(start..start.checked_add(len.checked_mul(2)?)?)
    }

    /// The first address that the copy with this index copied from.
    pub(super) fn source(&self, place: usize) -> Option<u64> {
        let place = u32::try_from(place).ok()?;
        let found = self.sources.binary_search_by_key(&place, |&(place, _)| place).ok()?;
        Some(self.sources[found].1.into())
    }

    fn may_touch(&self, target: &Target) -> bool {
        let key = |addr: u64| page_key(target.memory, u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX));
        let Some(last) = target.range.end.checked_sub(1) else { return false };
        let (first, last) = (key(target.range.start), key(last));
        let place = self.pages.partition_point(|&page| page < first);
        // The last chunk of a log in the making is never searched, so the records stay as they are.
        self.pages.get(place).is_some_and(|&page| page <= last)
            && self.granules.may_touch(&self.records, &self.sources, &target.range)
    }

    pub(super) fn cost(&self) -> usize {
        let pages = self.pages.len() * size_of::<u32>();
        self.records.len() * size_of::<Record>()
            + self.sources.len() * size_of::<(u32, u32)>()
            + pages
            + self.bytes.len()
            + size_of::<Chunk>()
    }
}

impl MemoryAccess<'_> {
    /// The bytes before, or the bytes read. `None` if they were not kept.
    pub fn old(&self) -> Option<&[u8]> {
        match &self.bytes {
            AccessBytes::Short(bytes) => Some(&bytes[..self.short_len()]),
            AccessBytes::Long(bytes) => Some(&bytes[..bytes.len() / 2]),
            AccessBytes::Growth(..) | AccessBytes::Unknown => None,
        }
    }

    /// The bytes after; for a read, the same as before. `None` if they were not kept.
    pub fn new_bytes(&self) -> Option<&[u8]> {
        match &self.bytes {
            AccessBytes::Short(_) if self.site.kind == SiteKind::Load => self.old(),
            AccessBytes::Short(bytes) => Some(&bytes[8..8 + self.short_len().min(8)]),
            AccessBytes::Long(bytes) => Some(&bytes[bytes.len() / 2..]),
            AccessBytes::Growth(..) | AccessBytes::Unknown => None,
        }
    }

    /// If the memory grew, its size before and after in WebAssembly pages.
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

fn key_page(key: u32) -> (usize, u64) {
    ((key >> 20) as usize, u64::from(key & 0xf_ffff))
}
