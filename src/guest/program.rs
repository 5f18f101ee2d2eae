//! A program: a module read from a file's bytes and compiled, from which guests are instantiated.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use wasmer::sys::{Cranelift, EngineBuilder, NativeEngineExt};
use wasmer::{CompileError, Engine, Instance, InstantiationError, Module, Store};
use wasmparser::{BinaryReaderError, Validator, WasmFeatures};

use super::imports::Imports;
use super::limits::{LimitingTunables, TABLE_ENTRIES};
use super::stoppable::{Added, Instrumented, OffsetMap};
use super::{Guest, Interface, Limits, Watchdog};
use crate::record::{WASM_PAGE, unit};

const BINARY_MAGIC: &[u8] = b"\0asm";

/// A component begins like a module, with another version and layer.
const COMPONENT_MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";

const COMPONENT: &str = "it is a WebAssembly component, and linmem runs core modules: tools such as wasm-tools and jco \
                         take the core module out of a component";

const SHARED: &str =
    "its memory is shared between threads, and linmem runs one thread: build the guest without threads";

/// A compiled module, from which any number of fresh guests can be made.
pub struct Program {
    engine: Engine,
    module: Module,
    interface: Interface,
    limits: Limits,
    added: Added,
    places: Arc<OffsetMap>,
}

/// Why a module cannot be made into a guest.
#[derive(Debug)]
pub enum LoadError {
    /// The bytes are neither a WebAssembly binary nor text; with what the parser says, and where.
    Text(String),
    /// The bytes are a WebAssembly binary that is damaged, invalid, or needs what wasmer lacks.
    Binary(String),
    /// The module needs more memory at its start than `--max-memory` allows.
    Memory {
        /// What it needs, in WebAssembly pages.
        needs: u64,
        /// The limit, in WebAssembly pages.
        limit: u32,
    },
    /// A data or element segment does not fit into its memory or table.
    Segments,
    /// Anything else that the engine refuses, in its words.
    Refused(String),
}

/// A module that was read and is valid, but not compiled yet: compiling may take seconds.
pub struct Code<'a> {
    engine: Engine,
    binary: Cow<'a, [u8]>,
    interface: Interface,
}

impl Code<'_> {
    /// Reads a module given as a binary or as text, under the name that messages give it; which of them it is, its
    /// first bytes tell.
    ///
    /// # Errors
    /// [`LoadError::Text`], [`LoadError::Binary`].
    pub fn read<'a>(name: &str, bytes: &'a [u8]) -> Result<Code<'a>, LoadError> {
        let binary = binary(name, bytes)?;
        let engine = Engine::from(EngineBuilder::new(Cranelift::default()).engine());
        // As it is, so that what is wrong is told with the offset in the file.
        Module::validate(&engine, &binary).map_err(invalid)?;
        let interface = Interface::read(&binary).map_err(|error| LoadError::Binary(error.to_string()))?;
        if interface.memories.iter().any(|memory| memory.shared) {
            return Err(LoadError::Refused(SHARED.to_owned()));
        }
        Ok(Code { engine, binary, interface })
    }

    /// What the module exports and imports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// Compiles the module.
    ///
    /// # Errors
    /// [`LoadError::Memory`], [`LoadError::Refused`].
    pub fn compile(self, limits: Limits) -> Result<Program, LoadError> {
        let Code { mut engine, binary, interface } = self;
        let Instrumented { binary, added, places, memories, tables } =
            Instrumented::new(&binary).map_err(|error| LoadError::Binary(error.to_string()))?;
        engine.set_tunables(LimitingTunables::new(&limits, memories, tables));
        let module = Module::from_binary(&engine, &binary).map_err(|error| {
            LoadError::Refused(format!("it is too large for the checks that make it stoppable: {}", in_words(error)))
        })?;
        let program = Program { engine, module, interface, limits, added, places: Arc::new(places) };
        program.check_memory()?;
        Ok(program)
    }
}

impl Program {
    /// What the module exports and imports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The limits that its guests have.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Changes the limits of its guests to come, but for that of memory, which it was compiled with.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Limits { memory: self.limits.memory, ..limits };
    }

    /// Makes a fresh guest on this thread, under `watch`. None of its code runs here: the host calls the start
    /// function, [`Guest::start`], next.
    ///
    /// # Errors
    /// [`LoadError::Segments`], [`LoadError::Refused`].
    pub fn instantiate(&self, watch: &Watchdog) -> Result<Guest, LoadError> {
        let mut store = Store::new(self.engine.clone());
        let imports = Imports::new(&mut store, &self.module)?;
        let instance = Instance::new_by_index(&mut store, &self.module, &imports.externs);
        let instance = instance.map_err(|error| match error {
            InstantiationError::Start(_) => LoadError::Segments,
            error => LoadError::Refused(error.to_string()),
        })?;
        Guest::new(store, instance, &imports, self, watch)
            .ok_or_else(|| LoadError::Refused("the rewritten module lacks what was added to it".to_owned()))
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The exports that were added to the module.
    pub(super) fn added(&self) -> &Added {
        &self.added
    }

    /// The way back to places in the module as it was.
    pub(super) fn places(&self) -> &Arc<OffsetMap> {
        &self.places
    }

    fn check_memory(&self) -> Result<(), LoadError> {
        let limit = self.limits.pages();
        let own = self.module.info().memories.len().saturating_sub(1);
        let pages = self.module.info().memories.values().take(own).map(|memory| u64::from(memory.minimum.0));
        let needs = pages.sum();
        if needs > u64::from(limit) {
            return Err(LoadError::Memory { needs, limit });
        }
        let entries: u64 = self.module.info().tables.values().map(|table| u64::from(table.minimum)).sum();
        if entries > u64::from(TABLE_ENTRIES) {
            let words = format!("its tables need {entries} entries at the start, and the limit is {TABLE_ENTRIES}");
            return Err(LoadError::Refused(words));
        }
        Ok(())
    }
}

/// What a module exports and imports, be it one that can be run or not.
///
/// # Errors
/// [`LoadError::Text`] and [`LoadError::Binary`].
pub fn inspect(name: &str, bytes: &[u8]) -> Result<Interface, LoadError> {
    let binary = binary(name, bytes)?;
    let broken = |error: BinaryReaderError| LoadError::Binary(error.to_string());
    Validator::new_with_features(WasmFeatures::all()).validate_all(&binary).map_err(broken)?;
    Interface::read(&binary).map_err(broken)
}

/// The module as a binary.
fn binary<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Refused("the file is empty".to_owned()));
    }
    if bytes.starts_with(COMPONENT_MAGIC) {
        return Err(LoadError::Refused(COMPONENT.to_owned()));
    }
    if bytes.starts_with(BINARY_MAGIC) {
        return Ok(bytes.into());
    }
    wat::parse_bytes(bytes).map_err(|mut error| {
        error.set_path(name);
        LoadError::Text(error.to_string())
    })
}

/// What is wrong with a binary: it is damaged, or it uses what the engine lacks.
fn invalid(error: CompileError) -> LoadError {
    let words = in_words(error);
    let lacking = ["must be enabled", "not enabled", "feature required", "not supported"];
    match lacking.iter().any(|sign| words.contains(sign)) {
        true => LoadError::Refused(format!("it uses a feature of WebAssembly that linmem's engine lacks: {words}")),
        false => LoadError::Binary(words),
    }
}

/// What the compiler says, without its own prefixes: the message and the byte offset.
fn in_words(error: CompileError) -> String {
    match error {
        CompileError::Validate(words) | CompileError::Codegen(words) => words,
        CompileError::Wasm(error) => error.to_string(),
        error => error.to_string(),
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Text(words) => {
                write!(
                    f,
                    "it is not a WebAssembly binary (no \\0asm at its start), and as text it does not parse: {words}"
                )
            }
            LoadError::Binary(words) => write!(f, "the WebAssembly binary is not valid: {words}"),
            LoadError::Memory { needs, limit } => write!(
                f,
                "its memory needs {} bytes ({needs} {}) at the start, and the limit is {} bytes, in whole pages of 64 KiB; \
                 --max-memory {}KiB is the least that will do",
                needs * WASM_PAGE,
                unit(*needs, "page"),
                u64::from(*limit) * WASM_PAGE,
                needs * (WASM_PAGE >> 10)
            ),
            LoadError::Segments => {
                f.write_str("a data segment (or an element segment) does not fit into its memory (or table)")
            }
            LoadError::Refused(words) => f.write_str(words),
        }
    }
}

impl std::error::Error for LoadError {}
