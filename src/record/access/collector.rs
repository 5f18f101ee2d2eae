//! The collector: takes a guest's records while it runs, keeps them in a log, and notes which bytes were written.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::PAGE;
use super::super::image::Page;
use super::log::{AccessLog, CHUNK, Checkpoint, Chunk, LONG, Record, Segment, page_key};
use super::site::{Site, SiteKind};
use super::touched::{Touched, TouchedPage};

/// Bytes in a record as the guest makes it: the site and the address in 4 bytes each, old and new bytes in 8 each.
pub const RECORD: usize = 24;
/// How many accesses there are at least between two checkpoints.
const CHECKPOINT: u64 = 1 << 20;

/// Collects what a guest does to its memories, between boundaries that the host sets.
#[derive(Debug)]
pub struct Collector {
    /// The most bytes that a log may take.
    budget: usize,
    log: AccessLog,
    /// How many chunks at the beginning of the log are never dropped; `None` as long as none was dropped.
    head: Option<usize>,
    touched: Vec<Touched>,
    growth: Vec<(usize, u64, u64)>,
    /// The number of the first access since the last boundary, and of that since the last checkpoint.
    since_boundary: u64,
    since_checkpoint: u64,
    overhead: Duration,
}

impl Collector {
    /// A collector for a guest whose instructions are these, that keeps about `budget` bytes of records for one cause.
    pub fn new(sites: Arc<[Site]>, budget: u64) -> Collector {
        let budget = usize::try_from(budget).unwrap_or(usize::MAX);
        let log = AccessLog { sites, ..AccessLog::default() };
        let (touched, growth) = (Vec::new(), Vec::new());
        let overhead = Duration::ZERO;
        Collector { budget, log, head: None, touched, growth, since_boundary: 0, since_checkpoint: 0, overhead }
    }

    /// How many accesses were made since the cause began.
    pub fn count(&self) -> u64 {
        self.log.len
    }

    /// What the operation of a site is: its kind, its memory, and the one that it copies from.
    pub fn operation(&self, site: u32) -> Option<(SiteKind, u32, u32)> {
        self.log.sites.get(site as usize).map(|site| (site.kind, site.memory, site.source))
    }

    /// Does the work of collecting, and charges it to nobody.
    pub fn timed<T>(&mut self, work: impl FnOnce(&mut Collector) -> T) -> T {
        let since = Instant::now();
        let result = work(self);
        self.overhead += since.elapsed();
        result
    }

    /// How long collecting took since that was last asked.
    pub(in super::super) fn take_overhead(&mut self) -> Duration {
        std::mem::take(&mut self.overhead)
    }

    /// Takes records as the guest made them, of [`RECORD`] bytes each, in order.
    pub fn take(&mut self, records: &[u8]) {
        let mut rest = records.as_chunks::<RECORD>().0;
        while !rest.is_empty() {
            let room = CHUNK - self.open_chunk().records.len();
            let (now, later) = rest.split_at(room.min(rest.len()));
            self.take_some(now);
            rest = later;
        }
        self.trim();
    }

    /// Takes records for which the open chunk has room.
    fn take_some(&mut self, records: &[[u8; RECORD]]) {
        let Collector { log, touched, .. } = self;
        let Some(chunk) = log.chunks.last_mut() else { return };
        let stamp = chunk.first;
        let before = chunk.records.len();
        chunk.records.reserve(records.len());
        for bytes in records {
            let mut record = Record::read(bytes);
            let Some(site) = log.sites.get(record.site as usize) else { continue };
            // An access that was made lies below 4 GiB.
            record.addr = record.addr.wrapping_add(site.displacement);
            chunk.records.push(record);
            let memory = site.memory as usize;
            if touched.len() <= memory {
                touched.resize_with(memory + 1, Touched::default);
            }
            let pages = &mut chunk.pages;
            let list = |page| pages.push(page_key(memory, page));
            let (addr, len) = (record.addr.into(), site.width.into());
            match site.kind.writes() {
                true => touched[memory].write(addr, len, stamp, list),
                false => touched[memory].read(addr, len, stamp, list),
            }
        }
        log.cost += (chunk.records.len() - before) * size_of::<Record>();
        log.len = chunk.end();
    }

    /// Takes a bulk operation: the bytes at `addr` before it, and as many after it.
    pub fn take_bulk(&mut self, site: u32, addr: u64, old: &[u8], new: &[u8]) {
        let Some(&Site { memory, kind, .. }) = self.log.sites.get(site as usize) else { return };
        let (memory, len) = (memory as usize, old.len() as u64);
        if !kind.is_bulk() || old.len() != new.len() {
            return;
        }
        if self.touched.len() <= memory {
            self.touched.resize_with(memory + 1, Touched::default);
        }
        let bytes: Option<Box<[u8]>> = (2 * old.len() <= self.budget / 4).then(|| [old, new].concat().into());
        if bytes.is_none() {
            self.log.unkept.push(self.log.len);
        }
        self.open_chunk();
        let Collector { log, touched, .. } = self;
        let Some(chunk) = log.chunks.last_mut() else { return };
        log.cost += bytes.as_deref().map_or(0, <[u8]>::len) + size_of::<Record>();
        let stamp = chunk.first;
        touched[memory].write(addr, len, stamp, |page| chunk.pages.push(page_key(memory, page)));
        chunk.bulks.push(bytes);
        let place = chunk.bulks.len() as u64 - 1;
        let addr = u32::try_from(addr).unwrap_or(u32::MAX);
        chunk.records.push(Record { site: site | LONG, addr, old: place, new: len });
        log.len = chunk.end();
        self.trim();
    }

    /// Takes growth of a memory, in WebAssembly pages before and after.
    pub fn take_growth(&mut self, site: u32, from: u64, to: u64) {
        let Some(&Site { memory, kind: SiteKind::Grow, .. }) = self.log.sites.get(site as usize) else { return };
        self.growth.push((memory as usize, from, to));
        let chunk = self.open_chunk();
        chunk.records.push(Record { site: site | LONG, addr: 0, old: from, new: to });
        self.log.len += 1;
        self.log.cost += size_of::<Record>();
    }

    /// Whether it is time for a checkpoint.
    pub fn wants_checkpoint(&self) -> bool {
        self.log.len - self.since_checkpoint >= CHECKPOINT
    }

    /// Keeps the pages as they are now, which `live` has of each memory, unless they are more than the records since
    /// the last time.
    pub fn checkpoint(&mut self, live: &[&[u8]]) {
        let records = usize::try_from(self.log.len - self.since_checkpoint).unwrap_or(usize::MAX) * size_of::<Record>();
        let fresh = self.touched.iter_mut().flat_map(Touched::pages_mut).filter(|page| page.is_fresh).count();
        if fresh * PAGE > records {
            return;
        }
        self.since_checkpoint = self.log.len;
        let last = self.log.checkpoints.last().filter(|checkpoint| checkpoint.at >= self.since_boundary);
        let mut pages = Vec::new();
        for (memory, touched) in self.touched.iter_mut().enumerate() {
            let bytes = live.get(memory).copied().unwrap_or(&[]);
            for page in touched.pages_mut() {
                let key = page_key(memory, page.number);
                let known = last.and_then(|last| {
                    let place = last.pages.binary_search_by_key(&key, |&(key, _)| key).ok()?;
                    Some(last.pages[place].1.clone())
                });
                let image = match known.filter(|_| !page.is_fresh) {
                    Some(image) => image,
                    None => copy_page(bytes, page.addr()),
                };
                page.is_fresh = false;
                pages.push((key, image));
            }
        }
        pages.sort_unstable_by_key(|&(key, _)| key);
        self.log.cost += fresh * PAGE + pages.len() * size_of::<(u32, Arc<Page>)>();
        let lens = live.iter().map(|bytes| bytes.len() as u64).collect();
        self.log.checkpoints.push(Checkpoint { at: self.log.len, pages, lens });
    }

    /// The growth since the last boundary, as memory, pages before, pages after.
    pub(in super::super) fn take_growths(&mut self) -> Vec<(usize, u64, u64)> {
        std::mem::take(&mut self.growth)
    }

    /// For each memory, the pages that were accessed since the last boundary, in order.
    pub(in super::super) fn take_written(&mut self) -> Vec<(usize, Vec<TouchedPage>)> {
        let touched = self.touched.iter_mut().enumerate();
        touched.map(|(memory, touched)| (memory, touched.take())).collect()
    }

    /// Sets a boundary: what was made since the last one is summed up by those changes.
    pub(in super::super) fn set_boundary(&mut self, changes: Range<usize>) {
        let accesses = self.since_boundary..self.log.len;
        if !accesses.is_empty() {
            self.log.segments.push(Segment { accesses, changes });
        }
        (self.since_boundary, self.since_checkpoint) = (self.log.len, self.log.len);
    }

    /// Ends the cause: takes its log.
    pub(in super::super) fn take_log(&mut self) -> AccessLog {
        let sites = self.log.sites.clone();
        let mut log = std::mem::replace(&mut self.log, AccessLog { sites, ..AccessLog::default() });
        if let Some(chunk) = log.chunks.last_mut() {
            chunk.seal();
            chunk.records.shrink_to_fit();
        }
        (self.since_boundary, self.since_checkpoint, self.head) = (0, 0, None);
        log
    }

    /// The chunk that has room for another record.
    fn open_chunk(&mut self) -> &mut Chunk {
        let AccessLog { chunks, cost, len, .. } = &mut self.log;
        if chunks.last().is_none_or(|chunk| chunk.records.len() >= CHUNK) {
            let records = if chunks.is_empty() { Vec::new() } else { Vec::with_capacity(CHUNK) };
            if let Some(full) = chunks.last_mut() {
                full.seal();
                *cost += full.pages.len() * size_of::<u32>() + size_of::<Chunk>();
            }
            chunks.push(Chunk { first: *len, records, ..Chunk::default() });
        }
        chunks.last_mut().expect("one was pushed")
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
            self.log.unkept.retain(|number| !gone.contains(number));
            // Checkpoints share pages; what one takes is about what it has anew.
            self.log.checkpoints.retain(|checkpoint| !gone.contains(&checkpoint.at));
        }
    }
}

impl Chunk {
    /// Makes it ready to be searched: nothing more comes to it.
    pub(super) fn seal(&mut self) {
        self.pages.sort_unstable();
        self.pages.dedup();
        self.pages.shrink_to_fit();
    }
}

impl Record {
    #[inline]
    fn read(bytes: &[u8; RECORD]) -> Record {
        let short = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let long = |at: usize| u64::from(short(at)) | u64::from(short(at + 4)) << 32;
        Record { site: short(0), addr: short(4), old: long(8), new: long(16) }
    }
}

/// The page of a live memory at an address.
fn copy_page(live: &[u8], addr: u64) -> Arc<Page> {
    let mut page = [0; PAGE];
    let bytes = usize::try_from(addr).ok().and_then(|addr| live.get(addr..)).unwrap_or(&[]);
    let count = bytes.len().min(PAGE);
    page[..count].copy_from_slice(&bytes[..count]);
    Arc::new(page)
}
