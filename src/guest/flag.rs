//! The flags that a guest and its driver check: a few bytes of a memory that is added to the module.

use std::ptr::NonNull;
use std::sync::atomic::{
    AtomicU32,
    Ordering::{Relaxed, SeqCst},
};

use wasmer::{Memory, Store};

/// Flags that any thread may set. The first stops the guest. The second makes its [`super::Driver`] return to the host
/// as soon as it can. The third says that the guest called an import.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag(NonNull<[AtomicU32; 3]>);

// SAFETY: it points to atomic integers, which live as long as `Flag::new` demands.
#[allow(unsafe_code, reason = "a flag is for another thread to set")]
unsafe impl Send for Flag {}

impl Flag {
    /// The flags in the first twelve bytes of a memory; `None` if it is too small.
    ///
    /// # Safety
    /// The memory does not grow, the guest's code accesses those bytes only with atomic instructions of four bytes, and
    /// the store outlives the flag and its copies.
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn new(memory: &Memory, store: &Store) -> Option<Flag> {
        let view = memory.view(store);
        let flags = NonNull::new(view.data_ptr().cast::<[AtomicU32; 3]>())?;
        (view.data_size() >= 12 && flags.is_aligned()).then_some(Flag(flags))
    }

    /// A second handle on the same flag.
    pub(super) fn copy(&self) -> Flag {
        Flag(self.0)
    }

    /// Stops the guest, or clears that request.
    pub(super) fn set(&self, stop: bool) {
        self.all()[0].store(u32::from(stop), SeqCst);
    }

    /// Makes the driver return to the host, or clears that request.
    pub(super) fn leave(&self, leave: bool) {
        self.all()[1].store(u32::from(leave), SeqCst);
    }

    /// Sets the flag that the guest called an import. The driver clears it.
    pub(super) fn called(&self) {
        self.all()[2].store(1, Relaxed);
    }

    /// Clears the flag that the guest called an import, and returns whether it was set.
    pub(super) fn take_called(&self) -> bool {
        self.all()[2].swap(0, Relaxed) != 0
    }

    #[allow(unsafe_code, reason = "the flags lie in the guest's memory")]
    fn all(&self) -> &[AtomicU32; 3] {
        // SAFETY: `new` checked size and alignment, and its caller guarantees the rest.
        unsafe { self.0.as_ref() }
    }
}
