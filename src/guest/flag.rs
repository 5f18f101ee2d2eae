//! The flags that stop a guest: eight bytes of a memory that was added to its module.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use wasmer::{Memory, Store};

/// Flags that any thread may set, and that the guest's code looks at. The first stops it at once. The second has a
/// [`super::Driver`] end its batch, once it is done with its present line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flag(NonNull<[AtomicU32; 2]>);

// SAFETY: what it points to is atomic, and stays for as long as `Flag::new` demands.
#[allow(unsafe_code, reason = "a flag is for another thread to set")]
unsafe impl Send for Flag {}

impl Flag {
    /// The flags in the first eight bytes of a memory that never grows.
    ///
    /// The store must outlive the flag and its copies: [`super::Guest`] sees to it, by dismissing the watch
    /// before it is dropped.
    pub(super) fn new(memory: &Memory, store: &Store) -> Option<Flag> {
        let view = memory.view(store);
        if view.data_size() < 8 {
            return None;
        }
        NonNull::new(view.data_ptr().cast()).map(Flag)
    }

    /// A second handle on the same flag.
    pub(super) fn copy(&self) -> Flag {
        Flag(self.0)
    }

    /// Stops the guest, or takes that back.
    pub(super) fn set(&self, stop: bool) {
        self.both()[0].store(u32::from(stop), SeqCst);
    }

    /// Has a batch of lines end with its present one, or takes that back.
    pub(super) fn leave(&self, leave: bool) {
        self.both()[1].store(u32::from(leave), SeqCst);
    }

    #[allow(unsafe_code, reason = "the flags lie in the guest's memory")]
    fn both(&self) -> &[AtomicU32; 2] {
        // SAFETY: the memory begins at a page, so it is aligned, has eight bytes at least, never grows, and
        // outlives the flags (see `new`). Guest code reads it with atomic instructions only.
        unsafe { self.0.as_ref() }
    }
}
