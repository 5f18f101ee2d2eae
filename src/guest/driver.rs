//! A driver: a module of the host's own, beside a guest, that calls its exports for many lines in one go.
//!
//! A call of an export costs the host more than the whole work of many a guest. A driver is entered once for a batch of
//! lines. It imports what it needs of the guest, has a memory of its own through which lines and answers pass, and does
//! nothing else: what it does for each line, its maker says (`abi/recipe/compile`).

use wasmer::{Extern, Imports, Instance, Memory, Module, RuntimeError, TypedFunction};

use super::program::refused;
use super::{Boundary, Func, Guest, Host, LoadError, Program};
use crate::record::Failure;

/// A compiled driver, for any guest of the program that compiled it.
pub struct DriverCode(Module);

/// A driver beside its guest.
pub struct Driver {
    /// Its own memory.
    memory: Memory,
    /// The guest's memory that it reaches into.
    guest_memory: usize,
    run: TypedFunction<(i32, i32, i32, i64, i64), i32>,
}

/// A call of the guest's, made by its driver, did not return.
pub struct Trapped(RuntimeError);

impl DriverCode {
    /// The module that a driver imports functions and globals of the guest from, by their names as exports.
    pub const GUEST: &str = "guest";
    /// The module that it imports two memories from: the guest's, as `memory`, and the one with the flags, as `flags`:
    /// four bytes that are not zero when the guest is to stop, four when the driver is to return as soon as it can, and
    /// four when the guest called an import, which the driver sets to zero again.
    pub const HOST: &str = "host";
    /// The export that is called: from which line on, how many lines there are, where that line begins in the driver's
    /// memory, how many bytes the guest's memory has, how many an answer may have.
    pub const RUN: &str = "run";
    /// The export that is the driver's memory.
    pub const MEMORY: &str = "memory";
}

impl Program {
    /// Compiles a driver.
    ///
    /// # Errors
    /// It is no valid module.
    pub fn compile_driver(&self, binary: &[u8]) -> Result<DriverCode, LoadError> {
        let module = Module::from_binary(self.engine(), binary);
        module.map(DriverCode).map_err(refused)
    }
}

impl Guest {
    /// Puts a driver beside the guest, that reaches into one of its memories; `None` if it imports what is not there.
    pub fn attach(&mut self, code: &DriverCode, memory: usize) -> Option<Driver> {
        let mut imports = Imports::new();
        for import in code.0.imports() {
            let found: Extern = match (import.module(), import.name()) {
                (DriverCode::HOST, "memory") => self.reach.parts.memories.get(memory)?.clone().into(),
                (DriverCode::HOST, "flags") => self.flags.clone().into(),
                (_, name) => self.instance.exports.get_extern(name)?.clone(),
            };
            imports.define(import.module(), import.name(), found);
        }
        let store = &mut self.reach.store;
        let instance = Instance::new(store, &code.0, &imports).ok()?;
        let own = instance.exports.get_memory(DriverCode::MEMORY).ok()?.clone();
        let run = instance.exports.get_typed_function(store, DriverCode::RUN).ok()?;
        Some(Driver { memory: own, guest_memory: memory, run })
    }

    /// The memory of a driver.
    pub fn driver_memory(&mut self, driver: &Driver) -> &mut [u8] {
        self.reach.all_of(&driver.memory)
    }

    /// Has a driver answer lines, from the one of that number on, of `count`; it begins at `at` in the driver's memory.
    /// `host` answers the imports that the guest calls. Returns what the driver does. To be called inside
    /// [`super::Watch::during_batch`].
    ///
    /// # Errors
    /// A call of the guest's did not return: [`Guest::why`] tells more.
    pub fn drive(
        &mut self,
        driver: &Driver,
        (line, count, at): (u32, u32, u32),
        host: &mut dyn Host,
    ) -> Result<i32, Trapped> {
        let size = self.bytes(driver.guest_memory).len() as u64;
        let longest = self.reach.parts.limits.get().output;
        let [size, longest] = [size, longest].map(u64::cast_signed);
        let [line, count, at] = [line, count, at].map(u32::cast_signed);
        self.reach.parts.flag.take_called();
        let outcome = self.reach.enter(host, |store, _| driver.run.call(store, line, count, at, size, longest));
        outcome.map_err(Trapped)
    }

    /// Whether the guest called an import since its driver last asked.
    pub fn called_an_import(&self) -> bool {
        self.reach.parts.flag.take_called()
    }

    /// Why a driver's call of `func`, with these bits as arguments, did not return.
    pub fn why(&self, trapped: Trapped, func: &Func, args: &[u64]) -> Failure {
        self.reach.describe(trapped.0, func, &func.values(args).collect::<Vec<_>>(), 1)
    }
}
