//! The flags that a guest, its driver and its hooks check: a few bytes of memories that are added to the module.

use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use wasmer::{Memory, Store};

use super::instrument::{DEEPEST_AT, FULL_AT, LIMIT_AT, MODE_AT, MODE_CALL, RECORDS_AT, WINDOW_AT, WINDOW_REST_AT};
use super::record_buffer::LIMIT;

/// How many words of the memory are flags.
const WORDS: usize = 5;
/// How many words at the start of the buffer of records say when the hook is called.
const LIMITS: usize = 4;

/// After which accesses the guest calls its hook, besides when its buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HookAfter {
    /// None.
    Nothing,
    /// Those whose last record has an address from the first of these to the second, bulk operations, and growth.
    Window(u32, u32),
    /// Every access.
    Everything,
}

/// Flags that any thread may set. The first stops the guest. The second makes its [`super::Driver`] return to the host
/// as soon as it can. The third says that the guest called an import. The fourth is the mode of stop points, the fifth
/// the deepest calls to stop at. Where accesses are recorded, what is at the start of their buffer is a flag too.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag {
    words: NonNull<[AtomicU32; WORDS]>,
    limits: Option<NonNull<[AtomicU32; LIMITS]>>,
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
        is_there.then_some(Flag { words, limits: None })
    }

    /// The same with the limit of the buffer of records in that memory.
    ///
    /// # Safety
    /// As for [`Flag::new`].
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn with_limit(self, buffer: &Memory, store: &Store) -> Option<Flag> {
        let view = buffer.view(store);
        let limits = NonNull::new(view.data_ptr().cast::<[AtomicU32; LIMITS]>())?;
        if view.data_size() < 4 * LIMITS as u64 || !limits.is_aligned() {
            return None;
        }
        let flag = Flag { limits: Some(limits), ..self };
        flag.hook_after(HookAfter::Nothing);
        Some(flag)
    }

    /// A second handle on the same flag.
    pub(super) fn copy(&self) -> Flag {
        Flag { words: self.words, limits: self.limits }
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
        self.hook_after(HookAfter::Everything);
    }

    /// Whether that was said, and not forgotten since.
    pub(super) fn has_attention(&self) -> bool {
        self.all()[MODE].load(SeqCst) & MODE_CALL != 0
    }

    /// Forgets it.
    pub(super) fn forget_attention(&self) {
        self.all()[MODE].store(0, SeqCst);
        self.hook_after(HookAfter::Nothing);
    }

    /// Sets when the guest calls its hook from here on, besides what was set since attention was last forgotten: at stop
    /// points by this mode and depth of calls, and after accesses.
    pub(super) fn look_out(&self, mode: u32, deepest: i32, accesses: HookAfter) {
        self.all()[DEEPEST].store(deepest.cast_unsigned(), SeqCst);
        self.all()[MODE].fetch_or(mode, SeqCst);
        if accesses != HookAfter::Nothing {
            self.hook_after(accesses);
        }
    }

    #[allow(unsafe_code, reason = "the limits are in the guest's memory")]
    fn hook_after(&self, accesses: HookAfter) {
        let Some(words) = self.limits else { return };
        // SAFETY: as in `all`, by `with_limit`.
        let words = unsafe { words.as_ref() };
        match accesses {
            HookAfter::Nothing => {
                words[FULL].store(LIMIT, SeqCst);
                words[ENOUGH].store(LIMIT, SeqCst);
            }
            // Only the guest's own thread sets the window. Another may have called for attention meanwhile, which stays.
            HookAfter::Window(first, last) => {
                words[WINDOW].store(first, SeqCst);
                words[WINDOW_REST].store(last.saturating_sub(first), SeqCst);
                words[ENOUGH].store(RECORDS_AT, SeqCst);
            }
            HookAfter::Everything => {
                words[FULL].store(RECORDS_AT, SeqCst);
                words[ENOUGH].store(RECORDS_AT, SeqCst);
            }
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
const ENOUGH: usize = LIMIT_AT as usize / 4;
const FULL: usize = FULL_AT as usize / 4;
const WINDOW: usize = WINDOW_AT as usize / 4;
const WINDOW_REST: usize = WINDOW_REST_AT as usize / 4;
const _: () = assert!(MODE < WORDS && DEEPEST < WORDS, "each is a word of its memory");
const _: () = assert!(ENOUGH < LIMITS && FULL < LIMITS && WINDOW < LIMITS && WINDOW_REST < LIMITS, "and each of these");
