//! The log of a guest's memory accesses during one cause, in order.
//!
//! Records are stored in chunks. Each chunk lists the pages that it touches, so that a search can skip it. When the
//! log gets too long, chunks in the middle are dropped; access numbers stay the same.

use std::ops::Range;
use std::sync::Arc;

use super::checkpoint::Checkpoint;
use super::chunk::Chunk;
use super::site::{Site, SiteKind};
use super::stored::Record;
use super::target::Target;

/// Maximum width of an access that is not a bulk operation, in bytes.
const WIDEST: u64 = 16;

/// The part of the log between two boundaries, and the changes that it resulted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The accesses, by their numbers.
    pub accesses: Range<u64>,
    /// The changes of the cause that sum up these accesses.
    pub changes: Range<usize>,
}

/// The accesses that a guest made during one cause.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessLog {
    pub(super) sites: Arc<[Site]>,
    pub(super) chunks: Vec<Arc<Chunk>>,
    pub(super) segments: Vec<Segment>,
    /// The memories at the starts of segments, where what the accesses found is worked out when it is wanted.
    pub(super) bases: Vec<Arc<Checkpoint>>,
    /// The memories between accesses of such segments.
    pub(super) checkpoints: Vec<Arc<Checkpoint>>,
    /// Number of accesses, including dropped ones.
    pub(super) len: u64,
    /// Memory cost in bytes.
    pub(super) cost: usize,
    /// Numbers of the bulk operations whose bytes are not kept.
    pub(super) unkept: Vec<u64>,
    /// Those among them that cannot be replayed.
    pub(super) lost: Vec<u64>,
}

/// How many accesses are not kept, or not in full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// Those that were dropped.
    pub dropped: u64,
    /// Those that are kept without their bytes.
    pub bare: u64,
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
    pub(super) fn chunks_of(&self, range: &Range<u64>) -> &[Arc<Chunk>] {
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

    /// Whether all these accesses are kept, so that they can be replayed.
    pub fn keeps(&self, range: Range<u64>) -> bool {
        let dropped = self.dropped();
        let is_clear = |lost: &u64| !range.contains(lost);
        let apart = range.end <= dropped.start || dropped.end <= range.start || dropped.is_empty();
        range.is_empty() || (apart && self.lost.iter().all(is_clear))
    }

    pub(super) fn site(&self, record: &Record) -> Option<&Site> {
        self.sites.get(record.site())
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
        source < target.range.end && target.range.start < source + record.low()
    }

    fn touches_at_addr(&self, record: &Record, target: &Target) -> bool {
        let addr = u64::from(record.addr);
        // Most records are rejected here, without looking at their site.
        if addr >= target.range.end || (addr + WIDEST <= target.range.start && !record.is_long()) {
            return false;
        }
        let Some(site) = self.site(record) else { return false };
        let len = record.len(site);
        site.memory as usize == target.memory
            && (target.reads || site.kind.writes())
            && len > 0
            && addr + len > target.range.start
    }
}
