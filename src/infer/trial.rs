//! A trial: a recipe runs on a fresh guest, and what crosses the boundary is noted.

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::Evidence;
use crate::abi::{Exchange, InputLine, Invocation, Recipe};
use crate::guest::{Boundary, Func, GlobalRef, Guest, Host, Interface, Program, Watchdog};
use crate::record::{Collector, Failure, Value};

/// Time limit for an exchange of a guest that runs on trial: wrong arguments may make it run for ever.
pub(super) const BRIEF: Duration = Duration::from_millis(40);
/// The same if a brief trial does not suffice, and for a recipe that is probably right.
pub(super) const PATIENT: Duration = Duration::from_secs(1);
/// How many calls of imports are noted in a trial.
const HANDED: usize = 256;

/// Where trials take place: a compiled module, and what is left of the time.
pub(super) struct Lab<'a> {
    program: &'a Program,
    watch: &'a Watchdog,
    invocation: Invocation,
    deadline: Instant,
    trials: Cell<u64>,
    most: u64,
}

/// A fresh guest with a recipe that drives it.
pub(super) struct Specimen<'a> {
    guest: Guest,
    exchange: Exchange,
    watch: &'a Watchdog,
}

/// What an exchange of a trial showed.
pub(super) struct Observed {
    /// The answer, or why there is none.
    pub(super) outcome: Result<Vec<u8>, Failure>,
    /// The results of the last call that the host made.
    pub(super) results: Vec<Value>,
    /// The calls of imports whose arguments hand over the answer.
    pub(super) handed: Vec<Handed>,
}

/// A call of an import that handed over the wanted bytes: the indices of the arguments that say where they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handed {
    /// The index of the import.
    pub(super) import: usize,
    /// The index of the argument with the address.
    pub(super) addr: usize,
    /// The index of the argument with the length; `None` if a zero byte ends the bytes.
    pub(super) len: Option<usize>,
}

impl<'a> Lab<'a> {
    pub(super) fn new(
        program: &'a Program,
        watch: &'a Watchdog,
        invocation: Invocation,
        evidence: &Evidence,
    ) -> Lab<'a> {
        watch.set_limit(Some(PATIENT));
        let (deadline, most) = (Instant::now() + evidence.budget, evidence.trials);
        Lab { program, watch, invocation, deadline, trials: Cell::new(0), most }
    }

    /// The module's exports and imports.
    pub(super) fn interface(&self) -> &'a Interface {
        self.program.interface()
    }

    /// How many guests were created.
    pub(super) fn trials(&self) -> u64 {
        self.trials.get()
    }

    /// Sets the time limit for each exchange of a trial.
    pub(super) fn allow(&self, limit: Duration) {
        self.watch.set_limit(Some(limit));
    }

    /// Whether the time is used up, or the user wants no more.
    pub(super) fn is_over(&self) -> bool {
        self.watch.cancels() || Instant::now() >= self.deadline || self.is_out_of_trials()
    }

    /// Whether as many guests were created as may be.
    pub(super) fn is_out_of_trials(&self) -> bool {
        self.trials() >= self.most
    }

    /// Creates a guest that this recipe drives, and starts it. `None` if the recipe does not fit or the start fails.
    pub(super) fn specimen(&self, recipe: &Recipe) -> Option<Specimen<'a>> {
        let bound = recipe.bind(self.interface(), recipe.stubs).ok()?;
        self.trials.set(self.trials.get() + 1);
        let mut guest = self.program.instantiate(self.watch).ok()?;
        let mut exchange = Exchange::new(bound, &mut guest, &self.invocation, &self.program.limits()).ok()?;
        let start = guest.start().cloned();
        self.watch.during(|| exchange.prepare(&mut guest, start.as_ref())).ok()?;
        Some(Specimen { guest, exchange, watch: self.watch })
    }
}

impl Specimen<'_> {
    /// Sends a line. Calls of imports that hand over `wanted` are noted.
    pub(super) fn send(&mut self, line: &[u8], wanted: &[u8]) -> Observed {
        let Specimen { guest, exchange, watch } = self;
        let mut spy = Spy { inner: guest, wanted, results: Vec::new(), handed: Vec::new() };
        let mut answer = Vec::new();
        let ended = watch.during(|| exchange.exchange(&mut spy, InputLine { bytes: line, ended: true }, &mut answer));
        let Spy { results, handed, .. } = spy;
        Observed { outcome: ended.into_result().map(|()| answer).map_err(|failure| *failure), results, handed }
    }

    /// The answer to a line.
    pub(super) fn answer(&mut self, line: &[u8]) -> Result<Vec<u8>, Failure> {
        self.send(line, &[]).outcome
    }

    /// Calls an export, and returns its results. `None` if it does not return.
    pub(super) fn call(&mut self, export: &str, args: &[Value]) -> Option<Vec<Value>> {
        let func = self.guest.func(export)?;
        let Specimen { guest, exchange, watch } = self;
        let mut spy = Spy { inner: guest, wanted: &[], results: Vec::new(), handed: Vec::new() };
        watch.during(|| exchange.call(&mut spy, &func, args)).ok()?;
        Some(spy.results)
    }

    /// The value of an exported global.
    pub(super) fn global(&mut self, name: &str) -> Option<Value> {
        let variable = self.guest.variable(name)?;
        Some(self.guest.global(&variable))
    }

    /// How many memories the guest has.
    pub(super) fn memories(&self) -> usize {
        Boundary::memories(&self.guest)
    }

    /// The current bytes of a memory.
    pub(super) fn memory(&self, memory: usize) -> &[u8] {
        if memory < self.memories() { self.guest.bytes(memory) } else { &[] }
    }
}

/// A guest whose calls are noted.
struct Spy<'a> {
    inner: &'a mut Guest,
    wanted: &'a [u8],
    results: Vec<Value>,
    handed: Vec<Handed>,
}

/// A host whose imports are noted.
struct SpyHost<'a> {
    inner: &'a mut dyn Host,
    wanted: &'a [u8],
    handed: &'a mut Vec<Handed>,
}

impl Host for SpyHost<'_> {
    fn import(
        &mut self,
        place: usize,
        args: &[Value],
        boundary: &mut dyn Boundary,
    ) -> Result<Vec<Value>, Box<Failure>> {
        if !self.wanted.is_empty() && self.handed.len() < HANDED && boundary.memories() > 0 {
            let found = handed(place, args, boundary.bytes(0), self.wanted);
            found.filter(|found| !self.handed.contains(found)).into_iter().for_each(|found| self.handed.push(found));
        }
        self.inner.import(place, args, boundary)
    }

    fn name(&self, place: usize) -> Arc<str> {
        self.inner.name(place)
    }
}

/// Whether an import's arguments say where these bytes are: address and length, or the address of text that ends with
/// a zero byte.
fn handed(import: usize, args: &[Value], memory: &[u8], wanted: &[u8]) -> Option<Handed> {
    let numbers: Vec<_> = args.iter().map(|arg| arg.unsigned().and_then(|n| usize::try_from(n).ok())).collect();
    let starts = |at: usize| memory.get(at..).is_some_and(|rest| rest.starts_with(wanted));
    (0..numbers.len()).filter(|&addr| numbers[addr].is_some_and(starts)).find_map(|addr| {
        let len = (0..numbers.len()).find(|&len| len != addr && numbers[len] == Some(wanted.len()));
        let end = numbers[addr]?.checked_add(wanted.len())?;
        let is_ended = memory.get(end) == Some(&0);
        (len.is_some() || is_ended).then_some(Handed { import, addr, len })
    })
}

impl Boundary for Spy<'_> {
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        let mut host = SpyHost { inner: host, wanted: self.wanted, handed: &mut self.handed };
        self.results = self.inner.call(func, args, &mut host)?.to_vec();
        Ok(&self.results)
    }

    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.inner.write(memory, addr, bytes)
    }

    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.inner.read(memory, addr, len, into)
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        self.inner.grow(memory, pages)
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        self.inner.accesses()
    }

    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        self.inner.data()
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        self.inner.global(variable)
    }

    fn memories(&self) -> usize {
        Boundary::memories(self.inner)
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.inner.bytes(memory)
    }
}
