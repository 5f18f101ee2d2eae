//! The flags of a guest. Its memory is gone when the guest is.

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use shuttle::sync::atomic::AtomicBool;

#[derive(Debug, Default)]
struct Memory {
    stop: AtomicBool,
    leave: AtomicBool,
    is_gone: AtomicBool,
}

#[derive(Debug, Default)]
pub(crate) struct Flag(Arc<Memory>);

impl PartialEq for Flag {
    fn eq(&self, other: &Flag) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Flag {
    pub(crate) fn copy(&self) -> Flag {
        Flag(self.0.clone())
    }

    pub(crate) fn set(&self, stop: bool) {
        self.memory().stop.store(stop, SeqCst);
    }

    pub(crate) fn leave(&self, leave: bool) {
        self.memory().leave.store(leave, SeqCst);
    }

    pub(crate) fn call_attention(&self) {
        self.memory();
    }

    /// Whether the guest is to stop.
    pub(crate) fn stops(&self) -> bool {
        self.memory().stop.load(SeqCst)
    }

    /// Whether the driver is to return to the host.
    pub(crate) fn leaves(&self) -> bool {
        self.memory().leave.load(SeqCst)
    }

    /// Frees the memory.
    pub(crate) fn free(&self) {
        self.0.is_gone.store(true, SeqCst);
    }

    fn memory(&self) -> &Memory {
        assert!(!self.0.is_gone.load(SeqCst), "the memory is gone");
        &self.0
    }
}
