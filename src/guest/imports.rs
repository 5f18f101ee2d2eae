//! A guest's imports: functions that lead to the host, and memories, tables and globals that the host makes.

use std::cell::OnceCell;
use std::fmt;
use std::ptr::NonNull;
use std::rc::Rc;

use wasmer::{
    AsStoreMut, Extern, ExternType, Function, FunctionEnv, FunctionEnvMut, Global, Memory, Module, RuntimeError, Store,
    Table,
};

use super::func::zero;
use super::reach::{GuestAccess, GuestShared};
use super::{Host, LoadError};
use crate::record::{Failure, Value};

/// How deep calls between host and guest may nest: each level takes some of the host's own stack.
const DEEPEST: usize = 50;

/// Where the host waits for calls of imports while a guest runs.
#[derive(Clone)]
pub(super) struct HostSlot(FunctionEnv<ImportEnv>);

/// Who sits at the desk.
struct ImportEnv {
    host: Option<HostPtr>,
    /// How many calls of the host's are under way, one inside the other.
    depth: usize,
    parts: Rc<OnceCell<Rc<GuestShared>>>,
}

/// A host that is present for as long as the call lasts that it was given for.
#[derive(Clone, Copy)]
struct HostPtr(NonNull<dyn Host>);

// SAFETY: wasmer wants the data of its functions to be `Send`. A guest stays on the thread that made it (see
// `Guest`), and what a seat points to is used only during a call, on the thread that makes the call.
#[allow(unsafe_code, reason = "wasmer demands it of what its functions share")]
unsafe impl Send for ImportEnv {}

/// Who sat at the desk before.
pub(super) struct HostGuard(Option<HostPtr>);

impl HostSlot {
    /// Seats `host` for a call, in the place of one whose call is waiting for this one. [`HostSlot::leave`] is to follow.
    #[allow(unsafe_code, reason = "a host is borrowed for a call, and wasmer's functions hold no borrows")]
    pub(super) fn seat(&self, store: &mut impl AsStoreMut, host: &mut dyn Host) -> HostGuard {
        // SAFETY: this only forgets how long the borrow lasts. `leave` takes the pointer away when the call is
        // over, before the borrow ends, and until then nobody else uses `host`: the caller's borrow is exclusive.
        let host = unsafe { std::mem::transmute::<NonNull<dyn Host + '_>, NonNull<dyn Host>>(NonNull::from(host)) };
        let seat = self.0.as_mut(store);
        seat.depth += 1;
        HostGuard(seat.host.replace(HostPtr(host)))
    }

    /// Gives the desk back to who sat there before.
    pub(super) fn leave(&self, store: &mut impl AsStoreMut, before: HostGuard) {
        let seat = self.0.as_mut(store);
        seat.depth -= 1;
        seat.host = before.0;
    }
}

/// All that a module imports, made afresh for one guest.
pub(super) struct Imports {
    /// In the order in which the module imports them.
    pub(super) externs: Vec<Extern>,
    /// There is one if a function is among them.
    pub(super) desk: Option<HostSlot>,
    parts: Rc<OnceCell<Rc<GuestShared>>>,
}

impl Imports {
    /// Makes what `module` imports: functions that ask the host, empty memories and tables, globals that are zero.
    ///
    /// # Errors
    /// There is something else among it, or the host has no memory for it.
    pub(super) fn new(store: &mut Store, module: &Module) -> Result<Imports, LoadError> {
        let parts = Rc::new(OnceCell::new());
        let seat = ImportEnv { host: None, depth: 0, parts: parts.clone() };
        let desk = HostSlot(FunctionEnv::new(store, seat));
        let mut externs = Vec::new();
        for (place, import) in module.imports().enumerate() {
            let refuse = |reason: &dyn fmt::Display| LoadError::Import {
                import: format!("{}.{}", import.module(), import.name()),
                reason: reason.to_string(),
            };
            externs.push(match import.ty() {
                ExternType::Function(ty) => {
                    let results: Vec<_> = ty.results().to_vec();
                    let answer = move |env: FunctionEnvMut<'_, ImportEnv>, args: &[wasmer::Value]| {
                        ImportCall { env, place }.answer(args, &results)
                    };
                    Function::new_with_env(store, &desk.0, ty, answer).into()
                }
                ExternType::Memory(ty) => Memory::new(store, *ty).map_err(|error| refuse(&error))?.into(),
                ExternType::Table(ty) => {
                    Table::new(store, *ty, zero(ty.ty)).map_err(|error| refuse(&error.message()))?.into()
                }
                ExternType::Global(ty) if ty.mutability.is_mutable() => Global::new_mut(store, zero(ty.ty)).into(),
                ExternType::Global(ty) => Global::new(store, zero(ty.ty)).into(),
                ExternType::Tag(_) => return Err(refuse(&"tags of exceptions are not supported")),
            });
        }
        let has_functions = externs.iter().any(|import| matches!(import, Extern::Function(_)));
        Ok(Imports { externs, desk: has_functions.then_some(desk), parts })
    }

    /// Tells the functions among them which guest they belong to.
    pub(super) fn belong_to(&self, parts: &Rc<GuestShared>) {
        // They are told once.
        let _ = self.parts.set(parts.clone());
    }
}

/// A call of an import that is under way.
pub(super) struct ImportCall<'a> {
    env: FunctionEnvMut<'a, ImportEnv>,
    place: usize,
}

impl ImportCall<'_> {
    #[allow(unsafe_code, reason = "the host's borrow was hidden from wasmer")]
    fn answer(mut self, args: &[wasmer::Value], types: &[wasmer::Type]) -> Result<Vec<wasmer::Value>, RuntimeError> {
        let args: Vec<_> = args.iter().map(Value::from).collect();
        let (seat, store) = self.env.data_and_store_mut();
        let (Some(HostPtr(mut host)), Some(parts)) = (seat.host, seat.parts.get()) else {
            return Err(stop(Failure::Internal("an import was called outside a call".to_owned())));
        };
        if seat.depth > DEEPEST {
            return Err(stop(Failure::Nesting(DEEPEST)));
        }
        parts.flag.called();
        let mut inside = GuestAccess::new(store, parts.clone());
        // SAFETY: see `Desk::seat`. While the host answers, it gives itself to nested calls only as a reborrow, and
        // those are over before this one returns.
        let host = unsafe { host.as_mut() };
        let results = host.import(self.place, &args, &mut inside).map_err(|failure| {
            let args: Vec<_> = args.iter().map(Value::to_string).collect();
            stop(failure.in_import(|| format!("{}({})", host.name(self.place), args.join(", "))))
        })?;
        if host.takes_over() {
            parts.flag.leave(true);
        }
        let results = types.iter().enumerate().map(|(place, &ty)| match results.get(place) {
            Some(value) => value.of_type(ty),
            None => zero(ty),
        });
        Ok(results.collect())
    }

    /// Why the host stopped the guest, if that is what the error says.
    pub(super) fn failure(error: RuntimeError) -> Result<Failure, RuntimeError> {
        error.downcast::<Stop>().map(|stop| stop.0)
    }
}

/// A failure on its way through the guest's frames.
#[derive(Debug)]
struct Stop(Failure);

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Stop {}

fn stop(failure: Failure) -> RuntimeError {
    RuntimeError::user(Box::new(Stop(failure)))
}
