//! A recorded guest: each call, write and read becomes a step with its changes.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::{Boundary, CodePosition, Func, Global, GlobalRef, Guest, Host, Pausing, Watchdog};
use crate::record::{
    Actor, Collector, Failure, FocusTarget, LinePart, Recorder, RecorderId, StepKind, Suspects, Value,
};

/// A guest, reached from outside or inside a call, and its recorder.
pub struct Recorded<'a, B: ?Sized> {
    pub(super) inner: &'a mut B,
    pub(super) recorder: &'a mut Recorder,
    pub(super) watch: Watchdog,
}

impl<'a> Recorded<'a, Guest> {
    /// Records everything done to `guest`. The memories of `recorder` must be the guest's.
    pub fn new(guest: &'a mut Guest, recorder: &'a mut Recorder) -> Recorded<'a, Guest> {
        let watch = guest.watch().clone();
        Recorded { inner: guest, recorder, watch }
    }

    /// Sets an exported global on behalf of the host.
    ///
    /// # Errors
    /// There is no such global, it is immutable, or the value has another type.
    pub fn set(&mut self, global: &str, value: Value) -> Result<(), Box<Failure>> {
        let since = Instant::now();
        self.inner.set_global(global, value)?;
        self.recorder.enter(StepKind::Set { global: global.into(), value });
        self.recorder.leave(since.elapsed());
        Ok(())
    }

    /// The exported function with this name.
    ///
    /// # Errors
    /// There is no such function.
    pub fn func(&self, name: &str) -> Result<Func, Box<Failure>> {
        self.inner.func(name).ok_or_else(|| Failure::Mismatch(format!("the guest exports no function `{name}`")).into())
    }
}

impl<B: Boundary + ?Sized> Recorded<'_, B> {
    /// Records what the guest did since `go_on`, from its own records or else by comparing memory. If comparing has
    /// taken too long, memory is compared only when the outermost call `is_done`.
    fn settle(&mut self, is_done: bool) {
        let Recorded { inner, recorder, watch } = self;
        match inner.accesses() {
            Some(collector) => {
                let patience = watch.patience();
                watch.aside(|| {
                    recorder.aside(|recorder| recorder.settle(&collector, &|memory| inner.bytes(memory), &patience));
                });
            }
            None if is_done || recorder.may_compare() => self.compare(Actor::Guest),
            None => recorder.skip_compare((0..inner.memories()).map(|memory| inner.bytes(memory))),
        }
    }

    /// Compares the bytes that the host is about to access, if the rest was not compared.
    fn settle_range(&mut self, memory: usize, addr: u64, len: u64) {
        let live = self.inner.bytes(memory);
        let [start, end] = [Some(addr), addr.checked_add(len)].map(|end| end.and_then(|end| usize::try_from(end).ok()));
        if let Some(live) = start.zip(end).and_then(|(start, end)| live.get(start..end)) {
            self.recorder.compare_range(memory, addr, live);
        }
    }

    /// Starts collecting from here, if the guest records its accesses.
    fn go_on(&mut self) {
        let Recorded { inner, recorder, watch } = self;
        if let Some(collector) = inner.accesses() {
            let patience = watch.patience();
            let live = |memory: usize| inner.bytes(memory);
            watch.aside(|| recorder.aside(|recorder| recorder.go_on(&collector, &live, &patience)));
        }
    }

    /// Compares all memories with the recorder's images, and records differences as made by `by`.
    fn compare(&mut self, by: Actor) {
        let Recorded { inner, recorder, watch } = self;
        let patience = watch.patience();
        watch.aside(|| {
            recorder.aside(|recorder| {
                let id = recorder.id();
                let live = |memory| (inner.bytes(memory), inner.suspects(memory, id));
                recorder.compare_all((0..inner.memories()).map(live), by, &patience);
            });
        });
    }

    /// A write of the host's, and which of the bytes are bytes of the line.
    fn write_step(
        &mut self,
        memory: usize,
        addr: u64,
        bytes: &[u8],
        line: Option<LinePart>,
    ) -> Result<(), Box<Failure>> {
        self.settle_range(memory, addr, bytes.len() as u64);
        self.recorder.enter(StepKind::Write { memory, addr, len: bytes.len() as u64, line });
        let (outcome, elapsed) = self.timed(|recorded| recorded.inner.write(memory, addr, bytes));
        if outcome.is_ok() {
            self.recorder.written(memory, addr, bytes, Actor::Host);
        }
        self.recorder.leave(elapsed);
        outcome.and_then(|()| self.pause_after_write(memory, addr))
    }

    /// Runs a step, and returns how long it took, excluding recording.
    fn timed<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> (T, Duration) {
        let (since, overhead) = (Instant::now(), self.recorder.overhead());
        let result = act(self);
        let recording = self.recorder.overhead() - overhead;
        (result, since.elapsed().saturating_sub(recording))
    }
}

impl<B: Boundary + ?Sized> Boundary for Recorded<'_, B> {
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        self.recorder.enter(StepKind::Call { export: func.name.clone(), args: args.to_vec(), results: None });
        let (outcome, elapsed) = self.timed(|recorded| {
            recorded.go_on();
            let mut witness = RecordingHost { host, recorder: recorded.recorder, watch: &recorded.watch };
            let outcome = recorded.inner.call(func, args, &mut witness).map(<[Value]>::to_vec);
            recorded.settle(recorded.recorder.depth() == 1);
            outcome
        });
        let step = self.recorder.leave(elapsed);
        let values = outcome?;
        let StepKind::Call { results, .. } = step else { return Ok(&[]) };
        Ok(results.insert(values))
    }

    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.write_step(memory, addr, bytes, None)
    }

    fn write_line(&mut self, memory: usize, addr: u64, bytes: &[u8], line: LinePart) -> Result<(), Box<Failure>> {
        self.write_step(memory, addr, bytes, Some(line))
    }

    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.settle_range(memory, addr, len);
        self.recorder.enter(StepKind::Read { memory, addr, len, value: None });
        let (outcome, elapsed) = self.timed(|recorded| recorded.inner.read(memory, addr, len, into));
        self.recorder.leave(elapsed);
        outcome
    }

    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        self.settle_range(memory, addr, len);
        self.recorder.enter(StepKind::Read { memory, addr, len, value: None });
        let (outcome, elapsed) = self.timed(|recorded| recorded.inner.load(memory, addr, len));
        if let (StepKind::Read { value, .. }, Ok(number)) = (self.recorder.leave(elapsed), &outcome) {
            *value = Some(*number);
        }
        outcome
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        self.recorder.enter(StepKind::Grow { memory, pages });
        let (outcome, elapsed) = self.timed(|recorded| recorded.inner.grow(memory, pages));
        if outcome.is_ok() {
            self.recorder.grew(memory, self.inner.bytes(memory));
        }
        self.recorder.leave(elapsed);
        outcome
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        self.inner.accesses()
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        self.inner.global(variable)
    }

    fn globals(&mut self) -> Vec<Global> {
        self.inner.globals()
    }

    fn position(&mut self) -> CodePosition {
        self.inner.position()
    }

    fn look_out(&mut self) {
        self.inner.look_out();
    }

    fn memories(&self) -> usize {
        self.inner.memories()
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.inner.bytes(memory)
    }

    fn suspects(&self, memory: usize, by: RecorderId) -> Suspects {
        self.inner.suspects(memory, by)
    }

    fn instantiated(&mut self, elapsed: Duration) {
        self.recorder.enter(StepKind::Instantiate);
        let Recorded { inner, recorder, .. } = self;
        if inner.accesses().is_some() {
            let data = inner.data();
            let data_of = |memory| data.as_ref().map(|data| data.get(memory).map_or(&[][..], Vec::as_slice));
            recorder.aside(|recorder| {
                (0..inner.memories()).for_each(|memory| recorder.began(memory, inner.bytes(memory), data_of(memory)));
            });
        } else {
            self.compare(Actor::Module);
        }
        self.recorder.leave(elapsed);
    }

    fn transform_next(&mut self, wanted: FocusTarget) {
        self.recorder.focus_next(wanted);
    }

    fn repeat_next(&mut self) {
        self.recorder.repeat_next();
    }

    fn say(&mut self, text: &[u8]) {
        self.recorder.say(text);
    }

    fn unterminated(&mut self, memory: usize, addr: u64) {
        let len = (self.inner.bytes(memory).len() as u64).saturating_sub(addr);
        self.settle_range(memory, addr, len);
        self.recorder.enter(StepKind::Read { memory, addr, len, value: None });
        self.recorder.leave(Duration::ZERO);
    }

    fn note(&mut self, text: &str) {
        self.recorder.note(text);
    }
}

/// A host that records the guest's import calls and forwards them.
struct RecordingHost<'a> {
    host: &'a mut dyn Host,
    recorder: &'a mut Recorder,
    watch: &'a Watchdog,
}

impl Host for RecordingHost<'_> {
    fn import(
        &mut self,
        place: usize,
        args: &[Value],
        boundary: &mut dyn Boundary,
    ) -> Result<Vec<Value>, Box<Failure>> {
        // A guest that calls imports in a loop makes millions.
        self.recorder.check_steps()?;
        let mut recorded = Recorded { inner: boundary, recorder: self.recorder, watch: self.watch.clone() };
        recorded.settle(false);
        recorded.recorder.enter(StepKind::Import { import: self.host.name(place), args: args.to_vec(), results: None });
        let host = &mut *self.host;
        let (outcome, elapsed) = recorded.timed(|recorded| {
            let outcome = host.import(place, args, recorded);
            recorded.go_on();
            outcome
        });
        let step = self.recorder.leave(elapsed);
        if let (StepKind::Import { results, .. }, Ok(values)) = (step, &outcome) {
            *results = Some(values.clone());
        }
        outcome
    }

    fn name(&self, place: usize) -> std::sync::Arc<str> {
        self.host.name(place)
    }

    fn paused(&mut self, pausing: Pausing, boundary: &mut dyn Boundary) -> Result<(), Box<Failure>> {
        let mut recorded = Recorded { inner: boundary, recorder: self.recorder, watch: self.watch.clone() };
        recorded.pause(pausing)
    }
}
