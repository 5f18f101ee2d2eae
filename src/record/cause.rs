//! One cause on the timeline (the start, or a line) with the steps and changes that it led to.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::{AccessLog, Change, Failure, Memories, Segment, Value};

/// What set a guest going.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The guest was instantiated.
    Start,
    /// A line was sent.
    Line(Vec<u8>),
    /// A command was given, in these words.
    Command(String),
}

/// How a cause ended: the answer (empty for a start), or why there is none.
pub type Outcome = Result<Vec<u8>, Failure>;

/// One cause: what set the guest going, and all that came of it.
///
/// Steps stand in the order in which they began, each with its depth, which makes a tree: the steps
/// inside a call follow it and are one deeper. Changes stand in the order in which they were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// What set the guest going.
    pub trigger: Trigger,
    /// The steps, a call before those inside it.
    pub steps: Vec<Step>,
    /// Every change, in the order made.
    pub changes: Vec<Change>,
    /// The accesses that the guest made, where they were recorded.
    pub accesses: Arc<AccessLog>,
    /// The step to look at first, by its place: the call of the transform.
    pub focus: Option<usize>,
    /// How it ended.
    pub outcome: Outcome,
    /// What failed after that, where a recipe gives memory back (`finally`): an answer stands beside it.
    pub cleanup: Option<Failure>,
}

/// One step across the boundary between host and guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// 0 for a step of the host's, one more inside each call.
    pub depth: usize,
    /// What was done.
    pub kind: StepKind,
    /// The changes made during it, those of the steps inside it included.
    pub changes: Range<usize>,
    /// The accesses that the guest made during it, by their numbers, where they were recorded.
    pub accesses: Range<u64>,
    /// Whether all of memory is known as it was before the step and after it.
    pub known: Known,
    /// The earlier call whose question it asks again: the same export with the same arguments, for the same name in the
    /// recipe.
    pub repeats: Option<usize>,
    /// How long it took, without the time for recording it.
    pub elapsed: Duration,
}

/// Whether all of memory is known as it was before a step, and after it. Where it is not, the guest had run and memory
/// was not compared, because that had taken too long: the guest may have changed any byte that the host did not read
/// or write there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Before the step.
    pub before: bool,
    /// After the step.
    pub after: bool,
}

impl Known {
    /// Both.
    pub const BOTH: Known = Known { before: true, after: true };
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The module is instantiated: memory is made, data segments are copied in, a start function runs.
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
        /// Which memory, by its place.
        memory: usize,
        /// The first address.
        addr: u64,
        /// How many bytes.
        len: u64,
    },
    /// The host reads bytes.
    Read {
        /// Which memory, by its place.
        memory: usize,
        /// The first address.
        addr: u64,
        /// How many bytes.
        len: u64,
    },
    /// The guest calls an import: a function of the host's.
    Import {
        /// What it calls, as `module.name`.
        import: Arc<str>,
        /// The arguments.
        args: Vec<Value>,
        /// The results; `None` if the host stopped the guest instead.
        results: Option<Vec<Value>>,
    },
    /// The guest says something, which is no part of its answer.
    Say {
        /// Its words; any bytes.
        text: Vec<u8>,
    },
    /// The host remarks something about what the guest, or the recipe, does.
    Note {
        /// A sentence.
        text: String,
    },
    /// The host grows a memory.
    Grow {
        /// Which memory, by its place.
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

impl Step {
    /// How many bytes of text it holds.
    fn text(&self) -> usize {
        match &self.kind {
            StepKind::Say { text } => text.len(),
            StepKind::Note { text } => text.len(),
            _ => 0,
        }
    }

    /// How many values it holds.
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
    /// Whether a new run began with it: a fresh guest, that is, which was not made for one line alone.
    pub fn begins_a_run(&self) -> bool {
        let is_line = matches!(self.trigger, Trigger::Line(_));
        !is_line && self.steps.first().is_some_and(|step| step.kind == StepKind::Instantiate)
    }

    /// What failed: at most two failures, in the order in which they happened.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.outcome.as_ref().err().into_iter().chain(&self.cleanup)
    }

    /// Whether something failed, be it that there is an answer all the same.
    pub fn has_failed(&self) -> bool {
        self.failures().next().is_some()
    }

    /// What failed, as a text.
    pub fn failure_text(&self) -> Option<String> {
        let failures: Vec<_> = self.failures().map(Failure::to_string).collect();
        (!failures.is_empty()).then(|| failures.join("; then: "))
    }

    /// What the guest said beside its answer, in order.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        self.steps.iter().filter_map(|step| match &step.kind {
            StepKind::Say { text } => Some(text.as_slice()),
            _ => None,
        })
    }

    /// What keeping this cause costs, in bytes.
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
            + self.changes.iter().map(Change::cost).sum::<usize>()
    }

    /// Whether the steps are a tree, as every other use of them takes for granted: a step lies in the call before it or
    /// beside that, its changes lie within those of the call around it and after those of the step before it, and the
    /// focus is one of the steps. A recorder makes nothing else; a file may hold anything.
    pub fn is_well_formed(&self) -> bool {
        // Where the changes of each step around the present one end, and how many changes belong to steps before it.
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

    /// The memories after it, from those before it; `None` if a change does not fit them, or accesses do not come to the
    /// changes that sum them up. To be asked of a well-formed cause.
    pub fn apply(&self, before: &Memories) -> Option<Memories> {
        let mut memories = before.clone();
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

    /// How long its steps took, without the time for recording them.
    pub fn elapsed(&self) -> Duration {
        let own = self.steps.iter().filter(|step| step.depth == 0);
        // A file may tell of any times.
        own.fold(Duration::ZERO, |sum, step| sum.saturating_add(step.elapsed))
    }

    /// The step in which the access of that number was made: the innermost one.
    pub fn step_of_access(&self, number: u64) -> Option<usize> {
        self.steps.iter().rposition(|step| step.accesses.contains(&number))
    }

    /// Whether memory is known before and after the step at `place`; it always is before and after the whole cause.
    pub fn known(&self, place: Option<usize>) -> Known {
        place.map_or(Known::BOTH, |place| self.steps[place].known)
    }

    /// The changes of the step at `place`, or of the whole cause for `None`.
    pub fn changes_of(&self, place: Option<usize>) -> Range<usize> {
        place.map_or(0..self.changes.len(), |place| self.steps[place].changes.clone())
    }
}
