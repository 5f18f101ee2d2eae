//! The shared memory of a guest that has only one thread, which nobody notifies.

use std::ptr::NonNull;
use std::time::Duration;

use wasmer::{MemoryType, Pages};
use wasmer_types::{MemoryError, MemoryStyle};
use wasmer_vm::{ExpectedValue, LinearMemory, VMMemory, VMMemoryDefinition, VMOwnedMemory, WaiterError};

/// The result of a wait whose time has passed.
const TIMED_OUT: u32 = 2;

/// A shared memory that one thread uses. Waiting in it for a limited time times out at once; for ever, it is an error.
#[derive(Debug)]
pub(super) struct LoneMemory(VMOwnedMemory);

impl LoneMemory {
    /// A memory of the host, to be imported.
    pub(super) fn create(ty: &MemoryType, style: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        Ok(VMMemory(Box::new(LoneMemory(VMOwnedMemory::new(ty, style)?))))
    }

    /// A memory of a module, which is defined at `location`.
    ///
    /// # Safety
    /// `location` must be valid for writes, as for [`VMOwnedMemory::from_definition`].
    #[allow(unsafe_code, reason = "so is the function that it calls")]
    pub(super) unsafe fn create_at(
        ty: &MemoryType,
        style: &MemoryStyle,
        location: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        // SAFETY: the caller guarantees it.
        let memory = unsafe { VMOwnedMemory::from_definition(ty, style, location) }?;
        Ok(VMMemory(Box::new(LoneMemory(memory))))
    }
}

impl LinearMemory for LoneMemory {
    fn ty(&self) -> MemoryType {
        self.0.ty()
    }

    fn size(&self) -> Pages {
        self.0.size()
    }

    fn style(&self) -> MemoryStyle {
        self.0.style()
    }

    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        self.0.grow(delta)
    }

    fn grow_at_least(&mut self, size: u64) -> Result<(), MemoryError> {
        self.0.grow_at_least(size)
    }

    fn reset(&mut self) -> Result<(), MemoryError> {
        self.0.reset()
    }

    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.0.vmmemory()
    }

    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        self.0.try_clone()
    }

    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync + 'static>, MemoryError> {
        Ok(Box::new(LoneMemory(self.0.copy()?)))
    }

    #[allow(unsafe_code, reason = "the trait's method is unsafe")]
    unsafe fn do_wait(&mut self, _: u32, _: ExpectedValue, timeout: Option<Duration>) -> Result<u32, WaiterError> {
        // Nothing is accessed. The value was compared before.
        timeout.map(|_| TIMED_OUT).ok_or(WaiterError::Unimplemented)
    }
}
