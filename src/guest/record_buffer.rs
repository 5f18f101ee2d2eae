//! The buffer that a guest writes its records to: a memory of its own, which is emptied whenever it is full.

use std::ops::Range;
use std::ptr::NonNull;

use wasmer::{Memory, Store};

use super::instrument::{RECORD, RECORDS_AT, RECORDS_END};

/// The address from which on the guest is to call its hook. One access may make two records.
pub(super) const LIMIT: u32 = RECORDS_END - 2 * RECORD;

/// A guest's buffer.
pub(super) struct RecordBuffer(NonNull<u8>);

impl RecordBuffer {
    /// The buffer in a memory; `None` if it is too small.
    ///
    /// # Safety
    /// The memory does not grow, the store outlives the buffer, and the guest does not run while its records are looked
    /// at.
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn new(memory: &Memory, store: &Store) -> Option<RecordBuffer> {
        let view = memory.view(store);
        let start = NonNull::new(view.data_ptr())?;
        (view.data_size() >= u64::from(RECORDS_END)).then_some(RecordBuffer(start))
    }

    /// The records between two values of the guest's cursor.
    #[allow(unsafe_code, reason = "the records are in the guest's memory")]
    pub(super) fn records(&self, range: Range<u32>) -> &[u8] {
        let [start, end] = [range.start, range.end].map(|cursor| cursor.clamp(RECORDS_AT, RECORDS_END));
        let len = end.saturating_sub(start) / RECORD * RECORD;
        // SAFETY: the range lies in the memory, and the caller of `new` vouches for the rest.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().add(start as usize), len as usize) }
    }
}
