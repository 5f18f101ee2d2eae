//! The address of the last memory access of a guest that the processor refused.
//!
//! A guest's memory is followed by addresses that are not mapped, so that an access past its end is a fault of the
//! processor, which the engine makes a trap of. The engine does not tell the address. Its handler asks this first.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use wasmer::Store;

/// The address, as the host sees it; 0 if there is none.
#[derive(Clone, Debug, Default)]
pub(super) struct Fault(Arc<AtomicUsize>);

impl Fault {
    /// Notes the faults of a store's guests from here on. Where the system does not tell addresses, there are none.
    #[cfg(unix)]
    #[allow(unsafe_code, reason = "the system passes what it knows of a fault by pointer")]
    pub(super) fn of(store: &mut Store) -> Fault {
        let fault = Fault::default();
        let noted = fault.clone();
        store.set_trap_handler(Some(Box::new(move |_, info, _| {
            // SAFETY: the engine passes on what the system gave its handler, which is valid during the call. For other
            // signals than those of faults this is no address of data: it is in no memory then.
            let addr = unsafe { info.as_ref().map_or(0, |info| info.si_addr().addr()) };
            noted.0.store(addr, SeqCst);
            // The engine goes on with it.
            false
        })));
        fault
    }

    /// The same on systems that this cannot ask.
    #[cfg(not(unix))]
    pub(super) fn of(_: &mut Store) -> Fault {
        Fault::default()
    }

    /// The address of the last fault, which is forgotten.
    pub(super) fn take(&self) -> Option<usize> {
        Some(self.0.swap(0, SeqCst)).filter(|&addr| addr != 0)
    }
}
