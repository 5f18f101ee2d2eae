//! A guest: an instance of a module with its linear memories, and checked access to both.

use std::sync::Arc;

use wasmer::{Extern, Instance, Memory, MemoryView, RuntimeError, Store};
use wasmer_types::{FrameInfo, TrapCode};

use super::flag::Flag;
use super::stoppable::Places;
use super::{Boundary, Func, Global, Limits, Program, Type, Watch};
use crate::record::{Actor, Failure, Frame, Limit, Recorder, Value};

/// The most frames of a trap's trace that are kept.
const TRACE: usize = 16;

/// An instantiated module. It stays on the thread that made it.
pub struct Guest {
    store: Store,
    instance: Instance,
    memories: Vec<Memory>,
    start: Option<Func>,
    flag: Flag,
    watch: Watch,
    places: Arc<Places>,
    limits: Limits,
    results: Vec<Value>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.watch.dismiss(&self.flag);
    }
}

impl Guest {
    /// A guest under `watch`; `None` if its module lacks the flag that stops it.
    pub(super) fn new(store: Store, instance: Instance, program: &Program, watch: &Watch) -> Option<Guest> {
        let (flag_name, start_name) = program.added();
        let flag = Flag::new(instance.exports.get_memory(flag_name).ok()?, &store)?;
        watch.guard(flag.copy());
        let own = instance.exports.iter().filter(|(name, _)| *name != flag_name);
        let mut memories = Vec::new();
        for (_, export) in own {
            // A memory may be exported under several names.
            if let Extern::Memory(memory) = export
                && !memories.contains(memory)
            {
                memories.push(memory.clone());
            }
        }
        let start = start_name.and_then(|name| instance.exports.get_function(name).ok());
        Some(Guest {
            memories,
            start: start.map(|function| Func::new("start function", function, &store)),
            flag,
            watch: watch.clone(),
            places: program.places().clone(),
            limits: program.limits(),
            results: Vec::new(),
            store,
            instance,
        })
    }

    /// The exported function of that name, or `None` if there is none.
    pub fn func(&self, name: &str) -> Option<Func> {
        let function = self.instance.exports.get_function(name).ok()?;
        Some(Func::new(name, function, &self.store))
    }

    /// The value of the exported global of that name now, or `None` if there is none.
    pub fn global(&mut self, name: &str) -> Option<Value> {
        let global = self.instance.exports.get_global(name).ok()?.clone();
        Some(Value::from(&global.get(&mut self.store)))
    }

    /// The module's start function, if it has one. It is to be called once, before any other.
    pub fn start(&self) -> Option<&Func> {
        self.start.as_ref()
    }

    /// Notes in `recorder` how the memories differ from what it knows, as done by `by`.
    ///
    /// This is the one place that finds changed pages: it compares each memory with the recorder's image.
    pub fn compare(&self, recorder: &mut Recorder, by: Actor) {
        for memory in 0..self.memories.len() {
            recorder.compare(memory, self.bytes(memory), by);
        }
    }

    /// The watch over this guest.
    pub(super) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// Takes the watch back that another guest had taken over.
    pub fn take_watch(&self) {
        self.watch.guard(self.flag.copy());
    }

    /// What the last call returned.
    pub(super) fn results(&self) -> &[Value] {
        &self.results
    }

    #[allow(unsafe_code, reason = "wasmer's safe writer is half as fast as memcpy")]
    fn bytes_mut(&mut self, memory: usize) -> &mut [u8] {
        let view = self.memories[memory].view(&self.store);
        // SAFETY: as in `bytes`, and the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(view.data_ptr(), size(&view)) }
    }
}

/// The size of a memory in bytes, which the host has mapped and can therefore index.
fn size(view: &MemoryView<'_>) -> usize {
    usize::try_from(view.data_size()).expect("linear memory fits the address space")
}

impl Boundary for Guest {
    #[allow(unsafe_code, reason = "wasmer's safe readers copy, and slower than memcpy")]
    fn bytes(&self, memory: usize) -> &[u8] {
        let view = self.memories[memory].view(&self.store);
        // SAFETY: pointer and length are those of the live memory. Guest code, which could change or grow it,
        // runs only through `&mut self`, so the memory stays as it is while `self` is borrowed; and no other
        // thread runs code of this store.
        unsafe { std::slice::from_raw_parts(view.data_ptr(), size(&view)) }
    }

    #[inline]
    fn call(&mut self, func: &Func, args: &[Value]) -> Result<&[Value], Box<Failure>> {
        match func.call(&mut self.store, args, &mut self.results) {
            Ok(()) => Ok(&self.results),
            Err(error) => Err(self.describe(&error, func, args).into()),
        }
    }

    #[inline]
    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        let live = self.bytes_mut(memory);
        let range = check("writing", addr, bytes.len() as u64, live.len())?;
        live[range].copy_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        let live = self.bytes(memory);
        let range = check("reading", addr, len, live.len())?;
        if len > self.limits.output {
            return Err(Failure::Limit(Limit::Output(len, self.limits.output)).into());
        }
        into.extend_from_slice(&live[range]);
        Ok(())
    }
}

/// The range of indices for `len` bytes at `addr`, if it lies inside a memory of `size` bytes.
fn check(attempt: &'static str, addr: u64, len: u64, size: usize) -> Result<std::ops::Range<usize>, Box<Failure>> {
    let inside = |n: u64| usize::try_from(n).ok().filter(|&n| n <= size);
    match (inside(addr), addr.checked_add(len).and_then(inside)) {
        (Some(start), Some(end)) => Ok(start..end),
        _ => Err(Failure::OutOfBounds { attempt: attempt.into(), addr, len, memory: size as u64 }.into()),
    }
}

impl Guest {
    /// Why a call ended without results, in plain words.
    #[cold]
    fn describe(&self, error: &RuntimeError, func: &Func, args: &[Value]) -> Failure {
        let trap = error.clone().to_trap();
        if let (Some(TrapCode::UnreachableCodeReached), Some(failure)) = (trap, self.watch.verdict()) {
            return failure;
        }
        let args: Vec<_> = args.iter().map(Value::to_string).collect();
        Failure::Trap {
            call: format!("{}({})", func.name, args.join(", ")),
            cause: trap.and_then(in_words).map_or_else(|| error.message(), str::to_owned),
            trace: error.trace().iter().take(TRACE).map(|frame| self.frame(frame)).collect(),
        }
    }

    fn frame(&self, frame: &FrameInfo) -> Frame {
        Frame {
            name: frame.function_name().map(str::to_owned),
            index: frame.func_index(),
            offset: self.places.original(frame.func_index(), frame.func_offset()),
        }
    }
}

/// What a trap means, where there are plainer words for it than wasmer's.
fn in_words(trap: TrapCode) -> Option<&'static str> {
    Some(match trap {
        TrapCode::UnreachableCodeReached => {
            "it gave up on purpose (the instruction unreachable: a panic, an abort, a failed check)"
        }
        TrapCode::HeapAccessOutOfBounds => "it used an address outside its memory",
        TrapCode::StackOverflow => "its calls nest too deep (stack overflow)",
        TrapCode::IntegerDivisionByZero => "it divided by zero",
        TrapCode::IntegerOverflow => "an integer division overflowed",
        TrapCode::BadConversionToInteger => "it made an integer of a float that has none (NaN, or too large)",
        TrapCode::TableAccessOutOfBounds => "it used an entry outside a table",
        TrapCode::IndirectCallToNull => "it called a function pointer that is null",
        TrapCode::BadSignature => "it called a function pointer of another type",
        TrapCode::HeapMisaligned | TrapCode::UnalignedAtomic => "an atomic access was not aligned",
        TrapCode::UncaughtException => "it threw an exception that nothing caught",
        _ => return None,
    })
}

/// What a person at a prompt may do to a guest, besides what a convention does.
impl Guest {
    /// The exported globals, in order, with their values now.
    pub fn globals(&mut self) -> Vec<Global> {
        let exports: Vec<_> =
            self.instance.exports.iter().map(|(name, export)| (name.clone(), export.clone())).collect();
        let globals = exports.into_iter().filter_map(|(name, export)| match export {
            Extern::Global(global) => Some((name, global)),
            _ => None,
        });
        let read = globals.map(|(name, global)| {
            let ty = global.ty(&self.store);
            let value = Value::from(&global.get(&mut self.store));
            Global { name, ty: Type::from(ty.ty), mutable: ty.mutability.is_mutable(), value }
        });
        read.collect()
    }

    /// Sets an exported global.
    ///
    /// # Errors
    /// There is none of that name, it is immutable, or of another type.
    pub(super) fn set_global(&mut self, name: &str, value: Value) -> Result<(), Box<Failure>> {
        let global = self.instance.exports.get_global(name).cloned();
        let global = global.map_err(|_| Failure::Refused(format!("the guest exports no global `{name}`")))?;
        let set = global.set(&mut self.store, value.into());
        set.map_err(|error| Failure::Refused(format!("the global `{name}` was not set: {}", error.message())).into())
    }

    /// Grows a memory by whole pages.
    ///
    /// # Errors
    /// The memory may not grow so far.
    pub(super) fn grow(&mut self, memory: usize, pages: u64) -> Result<(), Box<Failure>> {
        let refuse = |why: String| Failure::Refused(format!("the memory did not grow by {pages} pages: {why}"));
        let delta = u32::try_from(pages).map_err(|_| refuse("no memory has so many".to_owned()))?;
        let memory = self.memories.get(memory).ok_or_else(|| refuse("there is no such memory".to_owned()))?.clone();
        memory.grow(&mut self.store, delta).map(|_| ()).map_err(|error| refuse(error.to_string()).into())
    }
}
