//! The collector takes the records of a running guest, replays them on a shadow of its memories, and logs them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::super::image::Page;
use super::super::{Memories, PAGE, Traced, WASM_PAGE};
use super::log::{AccessLog, CHUNK, Checkpoint, Chunk, MemoryAccess, Segment, page_key, page_keys};
use super::raw::{Plan, PlanKind, RECORD, Raw};
use super::shadow::{Listing, Shadow, TouchedPage};
use super::site::{Site, SiteKind};
use super::stored::{LONG, Record, UNKEPT};

/// How many records are copied when somebody wants to see the log so far; longer chunks are ended then.
const SHORT: usize = 256;
/// Minimum number of accesses between two checkpoints.
const CHECKPOINT: u64 = 1 << 20;

/// Collects what a guest does to its memories, between boundaries that the host sets.
#[derive(Debug)]
pub struct Collector {
    /// Size limit of a log, in bytes.
    budget: usize,
    /// Whether records are collected at all.
    is_wanted: bool,
    /// Whether the last chunk takes no more records, short as it is.
    is_closed: bool,
    log: AccessLog,
    traced: Traced,
    /// Number of chunks at the start of the log that are never dropped. `None` until a chunk is dropped.
    head: Option<usize>,
    shadows: Vec<Shadow>,
    growth: Vec<(usize, u64, u64)>,
    /// Numbers of the first access since the last boundary and since the last checkpoint.
    since_boundary: u64,
    since_checkpoint: u64,
    overhead: Duration,
    /// The bytes of a bulk operation.
    scratch: Vec<u8>,
    /// The buffer of a dropped chunk, kept for reuse: allocating a new one costs more.
    spare: Vec<Record>,
    /// What to do for each site.
    plans: Box<[Plan]>,
}

impl Collector {
    /// Creates a collector for a guest with these sites. It keeps about `budget` bytes of records per cause.
    pub fn new(sites: Arc<[Site]>, traced: Traced, budget: u64) -> Collector {
        let plans = sites.iter().map(Plan::new).collect();
        Collector {
            budget: usize::try_from(budget).unwrap_or(usize::MAX),
            is_wanted: false,
            is_closed: false,
            log: AccessLog { sites, ..AccessLog::default() },
            traced,
            head: None,
            shadows: Vec::new(),
            growth: Vec::new(),
            since_boundary: 0,
            since_checkpoint: 0,
            overhead: Duration::ZERO,
            scratch: Vec::new(),
            spare: Vec::new(),
            plans,
        }
    }

    /// Changes how many bytes of records are kept, from the next record on.
    pub fn set_budget(&mut self, budget: u64) {
        self.budget = usize::try_from(budget).unwrap_or(usize::MAX);
    }

    /// Number of accesses since the cause began.
    pub fn count(&self) -> u64 {
        self.log.len
    }

    /// An access of the cause by its number; `None` if it was dropped or not made.
    pub fn access(&self, number: u64) -> Option<MemoryAccess<'_>> {
        self.log.get(number)
    }

    /// How many pages were accessed since the last boundary.
    pub(in super::super) fn touched(&self) -> usize {
        self.shadows.iter().map(Shadow::touched).sum()
    }

    /// Growth since the last boundary, as (memory, pages before, pages after).
    pub(in super::super) fn growths(&self) -> &[(usize, u64, u64)] {
        &self.growth
    }

    /// The pages of each memory that were accessed since the last boundary, in order.
    pub(in super::super) fn pages(&self) -> impl Iterator<Item = (usize, Vec<&TouchedPage>)> {
        self.shadows.iter().map(Shadow::pages).enumerate()
    }

    /// The log so far. Those changes sum up what was made since the last boundary.
    pub(in super::super) fn so_far(&mut self, changes: Range<usize>) -> AccessLog {
        if let Some(open) = self.log.chunks.last_mut().filter(|chunk| !self.is_closed && chunk.records.len() > SHORT) {
            Arc::make_mut(open).seal();
            self.is_closed = true;
        }
        let mut log = self.log.clone();
        if let (Some(open), false) = (log.chunks.last_mut(), self.is_closed) {
            Arc::make_mut(open).seal();
        }
        let accesses = self.since_boundary..self.log.len;
        if !accesses.is_empty() {
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
        self.shadows.resize_with(memories.len().max(self.shadows.len()), Shadow::default);
        self.shadows.iter_mut().zip(memories).for_each(|(shadow, image)| shadow.rebase(image));
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
        while !rest.is_empty() {
            let room = CHUNK - self.open_chunk().records.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.take_some(now);
            rest = later;
        }
        if self.log.len - self.since_checkpoint >= CHECKPOINT {
            self.checkpoint();
        }
        self.trim();
    }

    /// Takes records that fit in the open chunk.
    fn take_some(&mut self, records: &[[u8; RECORD]]) {
        let Some(chunk) = self.log.chunks.last_mut().map(Arc::make_mut) else { return };
        let (before, kept_bytes) = (chunk.records.len(), chunk.bytes.len());
        chunk.records.reserve(records.len());
        let mut rest = records.iter();
        while let Some((plan, raw)) = self.take_frequent(&mut rest) {
            self.take_rare(plan, &raw);
        }
        let AccessLog { chunks, len, cost, .. } = &mut self.log;
        let Some(chunk) = chunks.last() else { return };
        *cost += (chunk.records.len() - before) * size_of::<Record>() + chunk.bytes.len() - kept_bytes;
        *len = chunk.end();
    }

    /// Takes the stores and loads up to the next record of something else, which it returns. This runs for each access
    /// of the guest.
    fn take_frequent(&mut self, records: &mut std::slice::Iter<'_, [u8; RECORD]>) -> Option<(Plan, Raw)> {
        let Collector { log, shadows, plans, .. } = self;
        let Chunk { first, records: taken, pages, .. } = log.chunks.last_mut().map(Arc::make_mut)?;
        for bytes in records {
            let raw = Raw::read(bytes);
            let Some(&plan) = plans.get(raw.site as usize) else { continue };
            let Some(shadow) = shadows.get_mut(usize::from(plan.memory)) else { continue };
            let mut listing = Listing { chunk: *first, memory: plan.memory.into(), pages };
            // An access that succeeded is below 4 GiB.
            let addr = raw.addr.wrapping_add(plan.displacement);
            let width = usize::from(plan.width);
            let (old, new) = match plan.kind {
                PlanKind::Store => {
                    let new = raw.value & (u64::MAX >> (64 - 8 * width.clamp(1, 8)));
                    (shadow.store(addr.into(), width, new, &mut listing), new)
                }
                PlanKind::Load => {
                    let [old, upper] = shadow.load(addr.into(), width, &mut listing);
                    (old, if width == 16 { upper } else { old })
                }
                PlanKind::Rare => return Some((plan, raw)),
            };
            taken.push(Record { site: raw.site, addr, old, new });
        }
        None
    }

    /// Takes a record of something other than a store or a load.
    fn take_rare(&mut self, plan: Plan, raw: &Raw) {
        let Collector { log, shadows, growth, budget, scratch, .. } = self;
        let AccessLog { sites, chunks, unkept, cost, .. } = log;
        let chunk = chunks.last_mut().map(Arc::make_mut);
        let (Some(site), Some(chunk)) = (sites.get(raw.site as usize), chunk) else { return };
        let memory = usize::from(plan.memory);
        let count = raw.low() as usize;
        scratch.clear();
        match site.kind {
            SiteKind::Grow => {
                let (from, by) = (u64::from(raw.low()), u64::from(raw.high()));
                // `from` is -1 if the memory did not grow.
                if from != u64::from(u32::MAX) && by > 0 {
                    shadows[memory].resize((from + by) * WASM_PAGE);
                    growth.push((memory, from, from + by));
                    chunk.records.push(Record { site: raw.site | LONG, addr: 0, old: from, new: from + by });
                }
                return;
            }
            SiteKind::Copy => {
                scratch.resize(count, 0);
                if let Some(source) = shadows.get(site.source as usize) {
                    source.read(raw.high().into(), scratch);
                }
                let index = u32::try_from(chunk.records.len()).unwrap_or(u32::MAX);
                chunk.sources.push((index, raw.high()));
                chunk.pages.extend(page_keys(site.source as usize, raw.high(), count as u64));
                *cost += size_of::<(u32, u32)>();
            }
            SiteKind::Fill => scratch.resize(count, raw.high().to_le_bytes()[0]),
            // A `memory.init` is reported separately, with its bytes: see `take_init`.
            _ => return,
        }
        let (number, addr) = (chunk.end(), raw.addr.wrapping_add(plan.displacement));
        if !take_bulk(chunk, &mut shadows[memory], (raw.site, memory, addr), scratch, *budget) {
            unkept.push(number);
        }
    }

    /// Takes the bytes that a `memory.init` wrote at `addr`.
    pub fn take_init(&mut self, site: u32, addr: u64, new: &[u8]) {
        let Some(&Site { memory, kind: SiteKind::Init, .. }) = self.log.sites.get(site as usize) else { return };
        let Some(addr) = u32::try_from(addr).ok().filter(|_| self.is_wanted) else { return };
        self.open_chunk();
        let Collector { log, shadows, budget, .. } = self;
        let chunk = log.chunks.last_mut().map(Arc::make_mut);
        let (Some(chunk), Some(shadow)) = (chunk, shadows.get_mut(memory as usize)) else { return };
        let kept_bytes = chunk.bytes.len();
        if !take_bulk(chunk, shadow, (site, memory as usize, addr), new, *budget) {
            log.unkept.push(log.len);
        }
        log.cost += size_of::<Record>() + chunk.bytes.len() - kept_bytes;
        log.len = chunk.end();
        self.trim();
    }

    /// Saves the current pages, unless they cost more than the records since the last checkpoint.
    fn checkpoint(&mut self) {
        let records = usize::try_from(self.log.len - self.since_checkpoint).unwrap_or(usize::MAX) * size_of::<Record>();
        let fresh = self.shadows.iter_mut().flat_map(Shadow::pages_mut).filter(|page| page.is_fresh).count();
        if fresh * PAGE > records {
            return;
        }
        self.since_checkpoint = self.log.len;
        let last = self.log.checkpoints.last().filter(|checkpoint| checkpoint.at >= self.since_boundary);
        let mut pages = Vec::new();
        for (memory, shadow) in self.shadows.iter_mut().enumerate() {
            for page in shadow.pages_mut() {
                let key = page_key(memory, page.number);
                let known = last.filter(|_| !page.is_fresh).and_then(|last| {
                    let place = last.pages.binary_search_by_key(&key, |&(key, _)| key).ok()?;
                    Some(last.pages[place].1.clone())
                });
                page.is_fresh = false;
                pages.push((key, known.unwrap_or_else(|| page.to_shared())));
            }
        }
        pages.sort_unstable_by_key(|&(key, _)| key);
        self.log.cost += fresh * PAGE + pages.len() * size_of::<(u32, Arc<Page>)>();
        let lens = self.shadows.iter().map(Shadow::len).collect();
        self.log.checkpoints.push(Arc::new(Checkpoint { at: self.log.len, pages, lens }));
    }

    /// Takes the growth since the last boundary, as (memory, pages before, pages after).
    pub(in super::super) fn take_growths(&mut self) -> Vec<(usize, u64, u64)> {
        std::mem::take(&mut self.growth)
    }

    /// Takes the pages accessed since the last boundary, in order, for each memory.
    pub(in super::super) fn take_pages(&mut self) -> Vec<(usize, Vec<Box<TouchedPage>>)> {
        self.shadows.iter_mut().map(Shadow::take).enumerate().collect()
    }

    /// Takes back pages that are no longer needed, for reuse.
    pub(in super::super) fn recycle(&mut self, memory: usize, pages: Vec<Box<TouchedPage>>) {
        if let Some(shadow) = self.shadows.get_mut(memory) {
            shadow.recycle(pages);
        }
    }

    /// Sets a boundary: `changes` sum up the accesses since the last one.
    pub(in super::super) fn set_boundary(&mut self, changes: Range<usize>) {
        let accesses = self.since_boundary..self.log.len;
        if !accesses.is_empty() {
            self.log.segments.push(Segment { accesses, changes });
        }
        (self.since_boundary, self.since_checkpoint) = (self.log.len, self.log.len);
    }

    /// Ends the cause and takes its log.
    pub(in super::super) fn take_log(&mut self) -> AccessLog {
        let sites = self.log.sites.clone();
        let mut log = std::mem::replace(&mut self.log, AccessLog { sites, ..AccessLog::default() });
        if let Some(chunk) = log.chunks.last_mut().map(Arc::make_mut) {
            chunk.seal();
            chunk.records.shrink_to_fit();
        }
        (self.since_boundary, self.since_checkpoint, self.head, self.is_closed) = (0, 0, None, false);
        log
    }

    /// Returns a chunk with space for another record.
    fn open_chunk(&mut self) -> &mut Chunk {
        let AccessLog { chunks, cost, len, .. } = &mut self.log;
        if self.is_closed || chunks.last().is_none_or(|chunk| chunk.records.len() >= CHUNK) {
            self.is_closed = false;
            let mut records = std::mem::take(&mut self.spare);
            if !chunks.is_empty() {
                records.reserve(CHUNK);
            }
            if let Some(full) = chunks.last_mut().map(Arc::make_mut) {
                full.seal();
                *cost += full.pages.len() * size_of::<u32>() + size_of::<Chunk>();
            }
            chunks.push(Arc::new(Chunk { first: *len, records, ..Chunk::default() }));
        }
        chunks.last_mut().map(Arc::make_mut).expect("one was pushed")
    }

    /// Drops chunks in the middle of the log until it fits.
    fn trim(&mut self) {
        while self.log.cost > self.budget {
            let head = *self.head.get_or_insert_with(|| {
                let mut cost = 0;
                self.log
                    .chunks
                    .iter()
                    .take_while(|chunk| {
                        cost += chunk.cost();
                        cost <= self.budget / 2
                    })
                    .count()
            });
            // The last one is open.
            if head + 1 >= self.log.chunks.len() {
                return;
            }
            let dropped = self.log.chunks.remove(head);
            self.log.cost = self.log.cost.saturating_sub(dropped.cost());
            let gone = dropped.first..dropped.end();
            // What a front end still looks at is not used again.
            self.spare = Arc::try_unwrap(dropped).map(|chunk| chunk.records).unwrap_or_default();
            self.spare.clear();
            self.log.unkept.retain(|number| !gone.contains(number));
            // Checkpoints share pages; the cost of one is about that of its new pages.
            self.log.checkpoints.retain(|checkpoint| !gone.contains(&checkpoint.at));
        }
    }
}

impl Chunk {
    /// Prepares the chunk for searches. Nothing is added to it afterwards.
    pub(super) fn seal(&mut self) {
        self.pages.sort_unstable();
        self.pages.dedup();
        self.pages.shrink_to_fit();
    }
}

/// Takes a bulk operation that leaves these bytes at an address of a memory. Returns false if the bytes are too many
/// to keep.
fn take_bulk(
    chunk: &mut Chunk,
    shadow: &mut Shadow,
    (site, memory, addr): (u32, usize, u32),
    new: &[u8],
    budget: usize,
) -> bool {
    let is_kept = 2 * new.len() <= budget / 4;
    let place = if is_kept { chunk.bytes.len() } else { 0 };
    if is_kept {
        chunk.bytes.resize(place + new.len(), 0);
        shadow.read(addr.into(), &mut chunk.bytes[place..]);
        chunk.bytes.extend_from_slice(new);
    }
    let mut listing = Listing { chunk: chunk.first, memory, pages: &mut chunk.pages };
    shadow.write(addr.into(), new, &mut listing);
    let old = if is_kept { place as u64 } else { UNKEPT };
    chunk.records.push(Record { site: site | LONG, addr, old, new: new.len() as u64 });
    is_kept
}
