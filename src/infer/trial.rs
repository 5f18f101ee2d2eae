//! A trial: a recipe runs on a fresh guest, and what crosses the boundary is noted.

use std::cell::Cell;
use std::ops::Range;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use super::Progress;
use super::code::Code;
use super::handed::{Handed, Notes, Wanted};
use super::seen::Seen;
use crate::abi::{Bound, Exchange, InputLine, Invocation, Recipe};
use crate::guest::{Boundary, CallLayer, Func, Guest, Host, Interface, Pausing, Program, Watchdog};
use crate::record::{Failure, Limit, Value};

/// Time limit for an exchange of a guest that runs on trial: wrong arguments may make it run for ever.
pub(super) const BRIEF: Duration = Duration::from_millis(40);
/// The same if a brief trial does not suffice, and for a recipe that is probably right.
pub(super) const PATIENT: Duration = Duration::from_secs(1);

/// Where trials take place: a compiled module, and what is left of the time.
pub(super) struct Lab<'a> {
    program: &'a Program,
    code: Code,
    watch: &'a Watchdog,
    invocation: Invocation,
    /// When the search ends, and when all ends.
    deadline: Instant,
    end: Instant,
    pub(super) progress: &'a Progress,
    /// How many guests may be created.
    most: u64,
    /// The time limit for an exchange that is set now.
    limit: Cell<Duration>,
}

/// A fresh guest with a recipe that drives it.
pub(super) struct Specimen<'a> {
    guest: Guest,
    exchange: Exchange,
    /// Whether the memory accesses of the guest are wanted.
    listens: bool,
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
    /// What the guest did with the line, if its accesses were recorded.
    pub(super) seen: Option<Seen>,
    /// How many times the time took that the guest itself ran: other programs wanted the processor too.
    pub(super) stretched: u32,
}

impl Observed {
    /// Whether the guest read the whole line, as far as that is known.
    pub(super) fn reads(&self) -> bool {
        self.seen.as_ref().map_or(self.outcome.is_ok(), Seen::reads_all)
    }
}

/// For how long this thread has run, in nanoseconds. `None` if the system does not say.
fn thread_time() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// How many times the time passed that this thread ran since then, if that is known.
fn stretched(since: Instant, before: Option<u64>) -> u32 {
    let ran = before.zip(thread_time()).map(|(before, now)| now.saturating_sub(before).max(1));
    let passed = since.elapsed().as_nanos();
    ran.map_or(1, |ran| u32::try_from(passed / u128::from(ran)).unwrap_or(u32::MAX).max(1))
}

impl<'a> Lab<'a> {
    pub(super) fn new(program: &'a Program, watch: &'a Watchdog, budget: Duration, progress: &'a Progress) -> Lab<'a> {
        let now = Instant::now();
        let (deadline, end) = (now + budget / 5 * 4, now + budget);
        let (code, invocation) = (Code::default(), Invocation::default());
        let lab = Lab {
            program,
            code,
            watch,
            invocation,
            deadline,
            end,
            progress,
            most: u64::MAX,
            limit: Cell::new(PATIENT),
        };
        lab.allow(PATIENT);
        lab
    }

    /// The same for guests that are invoked in this way.
    pub(super) fn invoked(self, invocation: Invocation) -> Lab<'a> {
        Lab { invocation, ..self }
    }

    /// The same, with the code of the module.
    pub(super) fn knowing(self, binary: &[u8]) -> Lab<'a> {
        Lab { code: Code::read(binary), ..self }
    }

    /// The module's code, as far as it is known.
    pub(super) fn code(&self) -> &Code {
        &self.code
    }

    /// The same, with so many guests at most.
    pub(super) fn limited(self, most: u64) -> Lab<'a> {
        Lab { most, ..self }
    }

    pub(super) fn interface(&self) -> &'a Interface {
        self.program.interface()
    }

    /// Sets the time limit for each exchange of a trial, which is never longer than the user's.
    pub(super) fn allow(&self, limit: Duration) {
        let users = self.program.limits().time.unwrap_or(limit);
        self.watch.set_limit(Some(limit.min(users)));
        self.limit.set(limit);
    }

    /// Does something with another time limit for each exchange.
    pub(super) fn allowing<T>(&self, limit: Duration, action: impl FnOnce() -> T) -> T {
        let before = self.limit.get();
        self.allow(limit);
        let done = action();
        self.allow(before);
        done
    }

    /// Whether the time for the search is used up, or the user wants no more. The rest is for judging what was found.
    pub(super) fn is_over(&self) -> bool {
        self.watch.cancels() || Instant::now() >= self.deadline || self.out_of_trials().is_some()
    }

    /// Whether the user wants no more.
    pub(super) fn is_cancelled(&self) -> bool {
        self.watch.cancels()
    }

    /// The limit on the guests that may be created, if the search created its part of them.
    pub(super) fn out_of_trials(&self) -> Option<u64> {
        Some(self.most).filter(|&most| self.progress.guests() >= most - most / 5)
    }

    /// Whether all time and all guests are used up, or the user wants no more.
    pub(super) fn is_at_end(&self) -> bool {
        self.watch.cancels() || Instant::now() >= self.end || self.progress.guests() >= self.most
    }

    /// Creates a guest that this recipe drives, and starts it. `None` if the recipe does not fit or the start fails.
    pub(super) fn specimen(&self, recipe: &Recipe) -> Option<Specimen<'a>> {
        self.create(recipe.bind(self.interface(), recipe.stubs).ok()?, false)
    }

    /// The same, with the memory accesses of its exchanges recorded, if the program does so.
    pub(super) fn recorded(&self, recipe: &Recipe) -> Option<Specimen<'a>> {
        self.bound(recipe.bind(self.interface(), recipe.stubs).ok()?)
    }

    /// The same for a recipe that is bound to the program.
    pub(super) fn bound(&self, bound: Bound) -> Option<Specimen<'a>> {
        self.create(bound, self.program.is_traced())
    }

    fn create(&self, bound: Bound, listens: bool) -> Option<Specimen<'a>> {
        self.progress.add_guest();
        let mut guest = self.program.instantiate(self.watch).ok()?;
        let mut exchange = Exchange::new(bound, &mut guest, &self.invocation, &self.program.limits()).ok()?;
        let start = guest.start().cloned();
        self.watch.during(|| exchange.prepare(&mut guest, start.as_ref())).ok()?;
        Some(Specimen { guest, exchange, listens, watch: self.watch })
    }
}

impl Specimen<'_> {
    /// Sends a line. Calls of imports that hand over what is wanted are noted. `memory` is the one that lines and answers
    /// go through.
    pub(super) fn send(&mut self, line: &[u8], wanted: Wanted<'_>, memory: usize) -> Observed {
        let Specimen { guest, exchange, listens, watch } = self;
        let mut spy = Spy { listens: listens.then_some(memory), ..Spy::new(guest, wanted) };
        let mut answer = Vec::new();
        let (begun, before) = (Instant::now(), listens.then(thread_time).flatten());
        let ended = watch.during(|| exchange.exchange(&mut spy, InputLine { bytes: line, ended: true }, &mut answer));
        let Spy { results, notes, seen, .. } = spy;
        let handed = notes.end(wanted);
        let outcome = ended.into_result().map(|()| answer).map_err(|failure| *failure);
        let is_late = outcome.as_ref().is_err_and(is_slow);
        let stretched = if is_late { stretched(begun, before) } else { 1 };
        Observed { outcome, results, handed, seen, stretched }
    }

    /// The answer to a line.
    pub(super) fn answer(&mut self, line: &[u8]) -> Result<Vec<u8>, Failure> {
        self.send(line, Wanted::Nothing, 0).outcome
    }

    /// Calls an export, and returns its results. `None` if it does not return.
    pub(super) fn call(&mut self, export: &str, args: &[Value]) -> Option<Vec<Value>> {
        let func = self.guest.func(export)?;
        let Specimen { guest, exchange, watch, .. } = self;
        let mut spy = Spy::new(guest, Wanted::Nothing);
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
    wanted: Wanted<'a>,
    results: Vec<Value>,
    notes: Notes,
    /// The memory in which accesses are looked at, if they are.
    listens: Option<usize>,
    /// Where the host wrote the line.
    line: Option<Range<u64>>,
    /// What the call showed that read most of the line.
    seen: Option<Seen>,
}

impl<'a> Spy<'a> {
    fn new(inner: &'a mut Guest, wanted: Wanted<'a>) -> Spy<'a> {
        let notes = Notes::new(if Boundary::memories(inner) > 0 { inner.bytes(0).len() } else { 0 });
        Spy { inner, wanted, results: Vec::new(), notes, listens: None, line: None, seen: None }
    }

    /// Begins to note the guest's accesses.
    fn listen(&mut self) {
        let memories = Boundary::memories(self.inner);
        if let Some(collector) = self.inner.accesses() {
            collector.lock().unwrap_or_else(PoisonError::into_inner).listen(memories);
        }
    }

    /// Notes what a call did with the line.
    fn look(&mut self, memory: usize) {
        let Some(collector) = self.inner.accesses() else { return };
        let heard = collector.lock().unwrap_or_else(PoisonError::into_inner).heard();
        let Some(line) = &self.line else { return };
        let seen = Seen::of(&heard, line, memory);
        if self.seen.as_ref().is_none_or(|before| before.read < seen.read) {
            self.seen = Some(seen);
        }
    }
}

impl CallLayer for Spy<'_> {
    type Inner = Guest;

    fn inner(&self) -> &Guest {
        self.inner
    }

    fn inner_mut(&mut self) -> &mut Guest {
        self.inner
    }

    fn wrote(&mut self, memory: usize, addr: u64, len: u64) {
        if self.listens == Some(memory) && self.line.is_none() {
            self.line = Some(addr..addr.saturating_add(len));
        }
    }

    fn call_through(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        let listens = self.listens.filter(|_| self.line.is_some());
        if listens.is_some() {
            self.listen();
        }
        let mut host = SpyHost { inner: host, wanted: self.wanted, notes: &mut self.notes };
        let outcome = self.inner.call(func, args, &mut host).map(<[Value]>::to_vec);
        if let Some(memory) = listens {
            self.look(memory);
        }
        self.results = outcome?;
        Ok(&self.results)
    }
}

/// A host whose imports are noted.
struct SpyHost<'a> {
    inner: &'a mut dyn Host,
    wanted: Wanted<'a>,
    notes: &'a mut Notes,
}

impl Host for SpyHost<'_> {
    fn import(
        &mut self,
        place: usize,
        args: &[Value],
        boundary: &mut dyn Boundary,
    ) -> Result<Vec<Value>, Box<Failure>> {
        if boundary.memories() > 0 {
            self.notes.add(place, args, boundary.bytes(0), self.wanted);
        }
        self.inner.import(place, args, boundary)
    }

    fn name(&self, place: usize) -> Arc<str> {
        self.inner.name(place)
    }

    fn paused(&mut self, pausing: Pausing, boundary: &mut dyn Boundary) -> Result<(), Box<Failure>> {
        self.inner.paused(pausing, boundary)
    }

    fn takes_over(&self) -> bool {
        self.inner.takes_over()
    }
}

/// Whether a guest was stopped because it ran too long.
pub(super) fn is_slow(failure: &Failure) -> bool {
    matches!(failure.root(), Failure::Limit(Limit::Time(_)))
}
