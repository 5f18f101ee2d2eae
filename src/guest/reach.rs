//! Checked access to a guest's functions and memories, from outside a call and, in an import, from inside.

use std::rc::Rc;
use std::sync::{Arc, Mutex};

use wasmer::{AsStoreMut, AsStoreRef, Memory, MemoryView, Pages, RuntimeError};
use wasmer_types::TrapCode;

use super::instrument::{OPERANDS, OPERANDS_AT};
use super::shared::GuestShared;
use super::stop::stopped_by;
use super::symbols::{TrapState, frames};
use super::{Boundary, CodePosition, Func, Global, GlobalRef, Host, Type};
use crate::record::{Access, Collector, Failure, Frame, Limit, RecorderId, Suspects, TrapCause, TrapDetail, Value};

/// A store and the parts of a guest in it. The store is owned, or borrowed inside a call.
pub(super) struct GuestAccess<S> {
    pub(super) store: S,
    pub(super) parts: Rc<GuestShared>,
    results: Vec<Value>,
}

/// How far past the start of a memory an instruction can reach: by an address and an offset of 32 bits each.
const REACH: usize = 1 << 33;

/// Why a guest that waits in its shared memory is stopped.
const WAITS: &str = "an atomic wait without a time limit: linmem runs one thread, and no other will notify it";

impl<S: AsStoreMut> GuestAccess<S> {
    pub(super) fn new(store: S, parts: Rc<GuestShared>) -> GuestAccess<S> {
        GuestAccess { store, parts, results: Vec::new() }
    }

    fn bytes_mut(&mut self, memory: usize) -> &mut [u8] {
        let parts = self.parts.clone();
        parts.memories.get(memory).map_or(&mut [], |memory| self.all_of(memory))
    }

    /// All bytes of a memory: the guest's, or a driver's own.
    #[allow(unsafe_code, reason = "wasmer's safe writer is half as fast as memcpy")]
    pub(super) fn all_of(&mut self, memory: &Memory) -> &mut [u8] {
        let view = memory.view(&self.store);
        debug_assert!(!view.data_ptr().is_null(), "even an empty memory has an address");
        // SAFETY: as in `bytes`; and `self` is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(view.data_ptr(), size(&view)) }
    }

    /// Calls into the guest; `host` handles the imports that it calls.
    #[inline(always)]
    pub(super) fn enter<T>(&mut self, host: &mut dyn Host, call: impl FnOnce(&mut S, &mut Vec<Value>) -> T) -> T {
        let GuestAccess { store, parts, results } = self;
        if parts.tracer.is_some() {
            return self.enter_hooked(host, call);
        }
        match &parts.slot {
            Some(slot) => slot.during(store, host, |store| call(store, results)),
            None => call(store, results),
        }
    }

    /// Enters a guest with hooks. It looks out for what is wanted from its first instruction on. Where calls are counted,
    /// one that traps leaves them counted.
    fn enter_hooked<T>(&mut self, host: &mut dyn Host, call: impl FnOnce(&mut S, &mut Vec<Value>) -> T) -> T {
        let GuestAccess { store, parts, results } = self;
        if parts.flag.has_attention() {
            parts.look_out(store);
        }
        parts.pauses.watching.borrow_mut().forget();
        let depth = parts.depth(store);
        let result = match &parts.slot {
            Some(slot) => slot.during(store, host, |store| call(store, results)),
            None => call(store, results),
        };
        parts.restore_depth(store, depth);
        result
    }

    /// Explains why a call returned no results. The `hosts` outermost frames are not the guest's.
    #[cold]
    pub(super) fn describe(&mut self, error: RuntimeError, func: &Func, args: &[Value], hosts: usize) -> Failure {
        let error = match stopped_by(error) {
            Ok(failure) => return failure,
            Err(error) => error,
        };
        let trap = error.clone().to_trap();
        if let (Some(TrapCode::UnreachableCodeReached), Some(failure)) = (trap, self.parts.watch.verdict()) {
            return failure;
        }
        let args: Vec<_> = args.iter().map(Value::to_string).collect();
        let guests = error.trace().len().saturating_sub(hosts);
        let fault = self.parts.fault.take();
        let mut is_placed = !self.parts.is_quick || self.is_placed_by_quick_code(trap, fault);
        let (trace, omitted) = frames(&error.trace()[..guests], &self.parts.offsets, |index, offset| {
            // Only the instruction that trapped may be unknown, not the calls that led there.
            let is_known = std::mem::replace(&mut is_placed, true);
            self.parts.symbols.frames(index, offset.filter(|_| is_known))
        });
        let cause = trap.and_then(cause).unwrap_or_else(|| TrapCause::Other(error.message()));
        let detail = Box::new(self.explain(&cause, &trace, fault));
        Failure::Trap { call: format!("{}({})", func.name, args.join(", ")), cause, said: None, trace, omitted, detail }
    }

    /// Whether the place of a trap in quick code is that of the instruction. Most kinds of traps have one place in each
    /// function there, at its end.
    fn is_placed_by_quick_code(&self, trap: Option<TrapCode>, fault: Option<usize>) -> bool {
        let is_past = |memory: usize| {
            let bytes = self.bytes(memory);
            let distance = fault.and_then(|fault| fault.checked_sub(bytes.as_ptr().addr()));
            distance.is_some_and(|distance| (bytes.len()..REACH).contains(&distance))
        };
        match trap {
            Some(TrapCode::UnreachableCodeReached) => true,
            Some(TrapCode::HeapAccessOutOfBounds) => (0..self.parts.memories.len()).any(is_past),
            _ => false,
        }
    }

    /// What is known of a trap besides its cause and frames. `fault` is the address that the processor refused.
    fn explain(&mut self, cause: &TrapCause, frames: &[Frame], fault: Option<usize>) -> TrapDetail {
        let parts = self.parts.clone();
        let stack = parts.stack.as_ref().map(|global| Value::from(&global.get(&mut self.store)).bits());
        let GuestShared { memories, flags, symbols, tracer, .. } = &*parts;
        let mut bytes = [0; 8 * OPERANDS];
        // Cannot fail: the memory has them.
        let _ = flags.view(&self.store).read(OPERANDS_AT.into(), &mut bytes);
        let mut operands = [0; OPERANDS];
        for (operand, bytes) in operands.iter_mut().zip(bytes.chunks_exact(8)) {
            *operand = u64::from_le_bytes(bytes.try_into().unwrap_or_default());
        }
        let memories: Vec<_> = (0..memories.len()).map(|memory| self.bytes(memory)).collect();
        let in_memory = |bytes: &&[u8]| {
            let distance = fault?.checked_sub(bytes.as_ptr().addr())?;
            (bytes.len()..REACH).contains(&distance).then_some(distance as u64)
        };
        symbols.explain(&TrapState {
            cause,
            frames,
            operands,
            keeps_conversions: tracer.is_some(),
            faults: memories.iter().map(in_memory).collect(),
            memories,
            stack,
        })
    }
}

impl<S: AsStoreMut + AsStoreRef> Boundary for GuestAccess<S> {
    #[allow(unsafe_code, reason = "wasmer's safe readers copy, and slower than memcpy")]
    fn bytes(&self, memory: usize) -> &[u8] {
        let Some(memory) = self.parts.memories.get(memory) else { return &[] };
        let view = memory.view(&self.store);
        debug_assert!(!view.data_ptr().is_null(), "even an empty memory has an address");
        // SAFETY: pointer and length are current. Guest code, which could change or grow the memory, runs only through
        // `&mut self`, and no other thread has this store.
        unsafe { std::slice::from_raw_parts(view.data_ptr(), size(&view)) }
    }

    fn suspects(&self, memory: usize, by: RecorderId) -> Suspects {
        self.parts.written.suspects(memory, self.bytes(memory), by)
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        let tracer = self.parts.tracer.as_ref()?;
        Some(tracer.drain(&mut self.store))
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        Value::from(&variable.global.get(&mut self.store))
    }

    fn globals(&mut self) -> Vec<Global> {
        let GuestAccess { store, parts, .. } = self;
        let read = parts.globals.iter().map(|(name, global)| {
            let ty = global.ty(store);
            let value = Value::from(&global.get(store));
            Global { name: name.clone(), ty: Type::from(ty.ty), mutable: ty.mutability.is_mutable(), value }
        });
        read.collect()
    }

    fn position(&mut self) -> CodePosition {
        self.parts.clone().position(&mut self.store)
    }

    fn look_out(&mut self) {
        self.parts.clone().look_out(&mut self.store);
    }

    fn memories(&self) -> usize {
        self.parts.memories.len()
    }

    #[inline]
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        let shared = self.parts.clone();
        match self.enter(host, |store, results| shared.watch.during_call(|| func.call(store, args, results))) {
            Ok(()) => Ok(&self.results),
            Err(error) => Err(self.describe(error, func, args, 0).into()),
        }
    }

    #[inline]
    fn call_bits(&mut self, func: &Func, args: &[u64], host: &mut dyn Host) -> Result<u64, Box<Failure>> {
        let shared = self.parts.clone();
        let outcome = self.enter(host, |store, _| shared.watch.during_call(|| func.call_bits(store, args)));
        outcome.map_err(|error| self.describe(error, func, &func.values(args).collect::<Vec<_>>(), 0).into())
    }

    #[inline]
    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        let live = self.bytes_mut(memory);
        let range = check(Access::Write, addr, bytes.len() as u64, live.len())?;
        live[range].copy_from_slice(bytes);
        Ok(())
    }

    #[inline]
    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        let live = self.bytes(memory);
        let range = check(Access::Read, addr, len, live.len())?;
        let most = self.parts.limits.get().output;
        if len > most {
            return Err(Failure::Limit(Limit::Output(len, most)).into());
        }
        into.extend_from_slice(&live[range]);
        Ok(())
    }

    #[inline]
    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        let live = self.bytes(memory);
        let bytes = &live[check(Access::Read, addr, len, live.len())?];
        let mut number = [0; 8];
        let len = bytes.len().min(number.len());
        number[..len].copy_from_slice(&bytes[..len]);
        Ok(u64::from_le_bytes(number))
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        let live = self.parts.memories.get(memory).cloned();
        let live = live.ok_or_else(|| Failure::Mismatch(format!("the guest has no memory {memory}")))?;
        let ty = live.ty(&self.store);
        let (now, most) = (ty.minimum, ty.maximum.unwrap_or(Pages::max_value()));
        let [now, most] = [now, most].map(|pages| u64::from(pages.0));
        let grown = u32::try_from(pages).ok().and_then(|delta| live.grow(&mut self.store, delta).ok());
        Ok(grown.map(|before| u64::from(before.0)).ok_or(Failure::NotGrown { pages, now, most })?)
    }
}

/// The size of a memory in bytes. The host has mapped it, so it fits a `usize`.
fn size(view: &MemoryView<'_>) -> usize {
    usize::try_from(view.data_size()).expect("linear memory fits the address space")
}

/// The index range of `len` bytes at `addr`, if inside a memory of `size` bytes.
fn check(access: Access, addr: u64, len: u64, size: usize) -> Result<std::ops::Range<usize>, Box<Failure>> {
    // Many guests return an invalid address for an empty text. Nothing is accessed there.
    if len == 0 {
        return Ok(0..0);
    }
    let inside = |n: u64| usize::try_from(n).ok().filter(|&n| n <= size);
    match (inside(addr), addr.checked_add(len).and_then(inside)) {
        (Some(start), Some(end)) => Ok(start..end),
        _ => Err(Failure::OutOfBounds { access, addr, len, memory: size as u64 }.into()),
    }
}

/// The cause of a trap; `None` if only the engine can describe it.
fn cause(trap: TrapCode) -> Option<TrapCause> {
    Some(match trap {
        TrapCode::UnreachableCodeReached => TrapCause::Unreachable,
        TrapCode::HeapAccessOutOfBounds => TrapCause::MemoryOutOfBounds,
        TrapCode::StackOverflow => TrapCause::StackOverflow,
        TrapCode::IntegerDivisionByZero => TrapCause::DivideByZero,
        TrapCode::IntegerOverflow => TrapCause::IntegerOverflow,
        TrapCode::BadConversionToInteger => TrapCause::InvalidConversion,
        TrapCode::TableAccessOutOfBounds => TrapCause::TableOutOfBounds,
        TrapCode::IndirectCallToNull => TrapCause::NullFunction,
        TrapCode::BadSignature => TrapCause::TypeMismatch,
        TrapCode::HeapMisaligned | TrapCode::UnalignedAtomic => TrapCause::Unaligned,
        TrapCode::UncaughtException => TrapCause::UncaughtException,
        // Nothing else raises it.
        TrapCode::HostInterrupt => TrapCause::Other(WAITS.to_owned()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Limits, NoHost, Watchdog};
    use super::*;

    #[test]
    fn a_memory_is_seen_in_its_present_size() {
        let module = r#"(module (memory (export "memory") 0)
            (func (export "grow") (drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 0x1ffff) (i32.const 7))))"#;
        let code = Code::read("grows", module.as_bytes()).expect("the module is valid");
        let program = code.compile(Limits::default()).expect("it compiles");
        let mut guest = program.instantiate(&Watchdog::new(None)).expect("it can be instantiated");
        assert!(guest.bytes(0).is_empty() && guest.bytes(1).is_empty(), "no pages, and no such memory");
        let nothing = Failure::OutOfBounds { access: Access::Write, addr: 0, len: 1, memory: 0 };
        assert_eq!(guest.write(0, 0, &[1]).map_err(|failure| *failure), Err(nothing));
        assert_eq!(guest.grow(0, 1).expect("it may grow"), 0);
        guest.write(0, 0xffff, &[5]).expect("it is the last byte");
        let grow = guest.func("grow").expect("it is exported");
        guest.call(&grow, &[], &mut NoHost).expect("it returns");
        let bytes = guest.bytes(0);
        assert_eq!((bytes.len(), bytes[0xffff], bytes[0x1ffff]), (0x20000, 5, 7));
        let mut read = Vec::new();
        guest.read(0, 0x1ffff, 1, &mut read).expect("it is the last byte");
        assert_eq!(read, [7]);
        assert!(guest.read(0, 0x1ffff, 2, &mut read).is_err() && guest.read(0, u64::MAX, 2, &mut read).is_err());
    }
}
