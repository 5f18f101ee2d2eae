//! Checked access to a guest's functions and memories: from outside, and from inside a call, where an import is
//! answered.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use wasmer::{AsStoreMut, AsStoreRef, Memory, MemoryView, RuntimeError};
use wasmer_types::{FrameInfo, TrapCode};

use super::flag::Flag;
use super::imports::{HostSlot, ImportCall};
use super::stoppable::OffsetMap;
use super::{Boundary, Func, GlobalRef, Host, Limits, Watchdog};
use crate::record::{Failure, Frame, Limit, Value, unit};

/// The most frames of a trap's trace that are kept.
const TRACE: usize = 16;

/// A store, and what of a guest in it is reached for. The store is the guest's own, or borrowed inside a call.
pub(super) struct GuestAccess<S> {
    pub(super) store: S,
    pub(super) parts: Rc<GuestShared>,
    results: Vec<Value>,
}

/// What is fixed for as long as a guest lives.
pub(super) struct GuestShared {
    /// The memories, in the order of their indices.
    pub(super) memories: Vec<Memory>,
    /// Where the host waits for calls of imports; `None` if the guest imports no function.
    pub(super) desk: Option<HostSlot>,
    pub(super) flag: Flag,
    pub(super) watch: Watchdog,
    pub(super) places: Arc<OffsetMap>,
    /// Which may be changed meanwhile.
    pub(super) limits: Cell<Limits>,
}

impl<S: AsStoreMut> GuestAccess<S> {
    pub(super) fn new(store: S, parts: Rc<GuestShared>) -> GuestAccess<S> {
        GuestAccess { store, parts, results: Vec::new() }
    }

    fn bytes_mut(&mut self, memory: usize) -> &mut [u8] {
        let parts = self.parts.clone();
        parts.memories.get(memory).map_or(&mut [], |memory| self.all_of(memory))
    }

    /// All of a memory: the guest's own, or one that a driver has beside it.
    #[allow(unsafe_code, reason = "wasmer's safe writer is half as fast as memcpy")]
    pub(super) fn all_of(&mut self, memory: &Memory) -> &mut [u8] {
        let view = memory.view(&self.store);
        // SAFETY: as in `bytes`, and the borrow of `self` is exclusive.
        unsafe { std::slice::from_raw_parts_mut(view.data_ptr(), size(&view)) }
    }

    /// Enters the guest, while `host` answers the imports that it calls.
    #[inline(always)]
    pub(super) fn enter<T>(&mut self, host: &mut dyn Host, call: impl FnOnce(&mut S, &mut Vec<Value>) -> T) -> T {
        let GuestAccess { store, parts, results } = self;
        let Some(desk) = &parts.desk else { return call(store, results) };
        let before = desk.seat(store, host);
        let outcome = call(store, results);
        desk.leave(store, before);
        outcome
    }

    /// Why a call ended without results, in plain words. So many of the outermost frames are not the guest's.
    #[cold]
    pub(super) fn describe(&self, error: RuntimeError, func: &Func, args: &[Value], hosts: usize) -> Failure {
        let error = match ImportCall::failure(error) {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        let trap = error.clone().to_trap();
        if let (Some(TrapCode::UnreachableCodeReached), Some(failure)) = (trap, self.parts.watch.verdict()) {
            return failure;
        }
        let args: Vec<_> = args.iter().map(Value::to_string).collect();
        let guests = error.trace().len().saturating_sub(hosts);
        Failure::Trap {
            call: format!("{}({})", func.name, args.join(", ")),
            cause: trap.and_then(in_words).map_or_else(|| error.message(), str::to_owned),
            said: None,
            trace: error.trace()[..guests].iter().take(TRACE).map(|frame| self.frame(frame)).collect(),
        }
    }

    fn frame(&self, frame: &FrameInfo) -> Frame {
        Frame {
            name: frame.function_name().map(str::to_owned),
            index: frame.func_index(),
            offset: self.parts.places.original(frame.func_index(), frame.func_offset()),
        }
    }
}

impl<S: AsStoreMut + AsStoreRef> Boundary for GuestAccess<S> {
    #[allow(unsafe_code, reason = "wasmer's safe readers copy, and slower than memcpy")]
    fn bytes(&self, memory: usize) -> &[u8] {
        let Some(memory) = self.parts.memories.get(memory) else { return &[] };
        let view = memory.view(&self.store);
        // SAFETY: pointer and length are those of the live memory. Guest code, which could change or grow it,
        // runs only through `&mut self`, so the memory stays as it is while `self` is borrowed; and no other
        // thread runs code of this store.
        unsafe { std::slice::from_raw_parts(view.data_ptr(), size(&view)) }
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        Value::from(&variable.global.get(&mut self.store))
    }

    fn memories(&self) -> usize {
        self.parts.memories.len()
    }

    #[inline]
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        match self.enter(host, |store, results| func.call(store, args, results)) {
            Ok(()) => Ok(&self.results),
            Err(error) => Err(self.describe(error, func, args, 0).into()),
        }
    }

    #[inline]
    fn call_bits(&mut self, func: &Func, args: &[u64], host: &mut dyn Host) -> Result<u64, Box<Failure>> {
        let outcome = self.enter(host, |store, _| func.call_bits(store, args));
        outcome.map_err(|error| self.describe(error, func, &func.values(args).collect::<Vec<_>>(), 0).into())
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
        let most = self.parts.limits.get().output;
        if len > most {
            return Err(Failure::Limit(Limit::Output(len, most)).into());
        }
        into.extend_from_slice(&live[range]);
        Ok(())
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        let refuse = |why: String| {
            Failure::Refused(format!("the memory did not grow by {pages} {}: {why}", unit(pages, "page")))
        };
        let delta = u32::try_from(pages).map_err(|_| refuse("no memory has so many".to_owned()))?;
        let memory = self.parts.memories.get(memory).ok_or_else(|| refuse("there is no such memory".to_owned()))?;
        let before = memory.clone().grow(&mut self.store, delta).map_err(|error| refuse(error.to_string()))?;
        Ok(u64::from(before.0))
    }
}

/// The size of a memory in bytes, which the host has mapped and can therefore index.
fn size(view: &MemoryView<'_>) -> usize {
    usize::try_from(view.data_size()).expect("linear memory fits the address space")
}

/// The range of indices for `len` bytes at `addr`, if it lies inside a memory of `size` bytes.
fn check(attempt: &'static str, addr: u64, len: u64, size: usize) -> Result<std::ops::Range<usize>, Box<Failure>> {
    // Of an empty text many a guest gives an address that is none: there is nothing to be read or written at it.
    if len == 0 {
        return Ok(0..0);
    }
    let inside = |n: u64| usize::try_from(n).ok().filter(|&n| n <= size);
    match (inside(addr), addr.checked_add(len).and_then(inside)) {
        (Some(start), Some(end)) => Ok(start..end),
        _ => Err(Failure::OutOfBounds { attempt: attempt.into(), addr, len, memory: size as u64 }.into()),
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
