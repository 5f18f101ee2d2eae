//! The flag that stops a guest: four bytes of a memory that was added to its module.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use wasmer::{Memory, Store};

/// A flag that any thread may set, and that the guest's code looks at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag(NonNull<AtomicU32>);

// SAFETY: what it points to is atomic, and stays for as long as `Flag::new` demands.
#[allow(unsafe_code, reason = "a flag is for another thread to set")]
unsafe impl Send for Flag {}

impl Flag {
    /// The flag in the first four bytes of a memory that never grows.
    ///
    /// The store must outlive the flag and its copies: [`super::Guest`] sees to it, by dismissing the watch
    /// before it is dropped.
    pub(super) fn new(memory: &Memory, store: &Store) -> Option<Flag> {
        let view = memory.view(store);
        if view.data_size() < 4 {
            return None;
        }
        NonNull::new(view.data_ptr().cast()).map(Flag)
    }

    /// A second handle on the same flag.
    pub(super) fn copy(&self) -> Flag {
        Flag(self.0)
    }

    /// Sets the flag, or takes it back.
    #[allow(unsafe_code, reason = "the flag lies in the guest's memory")]
    pub(super) fn set(&self, stop: bool) {
        // SAFETY: the memory begins at a page, so it is aligned, has four bytes at least, never grows, and
        // outlives the flag (see `new`). Guest code reads it with atomic instructions only.
        unsafe { self.0.as_ref() }.store(u32::from(stop), SeqCst);
    }
}
