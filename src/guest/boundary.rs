//! The boundary: the three things that a host does to a guest. Conventions speak to guests through it alone.

use super::Func;
use crate::record::{Failure, Value};

/// Calls, writes and reads. Failures are boxed: what succeeds, many million times, then returns in registers.
/// A [`super::Guest`] just does them; [`super::Recorded`] also records them.
pub trait Boundary {
    /// Calls an export. The results stay readable until the next call.
    ///
    /// # Errors
    /// A trap, a time limit, Ctrl-C.
    fn call(&mut self, func: &Func, args: &[Value]) -> Result<&[Value], Box<Failure>>;

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

    /// All of a memory as it is now, to look into. This is no crossing.
    fn bytes(&self, memory: usize) -> &[u8];

    /// Says that the next call is the transform: what a newcomer wants to see first.
    fn transform_next(&mut self) {}
}
