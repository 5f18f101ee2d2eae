//! Compiled code as bytes, and back. This is where linmem trusts bytes from outside its own memory.

use wasmer::{Engine, Module};

/// Compiled code as bytes. `None` if the engine cannot do that.
pub(super) fn of(module: &Module) -> Option<Vec<u8>> {
    module.serialize().ok().map(|bytes| bytes.to_vec())
}

/// The compiled code in these bytes, which [`of`] returned for an engine with the same settings. `None` if they are for
/// another processor or another version of the engine.
///
/// # Safety
/// The code is executed as it is. The bytes must be unchanged since [`of`] returned them, in a process of the same
/// linmem, and nobody but the user can have supplied them.
#[allow(unsafe_code, reason = "compiled code can be loaded in no other way")]
pub(super) unsafe fn load(engine: &Engine, bytes: Vec<u8>) -> Option<Module> {
    // SAFETY: as the caller vouches for the bytes. The variant that checks the structure is used all the same.
    unsafe { Module::deserialize(engine, bytes) }.ok()
}
