//! A guest under observation: each call, write and read is recorded as a crossing, with what it changed.

use std::time::Instant;

use super::{Boundary, Func, Guest};
use crate::record::{Actor, Failure, Recorder, Step, Value};

/// A guest and the recorder that follows it.
pub struct Recorded<'a> {
    guest: &'a mut Guest,
    recorder: &'a mut Recorder,
}

impl<'a> Recorded<'a> {
    /// Lets `recorder`, whose present is the guest's, follow what is done to `guest`.
    pub fn new(guest: &'a mut Guest, recorder: &'a mut Recorder) -> Recorded<'a> {
        Recorded { guest, recorder }
    }
}

impl Recorded<'_> {
    /// Grows a memory, as the host.
    ///
    /// # Errors
    /// The memory may not grow so far.
    pub fn grow(&mut self, memory: usize, pages: u64) -> Result<(), Box<Failure>> {
        let since = Instant::now();
        self.guest.grow(memory, pages)?;
        let elapsed = since.elapsed();
        self.recorder.enter(Step::Grow { memory, pages });
        self.guest.compare(self.recorder, Actor::Host);
        self.recorder.leave(elapsed);
        Ok(())
    }

    /// Sets an exported global, as the host.
    ///
    /// # Errors
    /// There is none of that name, it is immutable, or of another type.
    pub fn set(&mut self, global: &str, value: Value) -> Result<(), Box<Failure>> {
        let since = Instant::now();
        self.guest.set_global(global, value)?;
        self.recorder.enter(Step::Set { global: global.into(), value });
        self.recorder.leave(since.elapsed());
        Ok(())
    }

    /// The exported function of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn func(&self, name: &str) -> Result<Func, Box<Failure>> {
        self.guest.func(name).ok_or_else(|| Failure::Mismatch(format!("the guest exports no function `{name}`")).into())
    }
}

impl Boundary for Recorded<'_> {
    fn call(&mut self, func: &Func, args: &[Value]) -> Result<&[Value], Box<Failure>> {
        self.recorder.enter(Step::Call { export: func.name.clone(), args: args.to_vec(), results: None });
        let since = Instant::now();
        let outcome = self.guest.call(func, args).map(<[Value]>::to_vec);
        let elapsed = since.elapsed();
        let Recorded { guest, recorder } = self;
        guest.watch().aside(|| guest.compare(recorder, Actor::Guest));
        let step = self.recorder.leave(elapsed);
        if let (Step::Call { results, .. }, Ok(values)) = (step, &outcome) {
            *results = Some(values.clone());
        }
        outcome.map(|_| self.guest.results())
    }

    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.recorder.enter(Step::Write { memory, addr, len: bytes.len() as u64 });
        let since = Instant::now();
        let outcome = self.guest.write(memory, addr, bytes);
        let elapsed = since.elapsed();
        if outcome.is_ok() {
            self.recorder.written(memory, addr, bytes, Actor::Host);
        }
        self.recorder.leave(elapsed);
        outcome
    }

    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.recorder.enter(Step::Read { memory, addr, len });
        let since = Instant::now();
        let outcome = self.guest.read(memory, addr, len, into);
        self.recorder.leave(since.elapsed());
        outcome
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.guest.bytes(memory)
    }

    fn transform_next(&mut self) {
        self.recorder.focus_next();
    }
}
