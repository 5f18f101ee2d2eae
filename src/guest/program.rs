//! A program: a compiled module, from which guests are instantiated.

use std::borrow::Cow;
use std::sync::Arc;

use wasmer::sys::NativeEngineExt;
use wasmer::{Engine, Module};
use wasmparser::BinaryReaderError;

use super::bytes::{Reader, put_option, put_text};
use super::cache::{Cache, Entry, Key};
use super::compile::{Came, Compiled, Effort, Job, Keeping, Later, NotCompiled, engine};
use super::component;
use super::instrument::{AddedExports, InstrumentError, Instrumentation, Instrumented, OffsetMap};
use super::limits::LimitingTunables;
use super::validate::Fault;
use super::{
    Cancellation, CodeSize, CompileOptions, Interface, Limits, LoadError, NoSymbols, Passes, PointRequest, Points,
    Symbols, TooCostly, artifact, text, validate,
};
use crate::record::{Site, Traced};

const BINARY_MAGIC: &[u8] = b"\0asm";

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
    /// Where its optimised code is kept, and under which key. Quick code is not kept.
    cache: Option<(Cache, Key)>,
    /// The optimised code that follows, if this is quick code.
    later: Option<Later>,
    /// Numbers of memories and tables, which share the limits.
    spaces: (u32, u32),
}

/// A module, not compiled yet: compiling may take seconds.
pub struct Code<'a> {
    name: &'a str,
    /// The bytes that it was read from.
    bytes: &'a [u8],
    engine: Engine,
    binary: Cow<'a, [u8]>,
    interface: Interface,
    /// Whether it was linked from the core modules of a component.
    is_linked: bool,
    is_validated: bool,
}

/// What compiling made of a module.
struct Made {
    engine: Engine,
    module: Module,
    parts: Instrumentation,
    /// Why guests record nothing, if they were supposed to.
    why_untraced: Option<String>,
    /// The optimised code that follows, if this is quick code.
    later: Option<Later>,
}

impl Code<'_> {
    /// Reads a module, binary or text, depending on its first bytes, and validates it. `name` is used in messages.
    ///
    /// # Errors
    /// The bytes are not a valid module, or the module uses features that the engine does not support.
    pub fn read<'a>(name: &'a str, bytes: &'a [u8]) -> Result<Code<'a>, LoadError> {
        let mut code = Code::parse(name, bytes)?;
        code.validate(&Cancellation::default())?;
        code.is_validated = true;
        Ok(code)
    }

    /// The same without validating the code in functions. That is for [`Code::validate`], and compiling does it too, unless
    /// compiled code was kept: then the module was valid before.
    ///
    /// # Errors
    /// As for [`Code::read`].
    pub fn parse<'a>(name: &'a str, bytes: &'a [u8]) -> Result<Code<'a>, LoadError> {
        let encoded = encode(name, bytes)?;
        let is_linked = component::is_component(&encoded);
        let binary = link(encoded)?;
        let interface = Interface::read(&binary).map_err(|error| invalid(name, bytes, &error));
        let engine = engine(Effort::Full);
        let mut code =
            Code { name, bytes, engine, binary, interface: Interface::default(), is_linked, is_validated: false };
        match interface {
            Ok(interface) => code.interface = interface,
            // The validator says more.
            Err(error) => return Err(code.validate(&Cancellation::default()).err().unwrap_or(error)),
        }
        Ok(code)
    }

    /// Validates the module, before instrumentation, so that offsets of errors are those in the file.
    ///
    /// # Errors
    /// As for [`Code::read`], or it was cancelled.
    pub fn validate(&self, cancellation: &Cancellation) -> Result<(), LoadError> {
        validate::for_engine(&self.binary, cancellation).map_err(|fault| match fault {
            Fault::Features(features) => LoadError::Features(features),
            // Its offset is one in the linked module.
            Fault::Invalid(error) if self.is_linked => LoadError::Component(error.message().to_owned()),
            Fault::Invalid(error) => invalid(self.name, self.bytes, &error),
            Fault::Cancelled => LoadError::Cancelled,
        })
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
    /// [`LoadError::Memory`], [`LoadError::Tables`], [`LoadError::Compile`], [`LoadError::TooCostly`], or it is not
    /// valid.
    pub fn compile(self, limits: Limits) -> Result<Program, LoadError> {
        self.compile_traced(limits, Passes::default())
    }

    /// Compiles the module so that its guests record their memory accesses. If that is impossible, compiles it without
    /// recording; [`Program::why_untraced`] gives the reason.
    ///
    /// # Errors
    /// As for [`Code::compile`].
    pub fn compile_traced(self, limits: Limits, passes: Passes) -> Result<Program, LoadError> {
        let (points, options) = (PointRequest::default(), CompileOptions::default());
        self.compile_with(limits, passes, &points, &options, &Cancellation::default())
    }

    /// The same; where the passes ask for stop points, these are among them. `options` say where the module is compiled,
    /// and whether compiled code is kept and used again.
    ///
    /// # Errors
    /// As for [`Code::compile`], or [`LoadError::Cancelled`].
    pub fn compile_with(
        self,
        limits: Limits,
        passes: Passes,
        points: &PointRequest,
        options: &CompileOptions,
        cancellation: &Cancellation,
    ) -> Result<Program, LoadError> {
        let cache = options.cache.clone();
        let cache = cache.map(|cache| (cache, Key::new(&self.binary, passes, points, &self.engine)));
        let found = cache.as_ref().and_then(|(cache, key)| cache.find(key));
        let made = match found.and_then(|entry| Made::load(entry, &self.engine)) {
            Some(made) => made,
            None => {
                if !self.is_validated {
                    self.validate(cancellation)?;
                }
                let compiling =
                    Compiling { code: &self, limits: &limits, points, options, cancellation, cache: &cache };
                let (made, artifact) = compiling.all(passes)?;
                if let (Some((cache, key)), Some(artifact)) = (&cache, artifact) {
                    cache.keep(key, &head(&made.parts, made.why_untraced.as_deref()), &artifact);
                }
                made
            }
        };
        let Made { mut engine, module, parts, why_untraced, later } = made;
        let Instrumentation { added, offsets, sites, points, memories, tables } = parts;
        engine.set_tunables(LimitingTunables::new(&limits, memories, tables));
        let passes = if added.trace.is_some() { passes } else { Passes::default() };
        let (offsets, sites) = (Arc::new(offsets), Arc::from(sites));
        let Code { interface, .. } = self;
        let symbols = Arc::new(NoSymbols);
        let program = Program {
            engine,
            module,
            interface,
            limits,
            added,
            offsets,
            sites,
            points,
            passes,
            why_untraced,
            symbols,
            cache,
            later,
            spaces: (memories, tables),
        };
        program.check_memory()?;
        wasmer_vm::set_stack_size(usize::try_from(limits.stack).unwrap_or(usize::MAX));
        Ok(program)
    }
}

/// A module to rewrite and compile, and under which circumstances.
struct Compiling<'a> {
    code: &'a Code<'a>,
    limits: &'a Limits,
    points: &'a PointRequest,
    options: &'a CompileOptions,
    cancellation: &'a Cancellation,
    /// Where the compiled code is kept, and under which key.
    cache: &'a Option<(Cache, Key)>,
}

impl Compiling<'_> {
    /// Compiles with these passes, or without any if that is impossible. Also returns the compiled code as bytes, if it
    /// is to be kept.
    fn all(&self, passes: Passes) -> Result<(Made, Option<Vec<u8>>), LoadError> {
        let why = match self.once(passes, None, true) {
            Err(error @ (LoadError::TooCostly(_) | LoadError::Cancelled)) => return Err(error),
            Err(error) => error,
            made => return made,
        };
        if passes == Passes::default() {
            return Err(why);
        }
        // Perhaps the compiler succeeds the next time: then nothing of this may be kept.
        let may_be_kept = !matches!(why, LoadError::Crashed(_));
        let why = match why {
            LoadError::Compile(why) | LoadError::Crashed(why) => why,
            other => other.to_string(),
        };
        self.once(Passes::default(), Some(why), may_be_kept)
    }

    /// Rewrites and compiles with these passes; `why_untraced` says why not with others. Also returns the compiled code
    /// as bytes, if it is to be kept, and may be.
    fn once(
        &self,
        passes: Passes,
        why_untraced: Option<String>,
        may_be_kept: bool,
    ) -> Result<(Made, Option<Vec<u8>>), LoadError> {
        let Compiling { code, limits, points, options, cancellation, cache } = *self;
        let instrumented = Instrumented::new(&code.binary, passes, points, cancellation);
        let Instrumented { binary, parts } = instrumented.map_err(|error| match error {
            InstrumentError::Cancelled => LoadError::Cancelled,
            error => LoadError::Compile(error.to_string()),
        })?;
        let keeping = cache.as_ref().filter(|_| may_be_kept).map(|(cache, key)| Keeping {
            cache: cache.clone(),
            key: key.clone(),
            head: head(&parts, why_untraced.as_deref()),
        });
        let keeping = keeping.as_ref();
        let job = Job { engine: &code.engine, binary: &Arc::new(binary), limits, options, cancellation, keeping };
        let compiled = job.compile().map_err(|failure| match failure {
            NotCompiled::Cancelled => LoadError::Cancelled,
            NotCompiled::Limit(limit, progress) => {
                LoadError::TooCostly(Box::new(TooCostly { limit, progress, size: CodeSize::of(&code.binary) }))
            }
            NotCompiled::Crashed(message) => LoadError::Crashed(message),
            NotCompiled::Refused(message) if passes == Passes::default() => LoadError::Compile(message),
            NotCompiled::Refused(message) => {
                let message = LoadError::Compile(message);
                LoadError::Compile(format!("linmem cannot compile the module with store recording: {message}"))
            }
        })?;
        let Compiled { engine, module, artifact, later } = compiled;
        Ok((Made { engine, module, parts, why_untraced, later }, artifact.filter(|_| may_be_kept)))
    }
}

/// What is kept besides the compiled code.
fn head(parts: &Instrumentation, why_untraced: Option<&str>) -> Vec<u8> {
    let mut head = Vec::new();
    parts.put(&mut head);
    put_option(why_untraced, &mut head, put_text);
    head
}

impl Made {
    /// Loads what was kept.
    #[allow(unsafe_code, reason = "the compiled code comes from a file")]
    fn load(entry: Entry, engine: &Engine) -> Option<Made> {
        let mut head = Reader::new(&entry.head);
        let (parts, why_untraced) = (Instrumentation::read(&mut head)?, head.option(Reader::text)?);
        head.end()?;
        // SAFETY: the file has the checksum and the key that it was written with, by a linmem of the same sources for
        // an engine with the same settings, and nobody but the user could have written it.
        let module = unsafe { artifact::load(engine, entry.artifact) }?;
        Some(Made { engine: engine.clone(), module, parts, why_untraced, later: None })
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

    /// Changes the limits of future guests, except those of memory and tables, which are compiled in.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = Limits { memory: self.limits.memory, table: self.limits.table, ..limits };
    }

    /// Sets the symbols that future guests use in stack traces.
    pub fn set_symbols(&mut self, symbols: Arc<dyn Symbols>) {
        self.symbols = symbols;
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// How much effort compiling it took.
    pub(super) fn effort(&self) -> Effort {
        if self.later.is_some() { Effort::Quick } else { Effort::Full }
    }

    /// Whether optimised code should be looked for between two lines.
    pub fn may_improve(&self) -> bool {
        self.later.as_ref().is_some_and(Later::is_due)
    }

    /// Takes optimised code for guests to come, if it has followed quick code by now. Those that run keep their code:
    /// nobody could move their state to another.
    #[allow(unsafe_code, reason = "the compiled code comes from another process or from a file")]
    pub fn improve(&mut self) {
        let Some(came) = self.later.as_ref().and_then(Later::look) else { return };
        let mut engine = engine(Effort::Full);
        let module = match came {
            // SAFETY: the bytes come from the process that compiled the quick code: the same linmem.
            Came::Artifact(bytes) => unsafe { artifact::load(&engine, bytes) },
            Came::Kept(Keeping { cache, key, head }) => {
                let entry = cache.find(&key).filter(|entry| entry.head == head);
                entry.and_then(|entry| Made::load(entry, &engine)).map(|made| made.module)
            }
        };
        let Some(module) = module else { return };
        let (memories, tables) = self.spaces;
        engine.set_tunables(LimitingTunables::new(&self.limits, memories, tables));
        (self.engine, self.module, self.later) = (engine, module, None);
    }

    /// Where its compiled code is kept, and under which key.
    pub(super) fn cache(&self) -> Option<&(Cache, Key)> {
        self.cache.as_ref()
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
        let limit = self.limits.entries().into();
        if needs > limit { Err(LoadError::Tables { needs, limit }) } else { Ok(()) }
    }
}

/// Why a valid module cannot be loaded, as far as can be told without compiling it.
pub(super) fn obstacle(binary: &[u8], interface: &Interface, limits: &Limits) -> Option<LoadError> {
    if let Err(Fault::Features(features)) = validate::for_engine(binary, &Cancellation::default()) {
        return Some(LoadError::Features(features));
    }
    let (needs, limit) = (interface.memories.iter().map(|memory| memory.pages).sum(), limits.pages());
    (needs > u64::from(limit)).then_some(LoadError::Memory { needs, limit })
}

/// The module as a binary; for a component, the module into which its core modules are linked.
pub(super) fn binary<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    link(encode(name, bytes)?)
}

/// The module or component as a binary.
pub(super) fn encode<'a>(name: &str, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, LoadError> {
    if bytes.is_empty() {
        return Err(LoadError::Empty);
    }
    match bytes.starts_with(BINARY_MAGIC) {
        true => Ok(bytes.into()),
        false => text::encode(name, bytes).map(Cow::from).map_err(LoadError::Text),
    }
}

fn link(binary: Cow<'_, [u8]>) -> Result<Cow<'_, [u8]>, LoadError> {
    if component::is_component(&binary) { component::link(&binary).map(Cow::from) } else { Ok(binary) }
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
