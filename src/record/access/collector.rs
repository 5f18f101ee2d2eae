//! The collector takes the records of a running guest and logs them.
//!
//! While the guest runs, it only notes which bytes were written: what memory holds then, the guest itself knows. What
//! each access found follows from the memory at the last boundary and the accesses since. For a short segment, which
//! has few accesses between two boundaries, that is worked out at its end. A long one keeps its pages as they were at
//! its start, for when somebody wants to know.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::super::{Memories, Traced};
use super::buffers::{Buffers, CHUNK, RawRecords, Records};
use super::chunk::{ACCESS_COST, Chunk};
use super::log::{AccessLog, Segment};
use super::memory_access::MemoryAccess;
use super::plan::Plan;
use super::replay::Replay;
use super::site::{Site, SiteKind};
use super::stored::{RECORD, Record};
use super::touched::{Touched, TouchedPage};

/// Maximum number of accesses in a short segment.
const SHORT_SEGMENT: u64 = 2048;
/// How many records are copied when somebody wants to see the log so far; longer chunks are ended then.
const SHORT: usize = 256;

/// Collects what a guest does to its memories, between boundaries that the host sets.
#[derive(Debug)]
pub struct Collector {
    /// Size limit of a log, in bytes.
    pub(super) budget: usize,
    /// Whether records are collected at all.
    is_wanted: bool,
    /// Whether the last chunk takes no more records, short as it is.
    pub(super) is_closed: bool,
    pub(super) log: AccessLog,
    traced: Traced,
    /// Number of chunks at the start of the log that are never dropped. `None` until a chunk is dropped.
    pub(super) head: Option<usize>,
    /// The memories at the last boundary, and the pages accessed since.
    pub(super) base: Memories,
    pub(super) touched: Vec<Touched>,
    pub(super) growth: Vec<(usize, u64, u64)>,
    /// The number of the first access since the last boundary.
    pub(super) since_boundary: u64,
    /// Whether the segment since then is long.
    pub(super) is_long: bool,
    /// The number of the access at which the next checkpoint is considered, and whether one is due.
    pub(super) next_checkpoint: u64,
    pub(super) is_checkpoint_due: bool,
    follower: Option<Follower>,
    overhead: Duration,
    buffers: Buffers,
    /// What to do for each site.
    pub(super) plans: Box<[Plan]>,
}

/// Replays the accesses of the segment as they come, so that what they find is known.
#[derive(Debug)]
struct Follower {
    /// The number of the access that comes next.
    next: u64,
    replay: Replay,
}

impl Collector {
    /// Creates a collector for a guest with these sites. It keeps about `budget` bytes of records per cause.
    pub fn new(sites: Arc<[Site]>, traced: Traced, budget: u64) -> Collector {
        let plans = sites.iter().map(Plan::new).collect();
        let mut collector = Collector {
            budget: 0,
            is_wanted: false,
            is_closed: false,
            log: AccessLog { sites, ..AccessLog::default() },
            traced,
            head: None,
            base: Memories::new(),
            touched: Vec::new(),
            growth: Vec::new(),
            since_boundary: 0,
            is_long: false,
            next_checkpoint: 0,
            is_checkpoint_due: false,
            follower: None,
            overhead: Duration::ZERO,
            buffers: Buffers::default(),
            plans,
        };
        collector.set_budget(budget);
        collector.next_checkpoint = collector.interval();
        collector
    }

    /// Changes how many bytes of records are kept, from the next record on.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX);
        self.buffers.set_most(self.budget / (CHUNK * ACCESS_COST));
    }

    /// Number of accesses since the cause began.
    pub fn count(&self) -> u64 {
        self.log.len
    }

    /// The accesses from this number on, with what they found in memory. What the next ones find is worked out at once.
    pub fn follow_from(&mut self, first: u64) -> impl Iterator<Item = MemoryAccess<'_>> {
        self.follow();
        (first..self.log.len).filter_map(|number| self.log.get(number))
    }

    /// What accesses find is no longer worked out at once.
    pub fn stop_following(&mut self) {
        self.follower = None;
    }

    /// How many pages were accessed since the last boundary.
    pub(in super::super) fn touched(&self) -> usize {
        self.touched.iter().map(Touched::len).sum()
    }

    /// Growth since the last boundary, as (memory, pages before, pages after).
    pub(in super::super) fn growths(&self) -> &[(usize, u64, u64)] {
        &self.growth
    }

    /// The pages of each memory that were accessed since the last boundary, in order.
    pub(in super::super) fn pages(&self) -> impl Iterator<Item = (usize, Vec<TouchedPage<'_>>)> {
        self.touched.iter().map(Touched::pages).enumerate()
    }

    /// The log so far. Those changes sum up what was made since the last boundary.
    pub(in super::super) fn so_far(&mut self, changes: Range<usize>) -> AccessLog {
        if !self.is_long {
            self.follow();
        }
        if self.log.chunks.last().is_some_and(|open| open.records.len() > SHORT) {
            self.close();
        }
        let mut log = self.log.clone();
        if let (Some(open), false) = (log.chunks.last_mut(), self.is_closed) {
            Arc::make_mut(open).seal();
        }
        let accesses = self.since_boundary..self.log.len;
        if !accesses.is_empty() {
            if self.is_long {
                log.bases.push(Arc::new(self.base_checkpoint()));
            }
            log.segments.push(Segment { accesses, changes });
        }
        log
    }

    /// Adds time for which the guest waited to the overhead.
    pub fn charge(&mut self, time: Duration) {
        self.overhead += time;
    }

    /// Returns the time spent on collecting since the last call, and resets it.
    pub(in super::super) fn take_overhead(&mut self) -> Duration {
        std::mem::take(&mut self.overhead)
    }

    /// Starts collecting from these memories. Nothing is collected before the first call.
    pub(in super::super) fn go_on(&mut self, memories: &Memories) {
        self.is_wanted = true;
        self.base.clone_from(memories);
        self.touched.resize_with(memories.len(), Touched::default);
    }

    /// From here on takes accesses for who wants only to know where they were: what they found is never worked out.
    pub fn listen(&mut self, memories: usize) {
        self.take_log();
        self.is_wanted = true;
        self.touched.resize_with(memories, Touched::default);
        (self.is_long, self.next_checkpoint) = (true, u64::MAX);
    }

    /// The accesses since it began to listen.
    pub fn heard(&mut self) -> AccessLog {
        let log = self.take_log();
        self.touched.iter_mut().for_each(Touched::clear);
        log
    }

    /// Which accesses it takes.
    pub fn traced(&self) -> Traced {
        self.traced
    }

    /// The instructions whose accesses it takes.
    pub fn sites(&self) -> &Arc<[Site]> {
        &self.log.sites
    }

    /// Takes raw records, in order.
    pub fn take(&mut self, records: &[u8]) {
        if !self.is_wanted {
            return;
        }
        let mut rest = records.as_chunks::<RECORD>().0;
        if !self.is_long {
            let is_long = self.log.len - self.since_boundary + rest.len() as u64 > SHORT_SEGMENT;
            // To work out at once what such operations did would take as much memory as they write.
            if is_long || rest.iter().any(|bytes| self.is_large_bulk(bytes)) {
                self.begin_long_segment();
            }
        }
        while !rest.is_empty() {
            let room = CHUNK - self.open_chunk().records.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.take_some(now);
            if self.follower.is_some() {
                self.follow();
            }
            rest = later;
        }
        self.trim();
        self.consider_checkpoint();
    }

    /// Whether a record is of a bulk operation whose bytes are not kept.
    fn is_large_bulk(&self, bytes: &[u8; RECORD]) -> bool {
        let record = Record::read(bytes);
        let site = self.log.sites.get(record.site()).filter(|_| self.plans.get(record.raw_site()).is_none());
        let is_bulk = site.is_some_and(|site| matches!(site.kind, SiteKind::Copy | SiteKind::Fill));
        is_bulk && !self.keeps_bytes(record.halves()[0].into())
    }

    /// Takes many records, in order. They become a chunk of the log as they are.
    pub fn take_all(&mut self, RawRecords(records): RawRecords) {
        if !self.is_wanted || records.is_empty() {
            return;
        }
        if !self.is_long {
            self.begin_long_segment();
        }
        self.close();
        self.pop_empty();
        self.push_chunk(records);
        self.note_from(0);
        self.pop_empty();
        if self.follower.is_some() {
            self.follow();
        }
        self.trim();
        self.consider_checkpoint();
    }

    /// Where buffers for many records come from.
    pub fn buffers(&self) -> &Buffers {
        &self.buffers
    }

    /// Takes records that fit in the open chunk.
    fn take_some(&mut self, records: &[[u8; RECORD]]) {
        let chunk = self.open_chunk();
        let first = chunk.records.len();
        chunk.records.extend(records.iter().map(Record::read));
        self.note_from(first);
    }

    /// Whether the bytes of a bulk operation of this length are kept.
    pub fn keeps_bytes(&self, len: u64) -> bool {
        len.saturating_mul(2) <= self.budget as u64 / 4
    }

    /// Takes the bytes that a `memory.init` wrote at `addr`, from that offset of its data segment. If they are not kept,
    /// the next accesses can be replayed from a checkpoint after it only.
    pub fn take_init(&mut self, (site, addr, source): (u32, u64, u64), new: &[u8]) {
        let Some(&Site { memory, kind: SiteKind::Init, .. }) = self.log.sites.get(site as usize) else { return };
        let addr = u32::try_from(addr).ok().filter(|_| self.is_wanted);
        let (Some(addr), Ok(len)) = (addr, u32::try_from(new.len())) else { return };
        let index = self.open_chunk().next();
        let number = self.log.len;
        let is_kept = self.note_bulk(addr, len, memory as usize, index as usize);
        let chunk = self.open_chunk();
        chunk.records.push(Record::long(site as usize, addr, len, 0));
        chunk.sources.extend(u32::try_from(source).ok().map(|source| (index, source)));
        if is_kept {
            chunk.inits.push((index, new.into()));
            self.log.cost += 2 * new.len();
        } else {
            self.log.lost.push(number);
        }
        self.log.cost += ACCESS_COST + size_of::<(u32, u32)>();
        self.log.len = number + 1;
        if self.follower.is_some() {
            self.follow();
        }
        self.trim();
    }

    /// Works out what the accesses since the last boundary found, as far as the open chunk is concerned, and goes on to
    /// do so.
    fn follow(&mut self) {
        if self.log.len == self.since_boundary {
            return;
        }
        let mut follower = self.follower.take().unwrap_or_else(|| self.new_follower());
        let range = follower.next..self.log.len;
        let first = self.log.chunks.partition_point(|chunk| chunk.end() <= range.start);
        for place in first..self.log.chunks.len() {
            let places = self.log.chunks[place].clamp(&range);
            let known = self.log.chunks[place].values.get().map_or(0, |values| values.old.len());
            // An earlier follower, or the look at the log so far, worked some out already.
            let (before, after) =
                (places.start..known.clamp(places.start, places.end), known.max(places.start)..places.end);
            let records = (&*self.log.sites, &*self.log.unkept);
            follower.replay.make(records, &self.log.chunks[place], before, None);
            if after.is_empty() || after.start != known {
                follower.replay.make(records, &self.log.chunks[place], after, None);
                continue;
            }
            let mut values = Arc::make_mut(&mut self.log.chunks[place]).values.take().unwrap_or_default();
            let records = (&*self.log.sites, &*self.log.unkept);
            follower.replay.make(records, &self.log.chunks[place], after, Some(&mut values));
            Arc::make_mut(&mut self.log.chunks[place]).values = values.into();
        }
        follower.next = self.log.len;
        self.follower = Some(follower);
    }

    fn new_follower(&self) -> Follower {
        let mut memories = self.base.clone();
        let mut next = self.since_boundary;
        let open = self.log.chunks.last().map_or(0, |open| open.first);
        if let Some(checkpoint) = self.log.checkpoint_before(next, open) {
            checkpoint.apply(&mut memories);
            next = checkpoint.at;
        }
        Follower { next, replay: Replay::new(&memories) }
    }

    /// From here on the segment is long. Its chunks have nothing of other segments.
    pub(super) fn begin_long_segment(&mut self) {
        self.follow();
        self.close();
        (self.is_long, self.follower) = (true, None);
    }

    /// Takes the growth since the last boundary, as (memory, pages before, pages after).
    pub(in super::super) fn take_growths(&mut self) -> Vec<(usize, u64, u64)> {
        std::mem::take(&mut self.growth)
    }

    /// Sets a boundary: `changes` sum up the accesses since the last one.
    pub(in super::super) fn set_boundary(&mut self, changes: Range<usize>) {
        let accesses = self.since_boundary..self.log.len;
        if !accesses.is_empty() {
            match self.is_long {
                true => self.close(),
                false => self.follow(),
            }
            self.log.segments.push(Segment { accesses: accesses.clone(), changes });
            if self.is_long {
                self.keep_base(&accesses);
            }
        }
        self.touched.iter_mut().for_each(Touched::clear);
        self.begin_segment();
    }

    fn begin_segment(&mut self) {
        self.since_boundary = self.log.len;
        self.next_checkpoint = self.log.len + self.interval();
        (self.is_long, self.is_checkpoint_due, self.follower) = (false, false, None);
    }

    /// Ends the cause and takes its log.
    pub(in super::super) fn take_log(&mut self) -> AccessLog {
        let sites = self.log.sites.clone();
        let mut log = std::mem::replace(&mut self.log, AccessLog { sites, ..AccessLog::default() });
        if let Some(chunk) = log.chunks.last_mut().map(Arc::make_mut) {
            chunk.seal();
        }
        (self.head, self.is_closed) = (None, false);
        self.begin_segment();
        log
    }

    /// Returns a chunk with space for another record.
    fn open_chunk(&mut self) -> &mut Chunk {
        if self.is_closed || self.log.chunks.last().is_none_or(|chunk| chunk.records.len() >= CHUNK) {
            self.close();
            // The one chunk that most logs have is short.
            self.push_chunk(if self.is_long { self.buffers.take() } else { Records::default() });
        }
        self.log.chunks.last_mut().map(Arc::make_mut).expect("one was pushed")
    }

    /// Begins a chunk.
    fn push_chunk(&mut self, records: Records) {
        self.is_closed = false;
        let AccessLog { chunks, cost, len, .. } = &mut self.log;
        if let Some(full) = chunks.last() {
            *cost += full.pages.len() * size_of::<u32>() + size_of::<Chunk>();
        }
        chunks.push(Arc::new(Chunk { first: *len, records, ..Chunk::default() }));
        self.touched.iter_mut().for_each(Touched::begin_chunk);
    }

    /// Gives back the buffer of an open chunk without records: none of those that a guest wrote may be an access.
    fn pop_empty(&mut self) {
        let AccessLog { chunks, cost, .. } = &mut self.log;
        if chunks.pop_if(|chunk| chunk.records.is_empty()).is_some() {
            self.is_closed = true;
            // It is counted again when the next one is begun.
            *cost -= chunks.last().map_or(0, |full| full.pages.len() * size_of::<u32>() + size_of::<Chunk>());
        }
    }

    /// Ends the open chunk.
    pub(super) fn close(&mut self) {
        if self.is_closed || self.log.chunks.last().is_none_or(|chunk| chunk.records.is_empty()) {
            return;
        }
        if !self.is_long {
            // Of a short segment, what the accesses found is worked out at its end at the latest.
            self.follow();
        }
        if let Some(open) = self.log.chunks.last_mut() {
            Arc::make_mut(open).seal();
        }
        self.is_closed = true;
    }
}
