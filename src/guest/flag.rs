//! The flags that a guest, its driver and its hooks check: a few bytes of memories that are added to the module.

use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use wasmer::{Memory, Store};

use super::instrument::{DEEPEST_AT, LIMIT_AT, MODE_AT, MODE_CALL, RECORDS_AT};
use super::record_buffer::LIMIT;

/// How many words of the memory are flags.
const WORDS: usize = 5;

/// Flags that any thread may set. The first stops the guest. The second makes its [`super::Driver`] return to the host
/// as soon as it can. The third says that the guest called an import. The fourth is the mode of stop points, the fifth
/// the deepest calls to stop at. Where accesses are recorded, the limit of their buffer is a flag too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag {
    words: NonNull<[AtomicU32; WORDS]>,
    limit: Option<NonNull<AtomicU32>>,
}

// SAFETY: it points to atomic integers, which live as long as `Flag::new` demands.
#[allow(unsafe_code, reason = "a flag is for another thread to set")]
unsafe impl Send for Flag {}

impl Flag {
    /// The flags in the first bytes of a memory; `None` if it is too small.
    ///
    /// # Safety
    /// The memory does not grow, the guest's code writes those bytes only with atomic instructions of four bytes and
    /// reads them by aligned loads of four bytes, and the store outlives the flag and its copies.
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn new(memory: &Memory, store: &Store) -> Option<Flag> {
        let view = memory.view(store);
        let words = NonNull::new(view.data_ptr().cast::<[AtomicU32; WORDS]>())?;
        let is_there = view.data_size() >= 4 * WORDS as u64 && words.is_aligned();
        is_there.then_some(Flag { words, limit: None })
    }

    /// The same with the limit of the buffer of records in that memory.
    ///
    /// # Safety
    /// As for [`Flag::new`].
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn with_limit(self, buffer: &Memory, store: &Store) -> Option<Flag> {
        let view = buffer.view(store);
        let limit = NonNull::new(view.data_ptr().cast::<AtomicU32>())?;
        if view.data_size() < 4 || !limit.is_aligned() {
            return None;
        }
        let flag = Flag { limit: Some(limit), ..self };
        flag.set_limit(LIMIT);
        Some(flag)
    }

    /// A second handle on the same flag.
    pub(super) fn copy(&self) -> Flag {
        Flag { words: self.words, limit: self.limit }
    }

    /// Stops the guest, or clears that request.
    pub(super) fn set(&self, stop: bool) {
        self.all()[0].store(u32::from(stop), SeqCst);
    }

    /// Makes the driver return to the host, or clears that request.
    pub(super) fn leave(&self, leave: bool) {
        self.all()[1].store(u32::from(leave), SeqCst);
    }

    /// Notes that the guest called an import. The driver clears this.
    pub(super) fn called(&self) {
        self.all()[2].store(1, Relaxed);
    }

    /// Whether the guest called an import since the driver last cleared that; clears it.
    pub(super) fn take_called(&self) -> bool {
        self.all()[2].swap(0, Relaxed) != 0
    }

    /// Has the guest call its hook at the next stop point, and after the next access that is recorded.
    pub(super) fn call_attention(&self) {
        self.all()[MODE].fetch_or(MODE_CALL, SeqCst);
        self.set_limit(RECORDS_AT);
    }

    /// Whether that was said, and not forgotten since.
    pub(super) fn has_attention(&self) -> bool {
        self.all()[MODE].load(SeqCst) & MODE_CALL != 0
    }

    /// Forgets it.
    pub(super) fn forget_attention(&self) {
        self.all()[MODE].store(0, SeqCst);
        self.set_limit(LIMIT);
    }

    /// Sets when the guest calls its hook from here on: at stop points by this mode and depth of calls, and after every
    /// access or only where the buffer is full.
    pub(super) fn look_out(&self, mode: u32, deepest: i32, accesses: bool) {
        self.all()[DEEPEST].store(deepest.cast_unsigned(), SeqCst);
        self.all()[MODE].fetch_or(mode, SeqCst);
        if accesses {
            self.set_limit(RECORDS_AT);
        }
    }

    #[allow(unsafe_code, reason = "the limit is in the guest's memory")]
    fn set_limit(&self, limit: u32) {
        if let Some(word) = self.limit {
            // SAFETY: as in `all`, by `with_limit`.
            unsafe { word.as_ref() }.store(limit, SeqCst);
        }
    }

    #[allow(unsafe_code, reason = "the flags are in the guest's memory")]
    fn all(&self) -> &[AtomicU32; WORDS] {
        // SAFETY: `new` checked size and alignment, and its caller vouches for the rest.
        unsafe { self.words.as_ref() }
    }
}

const MODE: usize = MODE_AT as usize / 4;
const DEEPEST: usize = DEEPEST_AT as usize / 4;
const _: () = assert!(LIMIT_AT == 0 && MODE < WORDS && DEEPEST < WORDS, "each is a word of its memory");
