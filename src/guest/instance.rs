//! A guest: an instance of a module, with its exports, memories and watchdog.

use std::cell::Cell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use wasmer::{Extern, Function, Instance, InstantiationError, Memory, Store};

use super::compile::Effort;
use super::fault::Fault;
use super::flag::Flag;
use super::hook::hook;
use super::imports::Imports;
use super::pause::{PauseMemory, Pauser};
use super::reach::GuestAccess;
use super::shared::GuestShared;
use super::trace::Tracer;
use super::watchdog::WatchGuard;
use super::written::WrittenPages;
use super::{Boundary, CodePosition, Func, Global, GlobalRef, Host, Limits, LoadError, Program, Type, Watchdog};
use crate::record::{Collector, Failure, RecorderId, Suspects, Value};

/// An instantiated module. It stays on the thread that created it:
///
/// ```compile_fail,E0277
/// fn moves(guest: linmem::guest::Guest) {
///     std::thread::spawn(move || drop(guest));
/// }
/// ```
pub struct Guest {
    /// Declared before the store, so that it is dropped first.
    watch: WatchGuard,
    pub(super) reach: GuestAccess<Store>,
    pub(super) instance: Instance,
    start: Option<Func>,
    /// See [`Boundary::data`].
    data: Option<Vec<Vec<Range<u64>>>>,
    /// The globals added to the module, if any. They are hidden from the user.
    hidden: Vec<String>,
    /// The memory that contains the flags.
    pub(super) flags: Memory,
}

impl Program {
    /// Creates a guest on this thread, under `watch`. No guest code runs: the host calls the start function,
    /// [`Guest::start`], next.
    ///
    /// # Errors
    /// [`LoadError::Segments`], [`LoadError::Import`], [`LoadError::Instantiate`].
    pub fn instantiate(&self, watch: &Watchdog) -> Result<Guest, LoadError> {
        let mut store = Store::new(self.engine().clone());
        let imports = Imports::new(&mut store, self.module())?;
        let instance = Instance::new_by_index(&mut store, self.module(), &imports.externs);
        let instance = instance.map_err(|error| match error {
            InstantiationError::Start(_) => LoadError::Segments,
            error => LoadError::Instantiate(error.to_string()),
        })?;
        Guest::new(store, instance, &imports, self, watch)
            .ok_or_else(|| LoadError::Instantiate("the exports that linmem adds are missing".to_owned()))
    }
}

impl Guest {
    /// Creates a guest under `watch`. `None` if its module lacks the added exports.
    #[allow(unsafe_code, reason = "the flags lie in the guest's memory")]
    fn new(
        mut store: Store,
        instance: Instance,
        imports: &Imports,
        program: &Program,
        watch: &Watchdog,
    ) -> Option<Guest> {
        let added = program.added();
        let flags = instance.exports.get_memory(&added.flag).ok()?.clone();
        // SAFETY: the memories have a fixed size. Instrumented code and drivers read them by aligned loads of four bytes
        // and write the flags with atomic instructions. The flag's
        // copies are in the guard, the watchdog (the guard removes that one) and the data of host functions: the guard
        // is dropped before the store, and host functions go with it.
        let flag = unsafe { Flag::new(&flags, &store) }?;
        let flag = match &added.trace {
            // SAFETY: as above.
            Some(exports) => unsafe { flag.with_limit(instance.exports.get_memory(&exports.buffer).ok()?, &store) }?,
            None => flag,
        };
        let guard = watch.guard(flag.copy());
        let memory = |name: &String| instance.exports.get_memory(name).ok().cloned();
        let memories: Vec<_> = added.memories.iter().map(memory).collect::<Option<_>>()?;
        let tracer = match &added.trace {
            Some(exports) => {
                let collector = Collector::new(program.sites().clone(), program.traced(), program.limits().record);
                let hook = Function::new_typed_with_env(&mut store, imports.slot.env(), hook);
                let parts = (watch, hook);
                Some(Tracer::attach(&mut store, &instance, exports, &memories, collector, parts)?)
            }
            None => None,
        };
        let depth = added.trace.as_ref().and_then(|exports| exports.depth.as_ref());
        let pauser = match depth {
            Some(depth) => {
                let depth = instance.exports.get_global(depth).ok()?.clone();
                Some(Pauser::new(flags.clone(), depth, program.points().clone()))
            }
            None => None,
        };
        let stack = added.stack.as_ref().and_then(|name| instance.exports.get_global(name).ok()).cloned();
        let counters = added.trace.iter().flat_map(|exports| exports.depth.iter().chain([&exports.cursor]));
        let hidden: Vec<_> = counters.chain(&added.stack).cloned().collect();
        let globals = instance.exports.iter().filter_map(|(name, export)| match export {
            Extern::Global(global) if !hidden.contains(name) => Some((name.clone(), global.clone())),
            _ => None,
        });
        let calls_host = imports.externs.iter().any(|import| matches!(import, Extern::Function(_)));
        // What is wanted of the guest may have been said before it was there.
        flag.call_attention();
        let parts = Rc::new(GuestShared {
            memories,
            slot: (calls_host || tracer.is_some()).then(|| imports.slot.clone()),
            globals: globals.collect(),
            pauser,
            pauses: PauseMemory::default(),
            flag,
            flags: flags.clone(),
            fault: Fault::of(&mut store),
            written: WrittenPages::default(),
            stack,
            watch: watch.clone(),
            offsets: program.offsets().clone(),
            tracer,
            is_quick: program.effort() == Effort::Quick,
            symbols: program.symbols().clone(),
            limits: Cell::new(program.limits()),
        });
        imports.belong_to(&parts);
        let start = added.start.as_ref().and_then(|name| instance.exports.get_function(name).ok());
        let start = start.map(|function| Func::new("start function", function, &store));
        let data = program.interface().data();
        let reach = GuestAccess::new(store, parts);
        Some(Guest { watch: guard, reach, instance, start, data, hidden, flags })
    }

    /// Whether it runs quick code, which no driver can call.
    pub fn is_quick(&self) -> bool {
        self.reach.parts.is_quick
    }

    /// The exported function with this name.
    pub fn func(&self, name: &str) -> Option<Func> {
        let function = self.instance.exports.get_function(name).ok()?;
        Some(Func::new(name, function, &self.reach.store))
    }

    /// The exported global with this name.
    pub fn variable(&self, name: &str) -> Option<GlobalRef> {
        if self.hidden.iter().any(|hidden| hidden == name) {
            return None;
        }
        let global = self.instance.exports.get_global(name).ok()?.clone();
        let ty = global.ty(&self.reach.store);
        Some(GlobalRef { global, ty: Type::from(ty.ty), mutable: ty.mutability.is_mutable() })
    }

    /// The module's start function, if any. Call it once, before any other function.
    pub fn start(&self) -> Option<&Func> {
        self.start.as_ref()
    }

    /// Changes the limits that can change while the guest lives: the sizes of an answer and of the records.
    pub fn set_limits(&self, limits: Limits) {
        if let Some(tracer) = &self.reach.parts.tracer {
            tracer.set_budget(limits.record);
        }
        self.reach.parts.limits.set(limits);
    }

    /// The watchdog of this guest.
    pub fn watch(&self) -> &Watchdog {
        self.watch.watchdog()
    }

    /// Moves the watchdog back to this guest from another.
    pub fn take_watch(&self) {
        self.watch.renew();
    }
}

impl Boundary for Guest {
    #[inline]
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        self.reach.call(func, args, host)
    }

    #[inline]
    fn call_bits(&mut self, func: &Func, args: &[u64], host: &mut dyn Host) -> Result<u64, Box<Failure>> {
        self.reach.call_bits(func, args, host)
    }

    #[inline]
    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.reach.write(memory, addr, bytes)
    }

    #[inline]
    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.reach.read(memory, addr, len, into)
    }

    #[inline]
    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        self.reach.load(memory, addr, len)
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        self.reach.grow(memory, pages)
    }

    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        self.data.clone()
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        self.reach.accesses()
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        self.reach.global(variable)
    }

    fn globals(&mut self) -> Vec<Global> {
        self.reach.globals()
    }

    fn position(&mut self) -> CodePosition {
        self.reach.position()
    }

    fn look_out(&mut self) {
        self.reach.look_out();
    }

    fn memories(&self) -> usize {
        self.reach.memories()
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.reach.bytes(memory)
    }

    fn suspects(&self, memory: usize, by: RecorderId) -> Suspects {
        self.reach.suspects(memory, by)
    }
}

/// What a user may do to a guest at the prompt, in addition to the convention.
impl Guest {
    /// Sets an exported global.
    ///
    /// # Errors
    /// There is no such global, it is immutable, or the value has another type.
    pub(super) fn set_global(&mut self, name: &str, value: Value) -> Result<(), Box<Failure>> {
        let refuse = |reason: String| Failure::NotSet { name: name.to_owned(), reason };
        let global = self.variable(name).ok_or_else(|| refuse("the guest exports no such global".to_owned()))?;
        if !global.mutable {
            return Err(refuse("it is immutable".to_owned()).into());
        }
        let ty = global.global.ty(&self.reach.store).ty;
        let set = global.global.set(&mut self.reach.store, value.of_type(ty));
        set.map_err(|error| refuse(error.message()).into())
    }
}
