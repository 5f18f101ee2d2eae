//! A driver: a generated module next to a guest that calls its exports for many lines at a time.
//!
//! Calling an export from the host may cost more than the guest's own work. A driver is entered once per batch of
//! lines. It imports what it needs of the guest, and has its own memory to pass lines and answers through.
//! `abi/recipe/compile` generates it.

use wasmer::{Engine, Extern, Imports, Instance, Memory, Module, RuntimeError, TypedFunction};

use super::cache::{Cache, Key};
use super::compile::message;
use super::{Boundary, Func, Guest, Host, LoadError, Program, artifact};
use crate::record::Failure;

/// A driver to compile, on any thread.
pub struct DriverJob {
    engine: Engine,
    binary: Vec<u8>,
    /// Where compiled code is kept, if it is.
    cache: Option<(Cache, Key)>,
}

/// A compiled driver, for any guest of the same program.
pub struct DriverCode(Module);

/// A driver instance, attached to a guest.
pub struct Driver {
    /// Its own memory.
    memory: Memory,
    /// The guest's memory that it accesses.
    guest_memory: usize,
    run: TypedFunction<(i32, i32, i32, i64, i64), i32>,
}

/// A guest call made by a driver did not return.
pub struct Trapped(RuntimeError);

impl DriverCode {
    /// The module name for functions and globals of the guest, by export name.
    pub const GUEST: &str = "guest";
    /// The module name for two memories: the guest's, as `memory`, and the flags, as `flags`. The flags are three
    /// 32-bit numbers, each set if not zero: the guest must stop; the driver must return soon; the guest called an
    /// import. The driver resets the last.
    pub const HOST: &str = "host";
    /// The exported function. Parameters: index of the first line, number of lines, where that line begins in the
    /// driver's memory, size of the guest's memory in bytes, maximum size of an answer in bytes.
    pub const RUN: &str = "run";
    /// The driver's exported memory.
    pub const MEMORY: &str = "memory";
}

impl Program {
    /// A driver for its guests, from this binary.
    pub fn driver(&self, binary: Vec<u8>) -> DriverJob {
        let cache = self.cache().map(|(cache, key)| (cache.clone(), key.of_driver(&binary)));
        DriverJob { engine: self.engine().clone(), binary, cache }
    }
}

impl DriverJob {
    /// The compiled driver, if it was kept.
    #[allow(unsafe_code, reason = "the compiled code comes from a file")]
    pub fn find(&self) -> Option<DriverCode> {
        let (cache, key) = self.cache.as_ref()?;
        let entry = cache.find(key)?;
        // SAFETY: as for the module that it drives: the file has the checksum and the key that it was written with, by
        // a linmem of the same sources, and nobody but the user could have written it.
        unsafe { artifact::load(&self.engine, entry.artifact) }.map(DriverCode)
    }

    /// Compiles the driver, and keeps it.
    ///
    /// # Errors
    /// The binary is not a valid module.
    pub fn compile(&self) -> Result<DriverCode, LoadError> {
        let module = Module::from_binary(&self.engine, &self.binary);
        let module = module.map_err(|error| LoadError::Compile(message(error)))?;
        if let Some((cache, key)) = &self.cache
            && let Some(bytes) = artifact::of(&module)
        {
            cache.keep(key, &[], &bytes);
        }
        Ok(DriverCode(module))
    }
}

impl Guest {
    /// Attaches a driver to the guest and one of its memories. `None` if an import of the driver is missing, or the guest
    /// runs quick code: its compiler cannot compile drivers, which use SIMD, and does not keep the registers that code of
    /// the other one relies on.
    pub fn attach(&mut self, code: &DriverCode, memory: usize) -> Option<Driver> {
        if self.is_quick() {
            return None;
        }
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

    /// The driver's own memory.
    pub fn driver_memory(&mut self, driver: &Driver) -> &mut [u8] {
        self.reach.all_of(&driver.memory)
    }

    /// Runs a driver from the line with this number on, of `count`, which begins at `at` in the driver's memory.
    /// `host` handles the imports that the guest calls. Returns the driver's result. Call it inside
    /// [`super::Watchdog::during_batch`].
    ///
    /// # Errors
    /// A guest call did not return; see [`Guest::why`].
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

    /// Whether the guest called an import since the last query.
    pub fn called_an_import(&self) -> bool {
        self.reach.parts.flag.take_called()
    }

    /// Why a driver's call of `func`, with these bits as arguments, did not return.
    pub fn why(&mut self, trapped: Trapped, func: &Func, args: &[u64]) -> Failure {
        self.reach.describe(trapped.0, func, &func.values(args).collect::<Vec<_>>(), 1)
    }
}
