//! Feeds a collector from a thread of its own, so that a guest runs on while its records are taken.
//!
//! The guest's thread copies records out of the guest's buffer, which so stays in its cache: to write where another
//! thread reads takes several times as long, wherever the two have no cache in common.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::batches::{Batch, Batches, CollectorThread};
use super::instrument::{RECORD, RECORDS_AT, RECORDS_END};
use super::record_buffer::RecordBuffer;
use crate::record::{Buffers, Collector, RawRecords};

/// Maximum number of batches that the collector is behind the guest.
const BATCHES: usize = 16;

/// Number of records, and of bytes of a `memory.init`, for which the thread is not needed.
const SMALL: usize = 512;
const SMALL_INIT: usize = 8 << 10;
/// Number of bytes of a `memory.init` that would take too much memory while they wait.
const LARGE_INIT: usize = 1 << 20;

/// The most records that the guest's buffer has.
const MOST: usize = (RECORDS_END / RECORD) as usize;

/// A collector and the thread that feeds it. The thread starts with the first batch: few calls need it.
pub(super) struct Feed {
    batches: Arc<Batches>,
    buffer: RecordBuffer,
    /// Where the batches come from.
    buffers: Buffers,
    /// The next batch, if it was begun.
    next: Option<RawRecords>,
    /// The number of records from which on a batch is sent, and how many batches may wait then.
    full: usize,
    most: usize,
    thread: Option<CollectorThread>,
    /// How long the guest waited for its records to be taken, since that was last charged.
    waited: Duration,
}

impl Feed {
    pub(super) fn new(collector: Collector, buffer: RecordBuffer) -> Feed {
        let (buffers, lead) = (collector.buffers().clone(), collector.lead());
        let batches = Arc::new(Batches::new(collector));
        let (next, thread, waited) = (None, None, Duration::ZERO);
        let mut feed = Feed { batches, buffer, buffers, next, full: 0, most: 0, thread, waited };
        feed.set_lead(lead);
        feed
    }

    /// Changes how many bytes of records are kept.
    pub(super) fn set_budget(&mut self, budget: u64) {
        let lead = self.batches.give(|collector| {
            collector.set_budget(budget);
            collector.lead()
        });
        self.set_lead(lead);
    }

    /// Sets how many records the guest may be ahead: those of a batch that is not full, and of batches that wait.
    fn set_lead(&mut self, lead: usize) {
        self.full = (lead / 2).min(RawRecords::MOST - MOST);
        self.most = (lead / 2).checked_div(self.full).unwrap_or(0).min(BATCHES);
    }

    /// The collector. The thread uses it until [`Feed::wait`] returns.
    pub(super) fn collector(&self) -> &Arc<Mutex<Collector>> {
        self.batches.collector()
    }

    /// Whether there is something that the collector has not begun to take.
    pub(super) fn is_behind(&self) -> bool {
        self.next.is_some() || self.batches.len() > 0
    }

    /// The guest's records up to its cursor.
    pub(super) fn records(&self, cursor: u32) -> &[u8] {
        self.buffer.records(RECORDS_AT..cursor)
    }

    /// Has the records in that range of the buffer taken, by the thread unless they are few. Returns soon unless the
    /// collector is too far behind. The guest may then use that part of its buffer again.
    pub(super) fn send(&mut self, range: Range<u32>) {
        let records = self.buffer.records(range);
        if records.is_empty() {
            return;
        }
        if records.len() <= SMALL * RECORD as usize && !self.is_behind() {
            let since = Instant::now();
            self.batches.give(|collector| collector.take(records));
            self.waited += since.elapsed();
            return;
        }
        let next = self.next.get_or_insert_with(|| self.buffers.take_raw());
        next.append(records);
        if next.len() >= self.full {
            self.timed(Feed::send_next);
        }
    }

    /// Has the bytes taken that a `memory.init` wrote, like records: its site, address, and offset in its data segment.
    pub(super) fn send_init(&mut self, place: (u32, u64, u64), bytes: &[u8]) {
        // Many bytes are not copied to wait.
        if bytes.len() > LARGE_INIT {
            self.wait();
        }
        if !self.is_behind() && (bytes.len() <= SMALL_INIT || bytes.len() > LARGE_INIT) {
            return self.batches.give(|collector| collector.take_init(place, bytes));
        }
        self.send_next();
        self.send_batch(Batch::Init(place, bytes.to_vec()));
    }

    /// Sends the batch that was begun.
    fn send_next(&mut self) {
        if let Some(next) = self.next.take() {
            self.send_batch(Batch::Records(next));
        }
    }

    /// Sends a batch. The guest's thread helps where too many wait.
    fn send_batch(&mut self, batch: Batch) {
        self.thread.get_or_insert_with(|| CollectorThread::start(&self.batches, &self.buffers)).send(batch);
        while self.batches.len() > self.most {
            self.batches.take_next();
        }
    }

    /// Whether the collector keeps the bytes of a `memory.init` of this length. If not, a checkpoint has to follow it.
    pub(super) fn keeps_bytes(&self, len: u64) -> bool {
        self.batches.give(|collector| collector.keeps_bytes(len))
    }

    /// Makes a checkpoint of the guest's memories, if the collector wants one. The guest waits.
    pub(super) fn checkpoint<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        if self.batches.is_checkpoint_due() {
            self.timed(|feed| feed.checkpoint_now(live));
        }
    }

    /// Makes a checkpoint of the guest's memories. The guest waits.
    pub(super) fn checkpoint_now<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        self.wait();
        self.batches.give(|collector| collector.checkpoint(live));
    }

    /// Waits until the collector has taken everything, and helps.
    pub(super) fn wait(&mut self) {
        while self.batches.take_next() {}
        if let Some(next) = self.next.take() {
            self.batches.give(|collector| collector.take_all(next));
        }
    }

    /// Has the records in that range taken, and waits until the collector has taken everything.
    pub(super) fn finish(&mut self, range: Range<u32>) {
        self.send(range);
        self.timed(Feed::wait);
    }

    /// Does work for which the guest waits.
    pub(super) fn timed<T>(&mut self, work: impl FnOnce(&mut Feed) -> T) -> T {
        let since = Instant::now();
        let result = work(self);
        self.waited += since.elapsed();
        result
    }

    /// Charges the time that the guest waited to the recording.
    pub(super) fn charge(&mut self) {
        let waited = std::mem::take(&mut self.waited);
        if !waited.is_zero() {
            self.batches.give(|collector| collector.charge(waited));
        }
    }
}
