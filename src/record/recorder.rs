//! The recorder: records one cause while it happens, and keeps a current snapshot of memory.

mod comparing;

use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::stale::StalePages;
use super::summing::{Patience, Summing};
use super::{
    Actor, Cause, Change, Collector, Evidence, Failure, Frame, Image, Known, Memories, Outcome, Step, StepKind,
    Trigger, WASM_PAGE,
};
pub use comparing::Suspects;

/// Receives the guest's messages as it emits them.
#[derive(Clone)]
pub struct Listener(Arc<Hear>);

type Hear = dyn Fn(&[u8]) + Send + Sync;

impl Listener {
    /// Creates a listener that calls `hear` with each message.
    pub fn new(hear: impl Fn(&[u8]) + Send + Sync + 'static) -> Listener {
        Listener(Arc::new(hear))
    }
}

/// Which upcoming step to focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FocusTarget {
    /// The next one.
    Any,
    /// The next call of an export.
    Call,
}

/// The current bytes of a guest's memories, by index.
pub type Live<'a> = dyn Fn(usize) -> &'a [u8] + 'a;

/// How many pages are summed up each time that somebody wants to see what happened so far.
const TOUCHED: usize = 16;
/// Default time per cause for comparing memories at calls of imports.
const PATIENCE: Duration = Duration::from_secs(2);

/// Which recorder it is: each has a number of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecorderId(u64);

impl Default for RecorderId {
    fn default() -> RecorderId {
        static LAST: AtomicU64 = AtomicU64::new(0);
        RecorderId(LAST.fetch_add(1, Relaxed))
    }
}

/// Builds a [`Cause`] step by step, and keeps the current memories.
#[derive(Debug, Default)]
pub struct Recorder {
    id: RecorderId,
    /// Time per cause for comparing memories while the guest waits. Once it is used up, they are compared when the
    /// guest is done.
    patience: Option<Duration>,
    /// Whether the guest has run since memory was compared.
    outdated: bool,
    /// Whether memory was last compared only in part, for want of time.
    is_partial: bool,
    present: Memories,
    steps: Vec<Step>,
    changes: Vec<Change>,
    /// The indices of the open steps.
    open: Vec<usize>,
    focus: Option<usize>,
    /// Whether the next call repeats an earlier one.
    repeat_next: bool,
    /// Which upcoming step to focus, if any.
    wanted: Option<FocusTarget>,
    /// Time spent on recording the current cause.
    overhead: Duration,
    /// Bytes that its changes take, and how many they may take; `None` for no limit.
    kept: u64,
    budget: Option<u64>,
    /// How many steps it may have; `None` for no limit.
    most_steps: Option<usize>,
    /// Of its changes, the number of the first that may have values that can be dropped.
    full: usize,
    /// The pages that there was no time to copy.
    stale: StalePages,
    /// The number of its recorded accesses, and the collector that has them.
    accesses: u64,
    collector: Option<Arc<Mutex<Collector>>>,
    /// The trigger of the current cause, if it was told.
    trigger: Option<Trigger>,
    listener: Option<Listener>,
}

impl Recorder {
    /// Creates a recorder whose `listener`, if any, receives the guest's messages as they are emitted.
    pub fn new(listener: Option<Listener>) -> Recorder {
        Recorder { listener, ..Recorder::default() }
    }

    /// Creates a recorder for a fresh guest, with the same listener and patience.
    pub fn renewed(&self) -> Recorder {
        let Recorder { patience, budget, most_steps, .. } = *self;
        Recorder { patience, budget, most_steps, ..Recorder::new(self.listener.clone()) }
    }

    /// Sets how many bytes the changes of a cause may take, and how many steps it may have. The values of the oldest
    /// changes that do not fit are not kept.
    pub fn set_limits(&mut self, budget: u64, steps: u64) {
        (self.budget, self.most_steps) = (Some(budget), usize::try_from(steps).ok());
    }

    /// Sets the time per cause for comparing memories while the guest waits; `None` for the default.
    pub fn set_patience(&mut self, patience: Option<Duration>) {
        self.patience = patience;
    }

    /// Whether there is time to compare memories while the guest waits for the host or after a call.
    pub fn may_compare(&self) -> bool {
        self.overhead < self.patience.unwrap_or(PATIENCE)
    }

    /// Nesting depth of the open steps.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The current memories, as far as recorded.
    pub fn present(&self) -> &Memories {
        &self.present
    }

    /// Checks that the current cause may have one more step.
    ///
    /// # Errors
    /// [`Failure::TooManySteps`].
    pub fn check_steps(&self) -> Result<(), Box<Failure>> {
        match self.most_steps {
            Some(most) if self.steps.len() >= most => Err(Failure::TooManySteps(most).into()),
            _ => Ok(()),
        }
    }

    /// Begins a step inside the open one.
    pub fn enter(&mut self, kind: StepKind) {
        let made = self.changes.len();
        let is_call = matches!(kind, StepKind::Call { .. });
        if self.wanted.is_some_and(|wanted| is_call || wanted == FocusTarget::Any) {
            self.wanted = None;
            self.focus = Some(self.steps.len());
        }
        let repeats = if std::mem::take(&mut self.repeat_next) { self.earlier(&kind) } else { None };
        self.open.push(self.steps.len());
        self.steps.push(Step {
            depth: self.open.len() - 1,
            kind,
            changes: made..made,
            accesses: self.accesses..self.accesses,
            known: Known { before: !self.outdated, after: true, kept: self.stale.is_empty() },
            repeats,
            elapsed: Duration::ZERO,
        });
    }

    /// The last call of the same export with the same arguments at this depth.
    fn earlier(&self, kind: &StepKind) -> Option<usize> {
        let StepKind::Call { export, args, .. } = kind else { return None };
        let is_same = |step: &Step| match &step.kind {
            StepKind::Call { export: other, args: given, .. } => other == export && given == args,
            _ => false,
        };
        self.steps.iter().rposition(|step| step.depth == self.open.len() && is_same(step))
    }

    /// Marks the next call as a repetition of an earlier one.
    pub fn repeat_next(&mut self) {
        self.repeat_next = true;
    }

    /// Ends the innermost open step. `elapsed` excludes recording.
    pub fn leave(&mut self, elapsed: Duration) -> &mut StepKind {
        let place = self.open.pop().expect("a step was entered");
        let step = &mut self.steps[place];
        step.changes.end = self.changes.len();
        step.accesses.end = self.accesses;
        step.known.after = !self.outdated;
        step.known.kept &= self.stale.is_empty();
        step.elapsed = elapsed;
        &mut step.kind
    }

    /// The imports whose calls are under way, innermost first, as frames. The guest's own frames outside of them are not
    /// known, and the frames say so: the engine's code that calls an import has no unwind information.
    pub fn imports_under_way(&self) -> Vec<Frame> {
        let mut frames = Vec::new();
        for (depth, &place) in self.open.iter().enumerate().rev() {
            let StepKind::Import { import, .. } = &self.steps[place].kind else { continue };
            let outer = self.open[..depth].iter().rev().find_map(|&place| match &self.steps[place].kind {
                StepKind::Call { export, .. } => Some(format!(", in the call of {export}")),
                _ => None,
            });
            let name = format!(
                "the import {import}{}; which of the guest's functions called it is not known",
                outer.unwrap_or_default()
            );
            frames.push(Frame { name: Some(name), ..Frame::default() });
        }
        frames
    }

    /// Records a message of the guest.
    pub fn say(&mut self, text: &[u8]) {
        self.enter(StepKind::Say { text: text.to_vec() });
        self.leave(Duration::ZERO);
        if let Some(Listener(hear)) = &self.listener {
            hear(text);
        }
    }

    /// Records a note of the host.
    pub fn note(&mut self, text: &str) {
        self.enter(StepKind::Note { text: text.to_owned() });
        self.leave(Duration::ZERO);
    }

    /// Focuses the next step, or the next call.
    pub fn focus_next(&mut self, wanted: FocusTarget) {
        self.wanted = Some(wanted);
    }

    /// Records that `by` wrote bytes at `addr`, equal ones too. They must be inside the memory.
    pub fn written(&mut self, memory: usize, addr: u64, new: &[u8], by: Actor) {
        let mut old = vec![0; new.len()];
        self.present[memory].read(addr, &mut old);
        self.present[memory].write(addr, new);
        self.push(Change::bytes(memory, addr, &old, new, by, Evidence::Written));
    }

    /// Adds a change. If the changes would take too much, the values of the oldest are dropped.
    fn push(&mut self, change: Change) {
        self.kept += change.cost() as u64;
        self.changes.push(change);
        self.make_room(0);
    }

    /// Drops values of the oldest changes until so many bytes can be added, or none are left. Returns whether they fit.
    fn make_room(&mut self, bytes: u64) -> bool {
        let budget = self.budget.unwrap_or(u64::MAX);
        if bytes > budget {
            return false;
        }
        while self.kept.saturating_add(bytes) > budget {
            let Some(change) = self.changes.get_mut(self.full) else { return false };
            self.full += 1;
            if matches!(change, Change::Bytes { .. }) {
                self.kept = self.kept.saturating_sub(change.cost() as u64);
                *change = change.bare();
                self.kept += change.cost() as u64;
            }
        }
        true
    }

    /// Makes the collector start from the current memories.
    pub fn go_on(&mut self, collector: &Arc<Mutex<Collector>>, live: &Live<'_>, patience: Patience<'_>) {
        self.catch_up(live, patience);
        collector.lock().unwrap_or_else(PoisonError::into_inner).go_on(&self.present);
        self.collector = Some(collector.clone());
    }

    /// Copies pages for which there was no time before.
    fn catch_up(&mut self, live: &Live<'_>, patience: Patience<'_>) {
        while let Some((memory, number)) = self.stale.pop_first() {
            if !patience() {
                self.stale.insert(memory, number);
                return;
            }
            if let Some(image) = self.present.get_mut(memory) {
                image.copy_page(number, live(memory));
            }
        }
        self.outdated = false;
    }

    /// Records what the guest did since `go_on`: which bytes it wrote, by its own records, and what they are now. The
    /// cost depends on what was accessed, not on the size of the memories. If there is no more time, the values are not
    /// kept, and memory is unknown until the guest is called again.
    pub fn settle(&mut self, collector: &Arc<Mutex<Collector>>, live: &Live<'_>, patience: Patience<'_>) {
        let mut collecting = collector.lock().unwrap_or_else(PoisonError::into_inner);
        let first = self.changes.len();
        for (memory, from, to) in collecting.take_growths() {
            if let Some(image) = self.present.get_mut(memory) {
                image.resize(to * WASM_PAGE);
                self.changes.push(Change::Growth { memory, from, to, by: Actor::Guest });
            }
        }
        for (memory, pages) in collecting.pages() {
            if self.present.len() <= memory {
                continue;
            }
            let fits = self.make_room(Summing::most(&pages));
            let mut summing = Summing { keeps_values: fits, stale: &mut self.stale, patience };
            let first = self.changes.len();
            summing.sum_up(memory, &pages, live(memory), &mut self.present[memory], &mut self.changes);
            self.kept += self.changes[first..].iter().map(|change| change.cost() as u64).sum::<u64>();
        }
        self.outdated |= !self.stale.is_empty();
        collecting.set_boundary(first..self.changes.len());
        self.accesses = collecting.count();
        self.overhead += collecting.take_overhead();
    }

    /// Tells the trigger of the cause that begins, for what is shown of it before it is over.
    pub fn begin(&mut self, trigger: Trigger) {
        self.trigger = Some(trigger);
    }

    /// The old and new bytes that were written last.
    pub fn last_written(&self) -> Option<(&[u8], &[u8])> {
        match self.changes.last()? {
            Change::Bytes { old_then_new, .. } => Some(old_then_new.split_at(old_then_new.len() / 2)),
            Change::Bare { .. } | Change::Growth { .. } => None,
        }
    }

    /// The cause as far as it happened, and the memories now. What the guest did since the last boundary stays open, or
    /// is settled where it touched so much that summing it up again and again would cost more.
    pub fn so_far(
        &mut self,
        collector: &Arc<Mutex<Collector>>,
        live: &Live<'_>,
        may_settle: bool,
    ) -> (Cause, Memories) {
        let touched = collector.lock().unwrap_or_else(PoisonError::into_inner).touched();
        if may_settle && touched > TOUCHED {
            self.settle(collector, live, &|| true);
            self.go_on(collector, live, &|| true);
        }
        let mut collecting = collector.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut changes, mut present) = (self.changes.clone(), self.present.clone());
        let first = changes.len();
        for &(memory, from, to) in collecting.growths() {
            if let Some(image) = present.get_mut(memory) {
                image.resize(to * WASM_PAGE);
                changes.push(Change::Growth { memory, from, to, by: Actor::Guest });
            }
        }
        for (memory, pages) in collecting.pages() {
            if let Some(image) = present.get_mut(memory) {
                let room = self.budget.unwrap_or(u64::MAX).saturating_sub(self.kept);
                let keeps_values = Summing::most(&pages) <= room;
                let mut summing = Summing { keeps_values, stale: &mut StalePages::default(), patience: &|| true };
                summing.sum_up(memory, &pages, live(memory), image, &mut changes);
            }
        }
        let accesses = Arc::new(collecting.so_far(first..changes.len()));
        let mut steps = self.steps.clone();
        for &place in &self.open {
            let step = &mut steps[place];
            (step.changes.end, step.accesses.end) = (changes.len(), accesses.len());
            step.known.after = !self.outdated;
        }
        let trigger = self.trigger.clone().unwrap_or(Trigger::Start);
        let (focus, outcome, traced) = (self.focus, Err(Failure::NotOver), collecting.traced());
        let (written, cleanup) = (Vec::new(), None);
        let mut cause = Cause { trigger, steps, changes, bare: 0, accesses, traced, written, focus, outcome, cleanup };
        cause.note_bare();
        (cause, present)
    }

    /// Records the initial contents of a fresh guest's memory. `data` are the ranges that the module initialized, or
    /// `None` if unknown.
    pub fn began(&mut self, memory: usize, live: &[u8], data: Option<&[Range<u64>]>) {
        match data {
            Some(data) if self.present.get(memory).is_none_or(|image| image.len() <= live.len() as u64) => {
                self.fit(memory, live, Actor::Module);
                let (image, changes) = (&mut self.present[memory], &mut self.changes);
                image.absorb_pages(live, data, &|| true, |addr, old, new| {
                    changes.push(Change::bytes(memory, addr, old, new, Actor::Module, Evidence::Found));
                });
                self.is_compared(memory);
            }
            _ => _ = self.compare(memory, live, Actor::Module, &|| true),
        }
    }

    /// Records that the host grew a memory.
    pub fn grew(&mut self, memory: usize, live: &[u8]) {
        self.fit(memory, live, Actor::Host);
    }

    /// Records that the guest ran without comparing memories. Growth is still detected, at no cost.
    pub fn skip_compare<'a>(&mut self, live: impl Iterator<Item = &'a [u8]>) {
        live.enumerate().for_each(|(memory, live)| self.fit(memory, live, Actor::Guest));
        self.outdated = true;
    }

    /// Compares the bytes at `addr`, which the host is about to access, if memory was not compared as a whole.
    pub fn compare_range(&mut self, memory: usize, addr: u64, live: &[u8]) {
        let Some(image) = self.present.get_mut(memory).filter(|_| self.outdated) else { return };
        let mut old = vec![0; live.len()];
        let differs = image.read(addr, &mut old) == live.len() && old != live;
        if !differs {
            return;
        }
        image.write(addr, live);
        // Of stale pages it is known that the guest wrote there.
        if self.stale.is_empty() {
            self.push(Change::bytes(memory, addr, &old, live, Actor::Guest, Evidence::Found));
        }
    }

    /// All of a memory is known again.
    fn is_compared(&mut self, memory: usize) {
        self.stale.forget(memory);
    }

    /// Resizes a memory's image to the live length, and records growth as made by `by`.
    fn fit(&mut self, memory: usize, live: &[u8], by: Actor) {
        if self.present.len() <= memory {
            self.present.resize_with(memory + 1, Image::default);
        }
        if self.present[memory].len() > live.len() as u64 {
            self.clear_from(memory, live.len() as u64, by);
        }
        let image = &mut self.present[memory];
        if image.len() != live.len() as u64 {
            let (from, to) = (image.len() / WASM_PAGE, live.len() as u64 / WASM_PAGE);
            image.resize(live.len() as u64);
            self.changes.push(Change::Growth { memory, from, to, by });
        }
    }

    /// Records that a memory's bytes from `addr` on are now zero. A memory shrinks only when a fresh guest replaces
    /// it. Undoing the shrinking brings back zeroes; undoing this change, the bytes.
    fn clear_from(&mut self, memory: usize, addr: u64, by: Actor) {
        let image = &mut self.present[memory];
        let kept = usize::try_from(addr).expect("linear memory fits the address space");
        let mut cleared = vec![0; usize::try_from(image.len()).expect("linear memory fits the address space")];
        image.read(0, &mut cleared[..kept]);
        let changes = &mut self.changes;
        image.absorb(&cleared, &|| true, |addr, old, new| {
            changes.push(Change::bytes(memory, addr, old, new, by, Evidence::Found));
        });
    }

    /// Runs `work` and adds its time to the overhead.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut Recorder) -> T) -> T {
        let since = Instant::now();
        let result = work(self);
        self.overhead += since.elapsed();
        result
    }

    /// Time spent on recording the current cause so far.
    pub fn overhead(&self) -> Duration {
        self.overhead
    }

    /// Ends the cause. All steps must be closed.
    pub fn end(&mut self, trigger: Trigger, outcome: Outcome) -> Cause {
        debug_assert!(self.open.is_empty(), "a step is left on every way out of it");
        self.overhead = Duration::ZERO;
        (self.kept, self.full) = (0, 0);
        (self.wanted, self.repeat_next, self.trigger, self.accesses) = (None, false, None, 0);
        let (log, traced) = self.collector.take().map_or_else(Default::default, |collector| {
            let mut collecting = collector.lock().unwrap_or_else(PoisonError::into_inner);
            (collecting.take_log(), collecting.traced())
        });
        let (mut steps, mut changes) = (std::mem::take(&mut self.steps), std::mem::take(&mut self.changes));
        // They stay as they are, and there may be very many causes.
        steps.shrink_to_fit();
        changes.shrink_to_fit();
        let mut cause = Cause {
            bare: 0,
            accesses: Arc::new(log),
            traced,
            written: Vec::new(),
            trigger,
            steps,
            changes,
            focus: self.focus.take(),
            outcome,
            cleanup: None,
        };
        cause.note_bare();
        cause
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
