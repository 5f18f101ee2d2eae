//! The recorder: follows one cause while it happens, and keeps the present memory up to date.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Actor, Cause, Change, Evidence, Image, Memories, Outcome, Step, StepKind, Trigger, WASM_PAGE};

/// Hears what a guest says while it says it.
#[derive(Clone)]
pub struct Listener(Arc<Hear>);

type Hear = dyn Fn(&[u8]) + Send + Sync;

impl Listener {
    /// A listener that does this with each message.
    pub fn new(hear: impl Fn(&[u8]) + Send + Sync + 'static) -> Listener {
        Listener(Arc::new(hear))
    }
}

/// Which of the steps to come is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FocusTarget {
    /// The next one.
    Any,
    /// The next call of an export.
    Call,
}

/// Builds a [`Cause`] step by step, beside the memories as they are now.
#[derive(Debug, Default)]
pub struct Recorder {
    present: Memories,
    steps: Vec<Step>,
    changes: Vec<Change>,
    /// The places of the steps that were entered and not left yet.
    open: Vec<usize>,
    focus: Option<usize>,
    /// Which step is to be looked at first, if it is still to come.
    wanted: Option<FocusTarget>,
    /// How much of the present cause's time went into recording it.
    overhead: Duration,
    /// How many bytes its changes take.
    kept: u64,
    listener: Option<Listener>,
}

impl Recorder {
    /// A recorder whose `listener`, if there is one, hears at once what the guest says.
    pub fn new(listener: Option<Listener>) -> Recorder {
        Recorder { listener, ..Recorder::default() }
    }

    /// A recorder for a fresh guest, with the same listener.
    pub fn renewed(&self) -> Recorder {
        Recorder::new(self.listener.clone())
    }

    /// The memories as they are now, as far as they were recorded.
    pub fn present(&self) -> &Memories {
        &self.present
    }

    /// How many bytes the changes of the present cause take so far, old and new ones.
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// How many steps the present cause has so far.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Begins a step, inside the one that is open.
    pub fn enter(&mut self, kind: StepKind) {
        let made = self.changes.len();
        let is_call = matches!(kind, StepKind::Call { .. });
        if self.wanted.is_some_and(|wanted| is_call || wanted == FocusTarget::Any) {
            self.wanted = None;
            self.focus = Some(self.steps.len());
        }
        self.open.push(self.steps.len());
        self.steps.push(Step { depth: self.open.len() - 1, kind, changes: made..made, elapsed: Duration::ZERO });
    }

    /// Ends the step that was entered last, which took that long, recording left out.
    pub fn leave(&mut self, elapsed: Duration) -> &mut StepKind {
        let place = self.open.pop().expect("a step was entered");
        let step = &mut self.steps[place];
        step.changes.end = self.changes.len();
        step.elapsed = elapsed;
        &mut step.kind
    }

    /// Notes what the guest says.
    pub fn say(&mut self, text: &[u8]) {
        self.enter(StepKind::Say { text: text.to_vec() });
        self.leave(Duration::ZERO);
        if let Some(Listener(hear)) = &self.listener {
            hear(text);
        }
    }

    /// Marks the next step, or the next call, as the one to look at first.
    pub fn focus_next(&mut self, wanted: FocusTarget) {
        self.wanted = Some(wanted);
    }

    /// Notes that the bytes at `addr` were written, equal ones too. They lie inside the memory.
    pub fn written(&mut self, memory: usize, addr: u64, new: &[u8], by: Actor) {
        let mut old = vec![0; new.len()];
        self.present[memory].read(addr, &mut old);
        self.present[memory].write(addr, new);
        self.kept += 2 * new.len() as u64;
        self.changes.push(Change::bytes(memory, addr, &old, new, by, Evidence::Written));
    }

    /// Compares a memory with its live bytes, and notes growth and what differs as done by `by`.
    pub fn compare(&mut self, memory: usize, live: &[u8], by: Actor) {
        if self.present.len() <= memory {
            self.present.resize_with(memory + 1, Image::default);
        }
        let image = &mut self.present[memory];
        if image.len() > live.len() as u64 {
            self.clear_from(memory, live.len() as u64, by);
        }
        let image = &mut self.present[memory];
        if image.len() != live.len() as u64 {
            let (from, to) = (image.len() / WASM_PAGE, live.len() as u64 / WASM_PAGE);
            image.resize(live.len() as u64);
            self.changes.push(Change::Growth { memory, from, to, by });
        }
        let (changes, kept) = (&mut self.changes, &mut self.kept);
        image.absorb(live, |addr, old, new| {
            *kept += 2 * new.len() as u64;
            changes.push(Change::bytes(memory, addr, old, new, by, Evidence::Found));
        });
    }

    /// Notes that a memory's bytes from `addr` on are zero now. A memory can only shrink when it is another's turn, a
    /// fresh guest's; undoing that brings back zeroes, and undoing this the bytes.
    fn clear_from(&mut self, memory: usize, addr: u64, by: Actor) {
        let image = &mut self.present[memory];
        let kept = usize::try_from(addr).expect("linear memory fits the address space");
        let mut cleared = vec![0; usize::try_from(image.len()).expect("linear memory fits the address space")];
        image.read(0, &mut cleared[..kept]);
        let changes = &mut self.changes;
        image.absorb(&cleared, |addr, old, new| {
            changes.push(Change::bytes(memory, addr, old, new, by, Evidence::Found));
        });
    }

    /// Does the work of recording, and charges it to nobody.
    pub fn aside<T>(&mut self, work: impl FnOnce(&mut Recorder) -> T) -> T {
        let since = Instant::now();
        let result = work(self);
        self.overhead += since.elapsed();
        result
    }

    /// How much of the present cause's time went into recording it, so far.
    pub fn overhead(&self) -> Duration {
        self.overhead
    }

    /// Ends the cause, when every step was left.
    pub fn end(&mut self, trigger: Trigger, outcome: Outcome) -> Cause {
        debug_assert!(self.open.is_empty(), "a step is left on every way out of it");
        self.overhead = Duration::ZERO;
        self.kept = 0;
        self.wanted = None;
        Cause {
            trigger,
            steps: std::mem::take(&mut self.steps),
            changes: std::mem::take(&mut self.changes),
            focus: self.focus.take(),
            outcome,
            cleanup: None,
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
