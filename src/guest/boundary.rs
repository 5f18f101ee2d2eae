//! The boundary: what a host does to a guest, and what a guest asks of its host. Conventions speak to guests through
//! it alone.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Func, GlobalRef};
use crate::record::{Collector, Failure, FocusTarget, Value};

/// Calls, writes and reads. Failures are boxed: what succeeds, many million times, then returns in registers.
/// A [`super::Guest`] just does them; [`super::Recorded`] also records them.
pub trait Boundary {
    /// Calls an export; `host` answers the imports that are called on the way. The results stay readable until the
    /// next call.
    ///
    /// # Errors
    /// A trap, a time limit, Ctrl-C, a failure of `host`.
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>>;

    /// Calls an export with the bits of numbers, and returns those of its first result, or 0: the fast way.
    ///
    /// # Errors
    /// As for [`Boundary::call`].
    fn call_bits(&mut self, func: &Func, args: &[u64], host: &mut dyn Host) -> Result<u64, Box<Failure>> {
        let args: Vec<_> = func.values(args).collect();
        Ok(self.call(func, &args, host)?.first().map_or(0, |result| result.bits()))
    }

    /// Writes `bytes` at `addr` in a memory.
    ///
    /// # Errors
    /// [`Failure::OutOfBounds`]; nothing was written then.
    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>>;

    /// Appends `len` bytes at `addr` in a memory to `into`.
    ///
    /// # Errors
    /// [`Failure::OutOfBounds`], or the output limit; nothing was read then.
    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>>;

    /// Grows a memory by whole pages, and returns how many it had.
    ///
    /// # Errors
    /// The memory may not grow so far.
    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>>;

    /// What the guest recorded of its accesses to memory so far, if it records them: in a collector, which the caller
    /// has to itself as long as no code of the guest runs.
    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>>;

    /// For each memory, the ranges that the module put data into as it was instantiated; `None` if they are not known.
    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        None
    }

    /// The value of an exported global now. This is no step.
    fn global(&mut self, variable: &GlobalRef) -> Value;

    /// How many memories there are.
    fn memories(&self) -> usize;

    /// All of a memory as it is now, to look into. This is no step.
    fn bytes(&self, memory: usize) -> &[u8];

    /// Notes that the guest was instantiated, which took that long.
    fn instantiated(&mut self, _elapsed: Duration) {}

    /// Says that the next step, or the next call, is the transform: what a newcomer wants to see first.
    fn transform_next(&mut self, _wanted: FocusTarget) {}

    /// Says that the next call asks the guest what an earlier one asked: what they return can be compared.
    fn repeat_next(&mut self) {}

    /// Notes what the guest says beside its answer.
    fn say(&mut self, _text: &[u8]) {}

    /// Notes what the host remarks about the guest.
    fn note(&mut self, _text: &str) {}
}

/// Answers the imports that a guest calls.
pub trait Host {
    /// The guest calls the import of that place in [`super::Interface::imports`]. What is returned are the import's
    /// results; of those that are missing, each is zero. Through `boundary` the guest can be reached meanwhile.
    ///
    /// # Errors
    /// Why the guest is to be stopped: it traps.
    fn import(&mut self, place: usize, args: &[Value], boundary: &mut dyn Boundary)
    -> Result<Vec<Value>, Box<Failure>>;

    /// What the import of that place is called, as `module.name`.
    fn name(&self, place: usize) -> Arc<str>;

    /// Whether something happened that a [`super::Driver`] is to leave to its host.
    fn takes_over(&self) -> bool {
        false
    }
}

/// The host of a guest that imports nothing: it stops one that does.
#[derive(Clone, Copy, Debug)]
pub struct NoHost;

impl Host for NoHost {
    fn import(&mut self, _: usize, _: &[Value], _: &mut dyn Boundary) -> Result<Vec<Value>, Box<Failure>> {
        Err(Failure::Mismatch("no host answers the guest's imports".to_owned()).into())
    }

    fn name(&self, place: usize) -> Arc<str> {
        format!("import {place}").into()
    }
}
