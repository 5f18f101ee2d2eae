//! What a guest shares with its host functions: memories, flags, and the current host.

use std::cell::{Cell, OnceCell};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::Arc;

use wasmer::{AsStoreMut, FunctionEnv, FunctionEnvMut, Memory, Store, StoreMut};

use super::fault::Fault;
use super::flag::Flag;
use super::instrument::OffsetMap;
use super::pause::{PauseMemory, Pauser};
use super::trace::Tracer;
use super::written::WrittenPages;
use super::{Host, Limits, Symbols, Watchdog};
use crate::record::Failure;

/// Maximum nesting of calls between host and guest: each level uses some of the host's own stack.
const DEEPEST: usize = 50;

/// What stays the same for the lifetime of a guest.
pub(super) struct GuestShared {
    /// The memories, in the order of their indices.
    pub(super) memories: Vec<Memory>,
    /// The slot for the host; `None` if the guest neither imports a function nor has hooks.
    pub(super) slot: Option<HostSlot>,
    pub(super) flag: Flag,
    /// The memory that contains the flags, and the operands of the last instruction whose operands are kept.
    pub(super) flags: Memory,
    pub(super) fault: Fault,
    /// What the system knows of writes to the memories.
    pub(super) written: WrittenPages,
    /// The global that is taken for the stack pointer.
    pub(super) stack: Option<wasmer::Global>,
    pub(super) watch: Watchdog,
    pub(super) offsets: Arc<OffsetMap>,
    pub(super) symbols: Arc<dyn Symbols>,
    /// Takes the guest's records, if it records its accesses.
    pub(super) tracer: Option<Tracer>,
    /// What it takes to stop the guest at its stop points, if it has any.
    pub(super) pauser: Option<Pauser>,
    pub(super) pauses: PauseMemory,
    /// Whether the guest runs quick code.
    pub(super) is_quick: bool,
    /// The exported globals of the module.
    pub(super) globals: Vec<(String, wasmer::Global)>,
    /// May be changed at any time.
    pub(super) limits: Cell<Limits>,
}

/// The shared parts, set once the guest exists.
pub(super) type SharedLater = Rc<OnceCell<Rc<GuestShared>>>;

/// The slot that holds the current host during a call into the guest.
#[derive(Clone)]
pub(super) struct HostSlot(FunctionEnv<ImportEnv>);

/// The environment of a guest's host functions.
pub(super) struct ImportEnv {
    host: Option<HostPtr>,
    /// Current nesting of calls into the guest.
    depth: usize,
    shared: SharedLater,
    thread: ThreadMark,
}

/// A host, valid only during the call that it was given for.
#[derive(Clone, Copy)]
struct HostPtr(NonNull<dyn Host>);

// SAFETY: wasmer requires `Send` of an environment, but never moves it. A guest is not `Send`, so its store and this
// stay on one thread. Code that depends on that checks the thread: `HostSlot::during` and `with_host`.
#[allow(unsafe_code, reason = "wasmer demands it of the environment of host functions")]
unsafe impl Send for ImportEnv {}

impl ImportEnv {
    /// What the guest's functions share, once the guest exists.
    pub(super) fn shared(&self) -> Option<Rc<GuestShared>> {
        self.shared.get().cloned()
    }
}

impl HostSlot {
    /// Creates an empty slot on this thread.
    pub(super) fn new(store: &mut Store, shared: SharedLater) -> HostSlot {
        let env = ImportEnv { host: None, depth: 0, shared, thread: ThreadMark::here() };
        HostSlot(FunctionEnv::new(store, env))
    }

    /// The environment of the host functions.
    pub(super) fn env(&self) -> &FunctionEnv<ImportEnv> {
        &self.0
    }

    /// Calls into the guest while `host` handles the imports. Afterwards the previous host is restored.
    #[inline(always)]
    pub(super) fn during<S: AsStoreMut, T>(
        &self,
        store: &mut S,
        host: &mut dyn Host,
        call: impl FnOnce(&mut S) -> T,
    ) -> T {
        let seat = Seat::new(self, store, host);
        call(seat.store)
    }
}

/// A host in the slot. Dropping this, even in a panic, restores the previous host.
struct Seat<'a, S: AsStoreMut> {
    slot: &'a HostSlot,
    store: &'a mut S,
    before: Option<HostPtr>,
}

impl<'a, S: AsStoreMut> Seat<'a, S> {
    /// Puts `host` into the slot for the lifetime of the guard.
    #[allow(unsafe_code, reason = "an environment of host functions cannot hold a borrow")]
    fn new(slot: &'a HostSlot, store: &'a mut S, host: &'a mut dyn Host) -> Seat<'a, S> {
        let host = NonNull::from(host);
        // SAFETY: this erases the lifetime of the borrow, which the guard has instead. The pointer leaves the slot
        // when the guard is dropped.
        let host = unsafe { std::mem::transmute::<NonNull<dyn Host + '_>, NonNull<dyn Host>>(host) };
        let env = slot.0.as_mut(store);
        env.thread.check();
        env.depth += 1;
        let before = env.host.replace(HostPtr(host));
        Seat { slot, store, before }
    }
}

impl<S: AsStoreMut> Drop for Seat<'_, S> {
    fn drop(&mut self) {
        let env = self.slot.0.as_mut(self.store);
        env.depth -= 1;
        env.host = self.before;
    }
}

/// Runs `act` with the host in the slot, while the guest waits for a host function.
///
/// # Errors
/// [`Failure::Nesting`], or the slot is empty.
#[allow(unsafe_code, reason = "an environment of host functions cannot hold a borrow")]
pub(super) fn with_host<T>(
    mut env: FunctionEnvMut<'_, ImportEnv>,
    act: impl FnOnce(&mut dyn Host, StoreMut<'_>, &Rc<GuestShared>) -> T,
) -> Result<T, Failure> {
    let (env, store) = env.data_and_store_mut();
    env.thread.check();
    let (Some(HostPtr(mut host)), Some(shared)) = (env.host, env.shared.get().cloned()) else {
        return Err(Failure::Internal("an import was called outside a call".to_owned()));
    };
    if env.depth > DEEPEST {
        return Err(Failure::Nesting(DEEPEST));
    }
    shared.pauses.watching.borrow_mut().forget();
    // SAFETY: the pointer is in the slot, so its `Seat` lives and is the only borrower of the host. The call that the
    // host was given for waits. A nested call puts another pointer, reborrowed from this, into the slot.
    let host = unsafe { host.as_mut() };
    Ok(act(host, store, &shared))
}

/// A thread, identified by the address of a thread-local.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ThreadMark(usize);

impl ThreadMark {
    #[inline(always)]
    fn here() -> ThreadMark {
        thread_local!(static MARK: Cell<u8> = const { Cell::new(0) });
        MARK.with(|mark| ThreadMark(std::ptr::from_ref(mark).addr()))
    }

    /// # Panics
    /// The current thread is another one.
    #[inline(always)]
    fn check(self) {
        assert!(self == ThreadMark::here(), "a guest is called on the thread that made it");
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::{Boundary, Code, Guest};
    use super::*;
    use crate::record::Value;

    /// Calls its import, which calls `again`.
    const CALLS: &str = r#"(module (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "f") (param i32) (result i32) (call $ask (local.get 0)))
        (func (export "same") (param i32) (result i32) (local.get 0)))"#;

    fn guest() -> Guest {
        let code = Code::read("calls", CALLS.as_bytes()).expect("the module is valid");
        let program = code.compile(Limits::default()).expect("it compiles");
        program.instantiate(&Watchdog::new(None)).expect("it can be instantiated")
    }

    /// Adds `by` to the argument; panics at 0. At 1, calls the guest again with another host.
    struct Adds {
        by: i32,
        guest_func: super::super::Func,
    }

    impl Host for Adds {
        fn import(&mut self, _: usize, args: &[Value], guest: &mut dyn Boundary) -> Result<Vec<Value>, Box<Failure>> {
            let asked = match args {
                [Value::I32(0)] => panic!("a host function panics"),
                [Value::I32(1)] => {
                    let mut other = Adds { by: 1000, guest_func: self.guest_func.clone() };
                    let results = guest.call(&self.guest_func, &[Value::I32(5)], &mut other)?;
                    assert_eq!(results, [Value::I32(1005)], "the other host answered");
                    1
                }
                [Value::I32(n)] => *n,
                _ => unreachable!("the import has one parameter"),
            };
            Ok(vec![Value::I32(asked + self.by)])
        }

        fn name(&self, _: usize) -> Arc<str> {
            "env.ask".into()
        }
    }

    #[test]
    fn the_host_before_answers_again_after_a_nested_call_and_after_a_panic() {
        let mut guest = guest();
        let f = guest.func("f").expect("it is exported");
        let mut host = Adds { by: 10, guest_func: f.clone() };
        assert_eq!(guest.call(&f, &[Value::I32(1)], &mut host).expect("it returns"), [Value::I32(11)]);
        // More often than calls may nest: each panic skips the end of its call.
        for _ in 0..=DEEPEST {
            let outcome =
                catch_unwind(AssertUnwindSafe(|| guest.call(&f, &[Value::I32(0)], &mut host).map(<[_]>::len)));
            assert!(outcome.is_err(), "the panic passes through the guest");
            let slot = guest.reach.parts.slot.clone().expect("the guest imports a function");
            let env = slot.0.as_ref(&guest.reach.store);
            assert!(env.depth == 0 && env.host.is_none(), "no pointer to the host is left");
        }
        assert_eq!(guest.call(&f, &[Value::I32(2)], &mut host).expect("it returns"), [Value::I32(12)]);
    }

    /// Moves a guest to another thread, which the type system otherwise forbids.
    struct Smuggled(Guest);

    // SAFETY: this is unsound, which is the point of the test. Only one thread at a time uses the guest.
    #[allow(unsafe_code, reason = "a guest is not Send, and the check is for what comes of it all the same")]
    unsafe impl Send for Smuggled {}

    #[test]
    fn a_host_is_not_called_on_another_thread() {
        let smuggled = Smuggled(guest());
        let thread = std::thread::spawn(move || {
            let Smuggled(mut guest) = { smuggled };
            let f = guest.func("f").expect("it is exported");
            let mut host = Adds { by: 10, guest_func: f.clone() };
            let outcome =
                catch_unwind(AssertUnwindSafe(|| guest.call(&f, &[Value::I32(2)], &mut host).map(<[_]>::len)));
            std::mem::forget(guest);
            outcome.is_err()
        });
        assert!(thread.join().expect("the panic was caught"), "the call is refused");
    }
}
