//! Buffers for records, which are used again: to touch memory for the first time takes longer than to fill it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::stored::Record;

/// Maximum number of records in a chunk.
pub(super) const CHUNK: usize = 16_384;

/// Number of buffers that are kept ready.
const READY: usize = 2;

/// Empty buffers, each for a full chunk.
#[derive(Clone, Debug, Default)]
pub struct Buffers(Arc<Mutex<Spare>>);

#[derive(Debug, Default)]
struct Spare {
    buffers: Vec<Vec<Record>>,
    /// How many are kept.
    most: usize,
}

/// The records of a chunk. Their buffer goes back to where it came from.
#[derive(Debug, Default)]
pub(super) struct Records {
    records: Vec<Record>,
    home: Weak<Mutex<Spare>>,
}

impl Buffers {
    /// A buffer for records as a guest wrote them.
    pub fn take_raw(&self) -> RawRecords {
        RawRecords(self.take())
    }

    /// Has the next buffers ready: to touch their memory for the first time takes longer than to fill it.
    pub fn prepare(&self) {
        let is_wanted = |spare: &Spare| spare.buffers.len() < READY.min(spare.most);
        while is_wanted(&lock(&self.0)) {
            let mut buffer = vec![Record::new(1, 0, 0); CHUNK];
            buffer.clear();
            lock(&self.0).buffers.push(buffer);
        }
    }

    /// Changes how many buffers are kept.
    pub(super) fn set_most(&mut self, most: usize) {
        let mut spare = lock(&self.0);
        spare.most = most;
        spare.buffers.truncate(most);
    }

    /// A buffer for a full chunk.
    pub(super) fn take(&self) -> Records {
        let spare = lock(&self.0).buffers.pop();
        Records { records: spare.unwrap_or_else(|| Vec::with_capacity(CHUNK)), home: Arc::downgrade(&self.0) }
    }
}

impl Records {
    /// Gives back the space that is not used.
    pub(super) fn shrink(&mut self) {
        if self.records.len() < self.records.capacity() / 2 {
            *self = self.records.to_vec().into();
        }
    }
}

/// Records as a guest wrote them, for a chunk.
#[derive(Debug)]
pub struct RawRecords(pub(super) Records);

impl RawRecords {
    /// Appends records, of 16 bytes each. Copied one by one, they stay in a cache for the collector; the way in which
    /// many bytes are copied fastest, around the caches, has it wait for memory.
    pub fn append(&mut self, bytes: &[u8]) {
        self.0.extend(bytes.as_chunks().0.iter().map(Record::read));
    }

    /// Maximum number of records.
    pub const MOST: usize = CHUNK;

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        if let Some(home) = self.home.upgrade() {
            let mut records = std::mem::take(&mut self.records);
            records.clear();
            let mut spare = lock(&home);
            if spare.buffers.len() < spare.most {
                spare.buffers.push(records);
            }
        }
    }
}

impl From<Vec<Record>> for Records {
    fn from(records: Vec<Record>) -> Records {
        Records { records, home: Weak::new() }
    }
}

impl Clone for Records {
    fn clone(&self) -> Records {
        self.records.clone().into()
    }
}

impl PartialEq for Records {
    fn eq(&self, other: &Records) -> bool {
        self.records == other.records
    }
}

impl Eq for Records {}

impl Deref for Records {
    type Target = Vec<Record>;

    fn deref(&self) -> &Vec<Record> {
        &self.records
    }
}

impl DerefMut for Records {
    fn deref_mut(&mut self) -> &mut Vec<Record> {
        &mut self.records
    }
}

fn lock(spare: &Mutex<Spare>) -> MutexGuard<'_, Spare> {
    spare.lock().unwrap_or_else(PoisonError::into_inner)
}
