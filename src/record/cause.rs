//! A cause on the timeline (a start, a line or a command), with its steps and changes.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{Access, AccessLog, Change, Failure, Memories, Segment, Value, WrittenRanges};

/// What triggered a cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The guest was instantiated.
    Start,
    /// A line was sent.
    Line(Vec<u8>),
    /// A command was given, with this text.
    Command(String),
}

/// How a cause ended: the answer (empty for a start), or why there is none.
pub type Outcome = Result<Vec<u8>, Failure>;

/// One cause: a trigger, and everything that resulted from it.
///
/// Steps are in the order in which they began. Each has a depth, which makes them a tree: the steps inside a call
/// follow it, one level deeper. Changes are in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What triggered it.
    pub trigger: Trigger,
    /// The steps, in pre-order.
    pub steps: Vec<Step>,
    /// All changes, in order.
    pub changes: Vec<Change>,
    /// How many changes there are up to the last one whose values are not kept. Memory before that is unknown.
    pub bare: usize,
    /// The guest's recorded accesses; empty where it made none, or none were recorded.
    pub accesses: Arc<AccessLog>,
    /// Which of its accesses were recorded.
    pub traced: Traced,
    /// What it wrote, where the bytes were dropped, and the changes with them.
    pub written: Vec<WrittenRanges>,
    /// The index of the step to show first: the call of the transform.
    pub focus: Option<usize>,
    /// How it ended.
    pub outcome: Outcome,
    /// What failed afterwards in a recipe's `finally`. There may still be an answer.
    pub cleanup: Option<Failure>,
}

/// Which of a guest's accesses were recorded, whether it made any or not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traced {
    /// Everything that writes. Without it, changes were found by comparing memory.
    pub stores: bool,
    /// Everything that only reads.
    pub loads: bool,
}

/// One step across the boundary between host and guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// 0 for a step of the host, one more inside each call.
    pub depth: usize,
    /// What was done.
    pub kind: StepKind,
    /// The changes made during the step, including nested steps.
    pub changes: Range<usize>,
    /// The numbers of the guest's recorded accesses during the step.
    pub accesses: Range<u64>,
    /// Whether all of memory is known before and after the step.
    pub known: Known,
    /// The earlier call that this one repeats: same export, same arguments, same recipe name.
    pub repeats: Option<usize>,
    /// How long it took, excluding recording.
    pub elapsed: Duration,
}

/// Whether all of memory is known before and after a step. It is not where the guest ran and comparing memory was
/// skipped because it had taken too long: the guest may have changed any byte that the host did not access there. Nor is
/// it before a change whose values are not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Before the step.
    pub before: bool,
    /// After the step.
    pub after: bool,
    /// Whether that is because it was not compared; else values that would tell are not kept.
    pub kept: bool,
}

impl Known {
    /// Both.
    pub const BOTH: Known = Known { before: true, after: true, kept: true };
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The module is instantiated: memory is created, data segments are copied, the start function runs.
    Instantiate,
    /// The host calls an export.
    Call {
        /// The export's name.
        export: Arc<str>,
        /// The arguments.
        args: Vec<Value>,
        /// The results; `None` if the call did not return.
        results: Option<Vec<Value>>,
    },
    /// The host writes bytes.
    Write {
        /// The memory's index.
        memory: usize,
        /// The first address.
        addr: u64,
        /// How many bytes.
        len: u64,
        /// Which of them are bytes of the line, if some are.
        line: Option<LinePart>,
    },
    /// The host reads bytes.
    Read {
        /// The memory's index.
        memory: usize,
        /// The first address.
        addr: u64,
        /// How many bytes.
        len: u64,
        /// The number, if the recipe loaded one.
        value: Option<u64>,
    },
    /// The guest calls an import.
    Import {
        /// The import, as `module.name`.
        import: Arc<str>,
        /// The arguments.
        args: Vec<Value>,
        /// The results; `None` if the host stopped the guest instead.
        results: Option<Vec<Value>>,
    },
    /// The guest emits a message, which is not part of its answer.
    Say {
        /// The message; any bytes.
        text: Vec<u8>,
    },
    /// The host notes something about what the guest or the recipe does.
    Note {
        /// The note, a sentence.
        text: String,
    },
    /// The host grows a memory.
    Grow {
        /// The memory's index.
        memory: usize,
        /// By how many WebAssembly pages.
        pages: u64,
    },
    /// The host sets an exported global.
    Set {
        /// The global's name.
        global: Arc<str>,
        /// Its new value.
        value: Value,
    },
}

/// Bytes of the line in a write of the host's: the line as it was encoded for the guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinePart {
    /// The index of the first one among the bytes written.
    pub at: u64,
    /// Its index in the line.
    pub start: u64,
    /// How many they are.
    pub len: u64,
}

impl LinePart {
    /// The index in the line of a byte of the write.
    pub fn of(&self, byte: u64) -> Option<u64> {
        let place = byte.checked_sub(self.at).filter(|&place| place < self.len)?;
        self.start.checked_add(place)
    }
}

impl Step {
    /// Bytes of text in the step.
    fn text(&self) -> usize {
        match &self.kind {
            StepKind::Say { text } => text.len(),
            StepKind::Note { text } => text.len(),
            _ => 0,
        }
    }

    /// Number of values in the step.
    fn values(&self) -> usize {
        match &self.kind {
            StepKind::Call { args, results, .. } | StepKind::Import { args, results, .. } => {
                args.len() + results.as_ref().map_or(0, Vec::len)
            }
            _ => 0,
        }
    }
}

impl Cause {
    /// Whether it began a new run, with a guest that was not created for a single line.
    pub fn begins_a_run(&self) -> bool {
        let is_line = matches!(self.trigger, Trigger::Line(_));
        !is_line && self.steps.first().is_some_and(|step| step.kind == StepKind::Instantiate)
    }

    /// The failures: at most two, in order.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.outcome.as_ref().err().into_iter().chain(&self.cleanup)
    }

    /// Whether it is over; else this is what happened so far.
    pub fn is_over(&self) -> bool {
        !matches!(self.outcome, Err(Failure::NotOver))
    }

    /// Whether anything failed, even if there is an answer.
    pub fn has_failed(&self) -> bool {
        self.is_over() && self.failures().next().is_some()
    }

    /// Whether the step at `place` is what failed: a call that did not return, a read outside memory, or a string that
    /// does not end.
    pub fn has_failed_at(&self, place: usize) -> bool {
        match self.steps.get(place).map(|step| &step.kind) {
            Some(StepKind::Call { results: None, .. }) => self.has_failed(),
            Some(&StepKind::Read { addr, len, .. }) => {
                self.failures().map(Failure::root).any(|failure| match *failure {
                    Failure::OutOfBounds { access: Access::Read, addr: at, len: of, .. } => (at, of) == (addr, len),
                    Failure::Unterminated { addr: at, memory } => (at, memory.saturating_sub(at)) == (addr, len),
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// The failures, as text.
    pub fn failure_text(&self) -> Option<String> {
        let failures: Vec<_> = self.failures().map(Failure::to_string).collect();
        (!failures.is_empty()).then(|| failures.join("; then: "))
    }

    /// The guest's messages, in order.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Say { text } => Some(text.as_slice()),
            _ => None,
        })
    }

    /// The same cause without the bytes that it changed: what was sent, its steps, which ranges it wrote, and how it
    /// ended.
    pub(super) fn without_bytes(&self) -> Cause {
        let bare = |step: &Step| Step { changes: 0..0, accesses: 0..0, ..step.clone() };
        Cause {
            trigger: self.trigger.clone(),
            steps: self.steps.iter().map(bare).collect(),
            changes: Vec::new(),
            bare: 0,
            accesses: Arc::default(),
            traced: self.traced,
            written: WrittenRanges::of(&self.changes),
            focus: self.focus,
            outcome: self.outcome.clone(),
            cleanup: self.cleanup.clone(),
        }
    }

    /// Memory cost in bytes.
    pub fn cost(&self) -> usize {
        let line = match &self.trigger {
            Trigger::Line(line) => line.len(),
            Trigger::Command(words) => words.len(),
            Trigger::Start => 0,
        };
        let answer = self.outcome.as_ref().map_or(0, Vec::len)
            + self.failures().map(|failure| failure.to_string().len()).sum::<usize>();
        let messages = self.steps.iter().map(Step::text).sum::<usize>();
        let values = self.steps.iter().map(Step::values).sum::<usize>() * size_of::<Value>();
        let steps = self.steps.len() * size_of::<Step>() + messages + values;
        size_of::<Cause>()
            + line
            + answer
            + steps
            + self.accesses.cost()
            + size_of::<AccessLog>()
            + size_of_val(self.accesses.segments())
            + self.written.iter().map(WrittenRanges::cost).sum::<usize>()
            + self.changes.iter().map(Change::cost).sum::<usize>()
    }

    /// Whether the steps form a tree: each step is inside the call before it or next to it, its changes are within
    /// those of the enclosing call and after those of the step before, and the focus is a step. All other code relies
    /// on this. A recorder guarantees it; a file may hold anything.
    pub fn is_well_formed(&self) -> bool {
        // The ends of the enclosing steps' changes, and the number of changes that belong to earlier steps.
        let mut ends: Vec<usize> = Vec::new();
        let mut made = 0;
        for Step { depth, changes, .. } in &self.steps {
            if *depth > ends.len() {
                return false;
            }
            made = ends.drain(depth..).fold(made, usize::max);
            let limit = ends.last().copied().unwrap_or(self.changes.len());
            if changes.start < made || changes.end < changes.start || changes.end > limit {
                return false;
            }
            made = changes.start;
            ends.push(changes.end);
        }
        let fits = |step: &Step| step.accesses.start <= step.accesses.end && step.accesses.end <= self.accesses.len();
        let repeats = |(place, step): (usize, &Step)| step.repeats.is_none_or(|earlier| earlier < place);
        self.steps.iter().enumerate().all(repeats)
            && self.focus.is_none_or(|focus| focus < self.steps.len())
            && self.steps.iter().all(fits)
            && self.accesses.fits(self.changes.len())
    }

    /// Applies a well-formed cause to the memories before it. `None` if a change does not fit, or the accesses do not
    /// result in the changes that sum them up.
    ///
    /// Of one with values that are not kept, `before` are the memories after it.
    pub fn apply(&self, before: &Memories) -> Option<Memories> {
        let mut memories = before.clone();
        if self.bare > 0 {
            return self.changes.iter().all(|change| change.is_inside(before)).then_some(memories);
        }
        let mut made = 0;
        for Segment { accesses, changes } in self.accesses.segments() {
            self.changes[made..changes.start].iter().try_for_each(|change| change.apply(&mut memories))?;
            let mut replayed = memories.clone();
            self.changes[changes.clone()].iter().try_for_each(|change| change.apply(&mut memories))?;
            made = changes.end;
            if self.accesses.keeps(accesses.clone()) {
                self.accesses.redo(accesses.clone(), &mut replayed);
                (replayed == memories).then_some(())?;
            }
        }
        self.changes[made..].iter().try_for_each(|change| change.apply(&mut memories))?;
        Some(memories)
    }

    /// Total time of its steps, excluding recording.
    pub fn elapsed(&self) -> Duration {
        let own = self.steps.iter().filter(|step| step.depth == 0);
        // A file may contain any times.
        own.fold(Duration::ZERO, |sum, step| sum.saturating_add(step.elapsed))
    }

    /// The innermost step during which the access with this number was made.
    pub fn step_of_access(&self, number: u64) -> Option<usize> {
        self.steps.iter().rposition(|step| step.accesses.contains(&number))
    }

    /// Whether memory is known before and after the step at `place`. Around the whole cause it always is, unless values
    /// are not kept.
    pub fn known(&self, place: Option<usize>) -> Known {
        if let Some(place) = place {
            return self.steps[place].known;
        }
        let last = self.steps.iter().rfind(|step| step.depth == 0);
        let is_last_kept = last.is_none_or(|step| step.known.after || step.known.kept);
        Known { before: self.bare == 0, after: is_last_kept, kept: self.bare == 0 && is_last_kept }
    }

    /// Notes where memory is unknown, because values of changes are not kept.
    pub fn note_bare(&mut self) {
        self.bare = self.changes.iter().rposition(Change::is_bare).map_or(0, |last| last + 1);
        for step in &mut self.steps {
            let (before, after) = (step.changes.start >= self.bare, step.changes.end >= self.bare);
            if !before || !after {
                step.known =
                    Known { before: before && step.known.before, after: after && step.known.after, kept: false };
            }
        }
    }

    /// The changes of the step at `place`, or of the whole cause if `None`.
    pub fn changes_of(&self, place: Option<usize>) -> Range<usize> {
        place.map_or(0..self.changes.len(), |place| self.steps[place].changes.clone())
    }
}
