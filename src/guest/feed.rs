//! Feeds a collector from a thread of its own, so that a guest runs on while its records are taken.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::record::Collector;

/// Maximum number of batches that the collector is behind the guest, which waits when there are more.
const BATCHES: usize = 8;

/// Size of a batch for which it is not worth waking the thread.
const SMALL: usize = 8 << 10;

/// A collector and the thread that feeds it. The thread starts with the first batch: few calls need it.
pub(super) struct Feed {
    collector: Arc<Mutex<Collector>>,
    /// Whether the collector wants to make a checkpoint.
    due: Arc<AtomicBool>,
    thread: Option<CollectorThread>,
    /// How long the guest waited for its records to be taken, since that was last charged.
    waited: Duration,
}

/// The guest's ends of the channels to and from the thread.
struct CollectorThread {
    batches: SyncSender<Batch>,
    /// Buffers come back when their batch was taken.
    buffers: Receiver<Vec<u8>>,
    /// Number of batches sent whose buffers are not back.
    pending: usize,
    spare: Vec<Vec<u8>>,
}

/// What the collector takes, in order.
struct Batch {
    /// For the bytes of a `memory.init`, its site and address; `None` for records.
    init: Option<(u32, u64)>,
    bytes: Vec<u8>,
}

impl Feed {
    pub(super) fn new(collector: Collector) -> Feed {
        let (collector, due) = (Arc::new(Mutex::new(collector)), Arc::default());
        Feed { collector, due, thread: None, waited: Duration::ZERO }
    }

    /// The collector. The thread uses it until [`Feed::wait`] returns.
    pub(super) fn collector(&self) -> &Arc<Mutex<Collector>> {
        &self.collector
    }

    /// Whether the thread has something to take.
    pub(super) fn is_busy(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| thread.pending > 0)
    }

    /// Has records taken, by the thread unless they are few. Returns soon unless the collector is too far behind.
    pub(super) fn send(&mut self, records: &[u8]) {
        self.send_batch(None, records);
    }

    /// Has the bytes taken that a `memory.init` wrote at `addr`, like records.
    pub(super) fn send_init(&mut self, site: u32, addr: u64, bytes: &[u8]) {
        self.send_batch(Some((site, addr)), bytes);
    }

    fn send_batch(&mut self, init: Option<(u32, u64)>, bytes: &[u8]) {
        let (collector, due) = (&self.collector, &self.due);
        if bytes.len() <= SMALL && !self.is_busy() {
            return take(&mut lock(collector), due, init, bytes);
        }
        let thread = self.thread.get_or_insert_with(|| CollectorThread::start(collector.clone(), due.clone()));
        let mut buffer = thread.buffer();
        buffer.clear();
        buffer.extend_from_slice(bytes);
        if let Err(batch) = thread.send(Batch { init, bytes: buffer }) {
            take(&mut lock(collector), due, batch.init, &batch.bytes);
        }
    }

    /// Whether the collector keeps the bytes of a `memory.init` of this length. If not, a checkpoint has to follow it.
    pub(super) fn keeps_bytes(&self, len: u64) -> bool {
        lock(&self.collector).keeps_bytes(len)
    }

    /// Makes a checkpoint of the guest's memories, if the collector wants one. The guest waits.
    pub(super) fn checkpoint<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        if self.due.swap(false, Relaxed) {
            self.checkpoint_now(live);
        }
    }

    /// Makes a checkpoint of the guest's memories. The guest waits.
    pub(super) fn checkpoint_now<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        self.finish(&[]);
        lock(&self.collector).checkpoint(live);
    }

    /// Waits until everything that was sent is taken, and then takes the last records on this thread.
    pub(super) fn finish(&mut self, records: &[u8]) {
        if let Some(thread) = &mut self.thread {
            thread.wait();
        }
        if !records.is_empty() {
            lock(&self.collector).take(records);
        }
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
    fn start(collector: Arc<Mutex<Collector>>, due: Arc<AtomicBool>) -> CollectorThread {
        let (batches, received) = sync_channel::<Batch>(BATCHES);
        let (returned, buffers) = sync_channel(BATCHES);
        std::thread::spawn(move || {
            for batch in received {
                take(&mut lock(&collector), &due, batch.init, &batch.bytes);
                if returned.send(batch.bytes).is_err() {
                    return;
                }
            }
        });
        CollectorThread { batches, buffers, pending: 0, spare: Vec::new() }
    }

    /// A buffer for another batch, as soon as one may be sent.
    fn buffer(&mut self) -> Vec<u8> {
        while self.pending >= BATCHES {
            self.wait_for_one();
        }
        if let Ok(buffer) = self.buffers.try_recv() {
            self.pending -= 1;
            return buffer;
        }
        self.spare.pop().unwrap_or_default()
    }

    /// Sends a batch; gives it back if the thread is gone.
    fn send(&mut self, batch: Batch) -> Result<(), Batch> {
        self.batches.send(batch).map_err(|error| error.0)?;
        self.pending += 1;
        Ok(())
    }

    fn wait(&mut self) {
        while self.pending > 0 {
            self.wait_for_one();
        }
    }

    fn wait_for_one(&mut self) {
        match self.buffers.recv() {
            Ok(buffer) => {
                self.pending -= 1;
                self.spare.push(buffer);
            }
            // The thread is gone.
            Err(_) => self.pending = 0,
        }
    }
}

fn take(collector: &mut Collector, due: &AtomicBool, init: Option<(u32, u64)>, bytes: &[u8]) {
    match init {
        Some((site, addr)) => collector.take_init(site, addr, bytes),
        None => collector.take(bytes),
    }
    due.store(collector.is_checkpoint_due(), Relaxed);
}

fn lock(collector: &Mutex<Collector>) -> MutexGuard<'_, Collector> {
    collector.lock().unwrap_or_else(PoisonError::into_inner)
}
