//! Batches of records on their way to a collector, which the guest's thread and one of their own take in turn.
//!
//! To wake a thread takes longer than to copy a batch, so the other thread looks for the next batch by itself for a
//! while, before it sleeps.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;
use std::time::Duration;

use super::sync::{Arc, AtomicBool, Mutex, MutexGuard, Thread, park, park_timeout, spawn};
use crate::record::{Buffers, Collector, RawRecords};

/// How long the thread waits before it looks for the next batch, and how often it finds none before it sleeps.
const PAUSE: Duration = Duration::from_micros(50);
const PAUSES: u32 = 20;

/// What a collector takes, in order.
pub(super) enum Batch {
    Records(RawRecords),
    /// The bytes of a `memory.init`, with its site, address, and offset in its data segment.
    Init((u32, u64, u64), Vec<u8>),
}

/// A collector, and the batches that it has not taken.
pub(super) struct Batches {
    collector: Arc<Mutex<Collector>>,
    /// Whether the collector wants to make a checkpoint.
    due: AtomicBool,
    /// Taken from while the collector is locked, so that it gets them in order.
    waiting: Mutex<VecDeque<Batch>>,
    /// Whether the thread sleeps until it is woken, and whether it is to end.
    is_asleep: AtomicBool,
    is_over: AtomicBool,
}

/// The thread that gives batches to the collector. It ends when this is dropped.
pub(super) struct CollectorThread {
    batches: Arc<Batches>,
    thread: Thread,
}

impl Batches {
    pub(super) fn new(collector: Collector) -> Batches {
        Batches {
            collector: Arc::new(Mutex::new(collector)),
            due: AtomicBool::new(false),
            waiting: Mutex::default(),
            is_asleep: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
        }
    }

    /// The collector, which may not have taken all batches.
    pub(super) fn collector(&self) -> &Arc<Mutex<Collector>> {
        &self.collector
    }

    /// The number of batches that nobody has begun to take.
    pub(super) fn len(&self) -> usize {
        lock(&self.waiting).len()
    }

    /// Has the collector do something at once, when it has taken what it is at.
    pub(super) fn give<T>(&self, give: impl FnOnce(&mut Collector) -> T) -> T {
        self.give_to(&mut lock(&self.collector), give)
    }

    fn give_to<T>(&self, collector: &mut Collector, give: impl FnOnce(&mut Collector) -> T) -> T {
        let result = give(collector);
        self.due.store(collector.is_checkpoint_due(), SeqCst);
        result
    }

    /// Whether the collector wants to make a checkpoint.
    pub(super) fn is_checkpoint_due(&self) -> bool {
        self.due.load(SeqCst)
    }

    /// Gives the next batch to the collector. Returns false if there is none, and the collector has taken all others.
    pub(super) fn take_next(&self) -> bool {
        let mut collector = lock(&self.collector);
        let Some(batch) = lock(&self.waiting).pop_front() else { return false };
        self.give_to(&mut collector, |collector| match batch {
            Batch::Records(records) => collector.take_all(records),
            Batch::Init(place, bytes) => collector.take_init(place, &bytes),
        });
        true
    }

    /// Gives batches to the collector until it is over.
    fn serve(&self, buffers: &Buffers) {
        let mut pauses = 0;
        while !self.is_over.load(SeqCst) {
            if self.len() > 0 && self.take_next() {
                buffers.prepare();
                pauses = 0;
            } else if pauses < PAUSES {
                park_timeout(PAUSE);
                pauses += 1;
            } else {
                self.sleep();
                pauses = 0;
            }
        }
    }

    /// Sleeps until it is woken. Who changed anything before this says that it sleeps does not wake it.
    fn sleep(&self) {
        self.is_asleep.store(true, SeqCst);
        while self.is_asleep.load(SeqCst) && self.len() == 0 && !self.is_over.load(SeqCst) {
            park();
        }
        self.is_asleep.store(false, SeqCst);
    }
}

impl CollectorThread {
    pub(super) fn start(batches: &Arc<Batches>, buffers: &Buffers) -> CollectorThread {
        let (served, buffers) = (batches.clone(), buffers.clone());
        let handle = spawn(move || served.serve(&buffers));
        CollectorThread { batches: batches.clone(), thread: handle.thread().clone() }
    }

    /// Puts a batch behind the others.
    pub(super) fn send(&self, batch: Batch) {
        lock(&self.batches.waiting).push_back(batch);
        self.wake();
    }

    fn wake(&self) {
        if self.batches.is_asleep.swap(false, SeqCst) {
            self.thread.unpark();
        }
    }
}

impl Drop for CollectorThread {
    fn drop(&mut self) {
        self.batches.is_over.store(true, SeqCst);
        self.wake();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
