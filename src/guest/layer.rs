//! A layer in front of a guest: it takes part in calls, and passes on everything else.

use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Boundary, CodePosition, Func, Global, GlobalRef, Host};
use crate::record::{Collector, Failure, FocusTarget, LinePart, RecorderId, Suspects, Value};

/// A boundary that takes part in calls, and hears of writes. All else goes to the boundary behind it, as it is.
pub trait CallLayer {
    /// The boundary behind it.
    type Inner: Boundary;

    /// The boundary behind it.
    fn inner(&self) -> &Self::Inner;

    /// The boundary behind it.
    fn inner_mut(&mut self) -> &mut Self::Inner;

    /// The host wrote so many bytes at an address.
    fn wrote(&mut self, _memory: usize, _addr: u64, _len: u64) {}

    /// Calls an export, through the boundary behind it.
    ///
    /// # Errors
    /// As for [`Boundary::call`].
    fn call_through(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>>;
}

impl<L: CallLayer> Boundary for L {
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        self.call_through(func, args, host)
    }

    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.inner_mut().write(memory, addr, bytes)?;
        self.wrote(memory, addr, bytes.len() as u64);
        Ok(())
    }

    fn write_line(&mut self, memory: usize, addr: u64, bytes: &[u8], line: LinePart) -> Result<(), Box<Failure>> {
        self.inner_mut().write_line(memory, addr, bytes, line)?;
        self.wrote(memory, addr, bytes.len() as u64);
        Ok(())
    }

    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.inner_mut().read(memory, addr, len, into)
    }

    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        self.inner_mut().load(memory, addr, len)
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        self.inner_mut().grow(memory, pages)
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        self.inner_mut().accesses()
    }

    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        self.inner().data()
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        self.inner_mut().global(variable)
    }

    fn globals(&mut self) -> Vec<Global> {
        self.inner_mut().globals()
    }

    fn position(&mut self) -> CodePosition {
        self.inner_mut().position()
    }

    fn look_out(&mut self) {
        self.inner_mut().look_out();
    }

    fn memories(&self) -> usize {
        self.inner().memories()
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.inner().bytes(memory)
    }

    fn suspects(&self, memory: usize, by: RecorderId) -> Suspects {
        self.inner().suspects(memory, by)
    }

    fn instantiated(&mut self, elapsed: Duration) {
        self.inner_mut().instantiated(elapsed);
    }

    fn transform_next(&mut self, wanted: FocusTarget) {
        self.inner_mut().transform_next(wanted);
    }

    fn repeat_next(&mut self) {
        self.inner_mut().repeat_next();
    }

    fn say(&mut self, text: &[u8]) {
        self.inner_mut().say(text);
    }

    fn unterminated(&mut self, memory: usize, addr: u64) {
        self.inner_mut().unterminated(memory, addr);
    }

    fn note(&mut self, text: &str) {
        self.inner_mut().note(text);
    }
}
