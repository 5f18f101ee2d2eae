//! Feeds a collector from a thread of its own, so that a guest runs on while its records are taken.
//!
//! The guest's thread copies records out of the guest's buffer, which so stays in its cache: to write where another
//! thread reads takes several times as long, wherever the two have no cache in common.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::instrument::{RECORD, RECORDS_END};
use super::record_buffer::RecordBuffer;
use crate::record::{Buffers, Collector, RawRecords};

/// Maximum number of batches that the collector is behind the guest, which waits when there are more.
const BATCHES: usize = 16;
/// As many, and the one that makes the guest wait.
const CHANNEL: usize = BATCHES + 1;

/// Number of records, and of bytes of a `memory.init`, for which it is not worth waking the thread.
const SMALL: usize = 512;
const SMALL_INIT: usize = 8 << 10;
/// Number of bytes of a `memory.init` that would take too much memory while they wait.
const LARGE_INIT: usize = 1 << 20;

/// The most records that the guest's buffer has.
const MOST: usize = (RECORDS_END / RECORD) as usize;

/// A collector and the thread that feeds it. The thread starts with the first batch: few calls need it.
pub(super) struct Feed {
    collector: Arc<Mutex<Collector>>,
    /// Whether the collector wants to make a checkpoint.
    due: Arc<AtomicBool>,
    buffer: RecordBuffer,
    /// Where the batches come from.
    buffers: Buffers,
    /// The next batch, if it was begun.
    next: Option<RawRecords>,
    /// The number of records from which on a batch is sent, and how many batches may wait then.
    full: usize,
    most: u64,
    thread: Option<CollectorThread>,
    /// How long the guest waited for its records to be taken, since that was last charged.
    waited: Duration,
}

/// The guest's ends of the channels to and from the thread.
struct CollectorThread {
    batches: SyncSender<Batch>,
    /// Says of each batch that it was taken.
    taken: Receiver<()>,
    /// Number of batches that were sent, and of those that were taken.
    sent: u64,
    done: u64,
}

/// What the collector takes, in order.
enum Batch {
    Records(RawRecords),
    /// The bytes of a `memory.init`, with its site and address.
    Init(u32, u64, Vec<u8>),
}

impl Feed {
    pub(super) fn new(collector: Collector, buffer: RecordBuffer) -> Feed {
        let (buffers, lead) = (collector.buffers().clone(), collector.lead());
        let (collector, due) = (Arc::new(Mutex::new(collector)), Arc::default());
        let (next, thread, waited) = (None, None, Duration::ZERO);
        let mut feed = Feed { collector, due, buffer, buffers, next, full: 0, most: 0, thread, waited };
        feed.set_lead(lead);
        feed
    }

    /// Changes how many bytes of records are kept.
    pub(super) fn set_budget(&mut self, budget: u64) {
        let lead = {
            let mut collector = lock(&self.collector);
            collector.set_budget(budget);
            collector.lead()
        };
        self.set_lead(lead);
    }

    /// Sets how many records the guest may be ahead: those of a batch that is not full, and of batches that wait.
    fn set_lead(&mut self, lead: usize) {
        self.full = (lead / 2).min(RawRecords::MOST - MOST);
        self.most = (lead / 2).checked_div(self.full).unwrap_or(0).min(BATCHES) as u64;
    }

    /// The collector. The thread uses it until [`Feed::wait`] returns.
    pub(super) fn collector(&self) -> &Arc<Mutex<Collector>> {
        &self.collector
    }

    /// Whether there is something that the collector has not taken.
    pub(super) fn is_busy(&self) -> bool {
        self.next.is_some() || self.thread.as_ref().is_some_and(|thread| thread.sent > thread.done)
    }

    /// Has the records up to the guest's cursor taken, by the thread unless they are few. Returns soon unless the
    /// collector is too far behind. The guest may then use its buffer from the start.
    pub(super) fn send(&mut self, cursor: u32) {
        let records = self.buffer.records(cursor);
        if records.len() <= SMALL * RECORD as usize && !self.is_busy() {
            return take(&self.collector, &self.due, |collector| collector.take(records));
        }
        if records.is_empty() {
            return;
        }
        let next = self.next.get_or_insert_with(|| self.buffers.take_raw());
        next.append(records);
        if next.len() >= self.full {
            self.send_next();
        }
    }

    /// Has the bytes taken that a `memory.init` wrote at `addr`, like records.
    pub(super) fn send_init(&mut self, site: u32, addr: u64, bytes: &[u8]) {
        // Many bytes are not copied to wait.
        if bytes.len() > LARGE_INIT {
            self.wait();
        }
        if !self.is_busy() && (bytes.len() <= SMALL_INIT || bytes.len() > LARGE_INIT) {
            return take(&self.collector, &self.due, |collector| collector.take_init(site, addr, bytes));
        }
        self.send_next();
        self.send_batch(Batch::Init(site, addr, bytes.to_vec()));
    }

    /// Sends the batch that was begun.
    fn send_next(&mut self) {
        if let Some(next) = self.next.take() {
            self.send_batch(Batch::Records(next));
        }
    }

    fn send_batch(&mut self, batch: Batch) {
        let thread = self.thread.get_or_insert_with(|| {
            CollectorThread::start(self.collector.clone(), self.due.clone(), self.buffers.clone())
        });
        if let Err(batch) = thread.send(batch) {
            take(&self.collector, &self.due, |collector| batch.give(collector));
        }
        thread.wait_for(thread.sent.saturating_sub(self.most));
    }

    /// Whether the collector keeps the bytes of a `memory.init` of this length. If not, a checkpoint has to follow it.
    pub(super) fn keeps_bytes(&self, len: u64) -> bool {
        lock(&self.collector).keeps_bytes(len)
    }

    /// Makes a checkpoint of the guest's memories, if the collector wants one. The guest waits.
    pub(super) fn checkpoint<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        if self.due.load(Relaxed) {
            self.checkpoint_now(live);
        }
    }

    /// Makes a checkpoint of the guest's memories. The guest waits.
    pub(super) fn checkpoint_now<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        self.wait();
        lock(&self.collector).checkpoint(live);
        self.due.store(false, Relaxed);
    }

    /// Waits until the collector has taken everything. The batch that was begun is taken on this thread, which would only
    /// wait for the other.
    pub(super) fn wait(&mut self) {
        if let Some(thread) = &mut self.thread {
            thread.wait_for(thread.sent);
        }
        if let Some(next) = self.next.take() {
            take(&self.collector, &self.due, |collector| collector.take_all(next));
        }
    }

    /// Has the records up to the guest's cursor taken, and waits until the collector has taken everything.
    pub(super) fn finish(&mut self, cursor: u32) {
        self.send(cursor);
        self.wait();
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
            lock(&self.collector).charge(waited);
        }
    }
}

impl CollectorThread {
    fn start(collector: Arc<Mutex<Collector>>, due: Arc<AtomicBool>, buffers: Buffers) -> CollectorThread {
        let (batches, received) = sync_channel::<Batch>(CHANNEL);
        let (says, taken) = sync_channel(CHANNEL);
        std::thread::spawn(move || {
            for batch in received {
                take(&collector, &due, |collector| batch.give(collector));
                if says.send(()).is_err() {
                    return;
                }
                buffers.prepare();
            }
        });
        CollectorThread { batches, taken, sent: 0, done: 0 }
    }

    /// Sends a batch; gives it back if the thread is gone.
    fn send(&mut self, batch: Batch) -> Result<(), Batch> {
        self.batches.send(batch).map_err(|error| error.0)?;
        self.sent += 1;
        Ok(())
    }

    /// Waits until so many batches are taken.
    fn wait_for(&mut self, count: u64) {
        while self.done < count {
            match self.taken.recv() {
                Ok(()) => self.done += 1,
                // The thread is gone.
                Err(_) => self.done = self.sent,
            }
        }
        while self.taken.try_recv().is_ok() {
            self.done += 1;
        }
    }
}

impl Batch {
    fn give(self, collector: &mut Collector) {
        match self {
            Batch::Records(records) => collector.take_all(records),
            Batch::Init(site, addr, bytes) => collector.take_init(site, addr, &bytes),
        }
    }
}

/// Has the collector take something, and notes whether it wants a checkpoint then.
fn take(collector: &Mutex<Collector>, due: &AtomicBool, give: impl FnOnce(&mut Collector)) {
    let mut collector = lock(collector);
    give(&mut collector);
    due.store(collector.is_checkpoint_due(), Relaxed);
}

fn lock(collector: &Mutex<Collector>) -> MutexGuard<'_, Collector> {
    collector.lock().unwrap_or_else(PoisonError::into_inner)
}
