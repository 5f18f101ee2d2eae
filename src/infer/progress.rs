//! How far an inference is, for whoever waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// How far an inference is. Clones share it; any thread may read it.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    tried: AtomicU64,
    ways: AtomicU64,
    guests: AtomicU64,
}

impl Progress {
    /// How many ways to pass the line were tried.
    pub fn tried(&self) -> u64 {
        self.counts.tried.load(Relaxed)
    }

    /// How many ways there are, as far as known.
    pub fn ways(&self) -> u64 {
        self.counts.ways.load(Relaxed)
    }

    /// How many guests were created.
    pub fn guests(&self) -> u64 {
        self.counts.guests.load(Relaxed)
    }

    pub(super) fn add_tried(&self) {
        self.counts.tried.fetch_add(1, Relaxed);
    }

    pub(super) fn add_ways(&self, ways: usize) {
        self.counts.ways.fetch_add(ways as u64, Relaxed);
    }

    pub(super) fn add_guest(&self) {
        self.counts.guests.fetch_add(1, Relaxed);
    }
}
