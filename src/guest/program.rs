//! A program: a compiled module, from which guests are instantiated.

use std::borrow::Cow;
use std::sync::Arc;

use thiserror::Error;
use wasmer::sys::{Cranelift, EngineBuilder, NativeEngineExt};
use wasmer::{CompileError, Engine, Module};
use wasmparser::BinaryReaderError;

use super::instrument::{AddedExports, Instrumented, OffsetMap};
use super::limits::{LimitingTunables, TABLE_ENTRIES};
use super::validate::Fault;
use super::{Interface, Limits, NoSymbols, Passes, PointRequest, Points, Symbols, text, validate};
use crate::record::{Site, Traced, WASM_PAGE, counted, plain};

const BINARY_MAGIC: &[u8] = b"\0asm";

/// A component begins like a module, with another version and layer.
const COMPONENT_MAGIC: &[u8] = b"\0asm\x0d\0\x01\0";

/// A compiled module, from which any number of guests can be instantiated.
pub struct Program {
    engine: Engine,
    module: Module,
    interface: Interface,
    limits: Limits,
    added: AddedExports,
    offsets: Arc<OffsetMap>,
    /// The instructions whose accesses guests record.
    sites: Arc<[Site]>,
    points: Points,
    passes: Passes,
    /// Why guests record nothing, if they were supposed to.
    why_untraced: Option<String>,
    symbols: Arc<dyn Symbols>,
}

/// Why a module cannot be loaded or instantiated.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// The bytes are neither a WebAssembly binary nor text; with the parser's message and position.
    #[error("not a WebAssembly binary (it does not begin with \\0asm), and not valid WebAssembly text: {0}")]
    Text(String),
    /// The text is not a valid module; with the line and column.
    #[error("not a valid WebAssembly module: {0}")]
    InvalidText(String),
    /// The binary is malformed or invalid.
    #[error("not a valid WebAssembly module: {message} (at offset {offset:#x})")]
    Invalid {
        /// The validator's message.
        message: String,
        /// The byte offset of the error.
        offset: u64,
    },
    /// It is a component, not a module.
    #[error(
        "this is a WebAssembly component, and linmem runs core modules: tools such as wasm-tools and jco can extract one"
    )]
    Component,
    /// The module is valid, but uses these features, which the engine does not support.
    #[error("the module uses features that the engine does not support: {}", .0.join(", "))]
    Features(Vec<String>),
    /// The compiler rejects the module, or the instrumentation added to it.
    #[error("the module cannot be compiled: {0}")]
    Compile(String),
    /// The module's initial memory exceeds `--max-memory`.
    #[error(
        "the module's memory needs {} ({}) at the start, but the limit is {}; --max-memory {}KiB would be enough",
        counted(.needs * WASM_PAGE, "byte"),
        counted(*.needs, "page"),
        counted(u64::from(*.limit) * WASM_PAGE, "byte"),
        .needs * (WASM_PAGE >> 10)
    )]
    Memory {
        /// The initial size, in WebAssembly pages.
        needs: u64,
        /// The limit, in WebAssembly pages.
        limit: u32,
    },
    /// The module's initial tables exceed the limit.
    #[error("the module's tables initially need {needs} entries, but the limit is {TABLE_ENTRIES}")]
    Tables {
        /// The initial number of entries.
        needs: u64,
    },
    /// An import other than a function cannot be provided.
    #[error("the import {} cannot be provided: {reason}", plain(.import))]
    Import {
        /// The import, as `module.name`.
        import: String,
        /// Why.
        reason: String,
    },
    /// A data or element segment does not fit into its memory or table.
    #[error("a data or element segment does not fit into its memory or table")]
    Segments,
    /// The engine refuses to instantiate the module for another reason; with its message.
    #[error("the module cannot be instantiated: {0}")]
    Instantiate(String),
}

/// A valid module, not compiled yet: compiling may take seconds.
pub struct Code<'a> {
    engine: Engine,
    binary: Cow<'a, [u8]>,
    interface: Interface,
}

impl Code<'_> {
    /// Reads a module, binary or text, depending on its first bytes. `name` is used in messages.
    ///
    /// # Errors
    /// The bytes are not a valid module, or the module uses features that the engine does not support.
    pub fn read<'a>(name: &str, bytes: &'a [u8]) -> Result<Code<'a>, LoadError> {
        let binary = binary(name, bytes)?;
        // Validated before instrumentation, so that offsets of errors are those in the file.
        validate::for_engine(&binary).map_err(|fault| match fault {
            Fault::Features(features) => LoadError::Features(features),
            Fault::Invalid(error) => invalid(name, bytes, &error),
        })?;
        let interface = Interface::read(&binary).map_err(|error| invalid(name, bytes, &error))?;
        let engine = Engine::from(EngineBuilder::new(Cranelift::default()).engine());
        Ok(Code { engine, binary, interface })
    }

    /// The module's exports and imports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The module as a binary.
    pub fn binary(&self) -> &[u8] {
        &self.binary
    }

    /// Compiles the module.
    ///
    /// # Errors
    /// [`LoadError::Memory`], [`LoadError::Tables`], [`LoadError::Compile`].
    pub fn compile(self, limits: Limits) -> Result<Program, LoadError> {
        self.compile_traced(limits, Passes::default())
    }

    /// Compiles the module so that its guests record their memory accesses. If that is impossible, compiles it without
    /// recording; [`Program::why_untraced`] gives the reason.
    ///
    /// # Errors
    /// As for [`Code::compile`].
    pub fn compile_traced(self, limits: Limits, passes: Passes) -> Result<Program, LoadError> {
        self.compile_for_control(limits, passes, &PointRequest::default())
    }

    /// The same; where the passes ask for stop points, these are among them.
    ///
    /// # Errors
    /// As for [`Code::compile`].
    pub fn compile_for_control(
        self,
        limits: Limits,
        passes: Passes,
        points: &PointRequest,
    ) -> Result<Program, LoadError> {
        let Code { mut engine, binary, interface } = self;
        let plain = || {
            let instrumented = Instrumented::new(&binary, Passes::default(), points);
            instrumented.map_err(|error| LoadError::Compile(error.to_string()))
        };
        let mut compile = |instrumented: &Instrumented| {
            engine.set_tunables(LimitingTunables::new(&limits, instrumented.memories, instrumented.tables));
            Module::from_binary(&engine, &instrumented.binary)
        };
        let traced = Instrumented::new(&binary, passes, points).map_err(|error| error.to_string());
        let traced = traced.and_then(|instrumented| match compile(&instrumented) {
            Ok(module) => Ok((instrumented, module)),
            Err(error) => Err(format!("linmem cannot compile the module with store recording: {}", refused(error))),
        });
        let (instrumented, module, why_untraced) = match traced {
            Ok((instrumented, module)) => (instrumented, module, None),
            Err(reason) => {
                let instrumented = plain()?;
                let module = compile(&instrumented).map_err(refused)?;
                (instrumented, module, Some(reason))
            }
        };
        let Instrumented { added, offsets, sites, points, .. } = instrumented;
        let passes = if added.trace.is_some() { passes } else { Passes::default() };
        let (offsets, sites) = (Arc::new(offsets), Arc::from(sites));
        let symbols = Arc::new(NoSymbols);
        let program =
            Program { engine, module, interface, limits, added, offsets, sites, points, passes, why_untraced, symbols };
        program.check_memory()?;
        Ok(program)
    }
}

impl Program {
    /// The module's exports and imports.
    pub fn interface(&self) -> &Interface {
        &self.interface
    }

    /// The limits of its guests.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Changes the limits of future guests, except the memory limit, which is compiled in.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Limits { memory: self.limits.memory, ..limits };
    }

    /// Sets the symbols that future guests use in stack traces.
    pub fn set_symbols(&mut self, symbols: Arc<dyn Symbols>) {
        self.symbols = symbols;
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The compiled module.
    pub(super) fn module(&self) -> &Module {
        &self.module
    }

    /// The exports added to the module.
    pub(super) fn added(&self) -> &AddedExports {
        &self.added
    }

    /// Why its guests do not record their memory accesses, if they were supposed to.
    pub fn why_untraced(&self) -> Option<&str> {
        self.why_untraced.as_deref()
    }

    /// Whether its guests record their memory accesses.
    pub fn is_traced(&self) -> bool {
        self.added.trace.is_some()
    }

    /// Which accesses its guests record.
    pub(super) fn traced(&self) -> Traced {
        // Without tracing there are no passes.
        let Passes { stores, loads, pauses } = self.passes;
        Traced { stores: stores || pauses, loads }
    }

    /// The instructions whose accesses guests record.
    pub(super) fn sites(&self) -> &Arc<[Site]> {
        &self.sites
    }

    /// What its guests do besides the module's own work.
    pub fn passes(&self) -> Passes {
        self.passes
    }

    /// Where its guests can be stopped; empty if they were not compiled for that.
    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Maps offsets to the original module.
    pub(super) fn offsets(&self) -> &Arc<OffsetMap> {
        &self.offsets
    }

    /// The symbols for stack traces.
    pub(super) fn symbols(&self) -> &Arc<dyn Symbols> {
        &self.symbols
    }

    fn check_memory(&self) -> Result<(), LoadError> {
        let limit = self.limits.pages();
        let own = self.added.memories.len();
        let pages = self.module.info().memories.values().take(own).map(|memory| u64::from(memory.minimum.0));
        let needs = pages.sum();
        if needs > u64::from(limit) {
            return Err(LoadError::Memory { needs, limit });
        }
        let needs = self.module.info().tables.values().map(|table| u64::from(table.minimum)).sum();
        if needs > u64::from(TABLE_ENTRIES) { Err(LoadError::Tables { needs }) } else { Ok(()) }
    }
}

/// Why a valid module cannot be loaded, as far as can be told without compiling it.
pub(super) fn obstacle(binary: &[u8], interface: &Interface, limits: &Limits) -> Option<LoadError> {
    if let Err(Fault::Features(features)) = validate::for_engine(binary) {
        return Some(LoadError::Features(features));
    }
    let (needs, limit) = (interface.memories.iter().map(|memory| memory.pages).sum(), limits.pages());
    (needs > u64::from(limit)).then_some(LoadError::Memory { needs, limit })
}

/// The module as a binary.
pub(super) fn binary<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    if bytes.starts_with(COMPONENT_MAGIC) {
        return Err(LoadError::Component);
    }
    if bytes.starts_with(BINARY_MAGIC) {
        return Ok(bytes.into());
    }
    text::encode(name, bytes).map(Cow::from).map_err(LoadError::Text)
}

/// The error for an invalid module, with the position in the original bytes.
pub(super) fn invalid(name: &str, bytes: &[u8], error: &BinaryReaderError) -> LoadError {
    let (message, offset) = (error.message().to_owned(), error.offset());
    let is_text = !bytes.starts_with(BINARY_MAGIC);
    match is_text.then(|| text::locate(name, bytes, &message, offset)).flatten() {
        Some(located) => LoadError::InvalidText(located),
        None => LoadError::Invalid { message, offset },
    }
}

/// The compiler's message, without its prefixes.
pub(super) fn refused(error: CompileError) -> LoadError {
    LoadError::Compile(match error {
        CompileError::Validate(message) | CompileError::Codegen(message) => message,
        CompileError::Wasm(error) => error.to_string(),
        error => error.to_string(),
    })
}
