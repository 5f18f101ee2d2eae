//! The boundary between host and guest: calls, memory accesses and imports. Conventions reach guests only through it.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{CodePosition, Func, Global, GlobalRef, Pausing};
use crate::record::{Collector, Failure, FocusTarget, LinePart, RecorderId, Suspects, Value};

/// Calls, writes and reads. Errors are boxed so that results are returned in registers: this runs millions of times. A
/// [`super::Guest`] only performs them; [`super::Recorded`] also records them.
pub trait Boundary {
    /// Calls an export; `host` handles the imports that it calls. The results stay readable until the next call.
    ///
    /// # Errors
    /// A trap, a time limit, Ctrl-C, a failure of `host`.
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>>;

    /// Like `call`, but faster: takes the bits of the arguments, and returns those of the first result, or 0.
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

    /// Appends the `len` bytes at `addr` in a memory to `into`.
    ///
    /// # Errors
    /// [`Failure::OutOfBounds`], or the output limit; nothing was read then.
    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>>;

    /// Reads a number of at most 8 bytes at `addr` in a memory.
    ///
    /// # Errors
    /// As for [`Boundary::read`].
    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        let mut bytes = Vec::with_capacity(8);
        self.read(memory, addr, len, &mut bytes)?;
        bytes.resize(8, 0);
        Ok(bytes[..8].try_into().map_or(0, u64::from_le_bytes))
    }

    /// Grows a memory by whole pages, and returns its previous size in pages.
    ///
    /// # Errors
    /// The memory cannot grow that far.
    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>>;

    /// The collector with the guest's accesses so far, if it records them. The caller has it to itself while no guest
    /// code runs.
    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>>;

    /// For each memory, the ranges that the module initialized; `None` if unknown.
    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        None
    }

    /// The current value of an exported global. Not recorded as a step.
    fn global(&mut self, variable: &GlobalRef) -> Value;

    /// The exported globals as they are now. Not recorded as a step.
    fn globals(&mut self) -> Vec<Global> {
        Vec::new()
    }

    /// Where the guest is in its code, while it waits for the host. Not recorded as a step.
    fn position(&mut self) -> CodePosition {
        CodePosition::default()
    }

    /// Has the guest look out for what is wanted of it by now.
    fn look_out(&mut self) {}

    /// How many memories there are.
    fn memories(&self) -> usize;

    /// Writes bytes of which some are bytes of the line.
    ///
    /// # Errors
    /// As for [`Boundary::write`].
    fn write_line(&mut self, memory: usize, addr: u64, bytes: &[u8], _line: LinePart) -> Result<(), Box<Failure>> {
        self.write(memory, addr, bytes)
    }

    /// The current bytes of a memory. Not recorded as a step.
    fn bytes(&self, memory: usize) -> &[u8];

    /// Where a memory may differ from what it was when this recorder asked last, if that is known. The recorder must
    /// compare there now.
    fn suspects(&self, _memory: usize, _by: RecorderId) -> Suspects {
        Suspects::All
    }

    /// Records that the guest was instantiated, and how long that took.
    fn instantiated(&mut self, _elapsed: Duration) {}

    /// Marks the next step, or the next call, as the transform, which is shown first.
    fn transform_next(&mut self, _wanted: FocusTarget) {}

    /// Marks the next call as a repetition of an earlier one: their results can be compared.
    fn repeat_next(&mut self) {}

    /// Records a message of the guest.
    fn say(&mut self, _text: &[u8]) {}

    /// Records that the host read from an address to the end of a memory, and found no zero byte.
    fn unterminated(&mut self, _memory: usize, _addr: u64) {}

    /// Records a note of the host about the guest.
    fn note(&mut self, _text: &str) {}
}

/// Handles the imports that a guest calls.
pub trait Host {
    /// Handles a call of the import with this index in [`super::Interface::imports`], and returns its results; missing
    /// ones are zero. The guest is reachable through `boundary` meanwhile.
    ///
    /// # Errors
    /// The guest is stopped by a trap, with this failure as the reason.
    fn import(&mut self, place: usize, args: &[Value], boundary: &mut dyn Boundary)
    -> Result<Vec<Value>, Box<Failure>>;

    /// The name of the import with this index, as `module.name`.
    fn name(&self, place: usize) -> Arc<str>;

    /// The guest stops, or somebody wants to see what happened so far. Returns when the guest is to go on.
    ///
    /// # Errors
    /// It is to end its call.
    fn paused(&mut self, _pausing: Pausing, _boundary: &mut dyn Boundary) -> Result<(), Box<Failure>> {
        Ok(())
    }

    /// Whether a [`super::Driver`] must return to the host.
    fn takes_over(&self) -> bool {
        false
    }
}

/// The host of a guest without imports. It stops a guest that calls one.
#[derive(Clone, Copy, Debug)]
pub struct NoHost;

impl Host for NoHost {
    fn import(&mut self, _: usize, _: &[Value], _: &mut dyn Boundary) -> Result<Vec<Value>, Box<Failure>> {
        Err(Failure::Mismatch("no host implements the guest's imports".to_owned()).into())
    }

    fn name(&self, place: usize) -> Arc<str> {
        format!("import {place}").into()
    }
}
