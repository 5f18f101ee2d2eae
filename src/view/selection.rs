//! What is looked at: a cause, one of its steps or the whole of it, and memory before and after.

use std::sync::Arc;

use super::{Marks, StepLine, Steps};
use crate::record::{Cause, Memories, Moment, Run, StepKind};

/// How many of a cause's last steps are looked at for the address to show.
const GLANCE: usize = 256;

/// A node of the timeline, with all that is shown of it.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The cause's number.
    pub cause: usize,
    /// The step's place in the cause; `None` is the cause as a whole.
    pub step: Option<usize>,
    /// The memories before it.
    pub before: Memories,
    /// The memories after it.
    pub after: Memories,
    /// What it did to each memory.
    pub marks: Vec<Marks>,
    /// The cause itself.
    pub node: Arc<Cause>,
    /// What it takes to put its steps into words.
    pub steps: Arc<Steps>,
}

impl Selection {
    /// Selects a step of a cause; `None` if the cause was forgotten or has not happened.
    ///
    /// The memories are reached from the present or from an earlier selection, whichever is nearer in time.
    pub fn new(run: &Run, from: Option<&Selection>, cause: usize, step: Option<usize>) -> Option<Selection> {
        let node = run.cause(cause)?;
        let step = step.filter(|&place| place < node.steps.len());
        let changes = node.changes_of(step);
        let moment = Moment { cause, change: changes.start };
        let near = from.filter(|from| from.cause.abs_diff(cause) < run.len() - cause);
        let before = near.and_then(|from| from.travel(run, moment)).or_else(|| run.at(moment))?;
        let mut after = before.clone();
        run.travel(Moment { cause, change: changes.start }, Moment { cause, change: changes.end }, &mut after)?;
        let made = &node.changes[changes];
        let marks = (0..after.len()).map(|memory| Marks::new(memory, made, &before, &after)).collect();
        let same = from.filter(|from| Arc::ptr_eq(&from.node, node)).map(|from| from.steps.clone());
        let steps = same.unwrap_or_else(|| Arc::new(Steps::new(node)));
        Some(Selection { cause, step, before, after, marks, node: node.clone(), steps })
    }

    /// How many steps the cause has.
    pub fn steps(&self) -> usize {
        self.node.steps.len()
    }

    /// A step of the cause in words.
    pub fn line(&self, place: usize) -> StepLine {
        self.steps.line(&self.node, place)
    }

    /// The selected step in words; `None` where the cause as a whole is selected.
    pub fn selected_line(&self) -> Option<StepLine> {
        self.step.map(|place| self.line(place))
    }

    /// Selects what a newcomer wants to see of the newest cause: the call of the transform, if it came to that;
    /// else the last step before it failed; else the whole.
    pub fn newest(run: &Run) -> Option<Selection> {
        let cause = run.len().checked_sub(1)?;
        let node = run.cause(cause)?;
        let called = node.focus.filter(|&place| place < node.steps.len());
        let last = node.steps.len().checked_sub(1).filter(|_| node.has_failed());
        Selection::new(run, None, cause, called.or(last))
    }

    /// The memories at another moment, reached from here.
    fn travel(&self, run: &Run, to: Moment) -> Option<Memories> {
        let changes = run.cause(self.cause)?.changes_of(self.step);
        let mut memories = self.before.clone();
        run.travel(Moment { cause: self.cause, change: changes.start }, to, &mut memories)?;
        Some(memories)
    }

    /// The address to show: where something was written, and of that where the exchange reads or writes; else
    /// what the step itself reads or writes; `None` if there is nothing of either.
    pub fn address(&self, memory: usize) -> Option<u64> {
        let cause = &self.node;
        let touched = |step: &StepKind| match *step {
            StepKind::Write { memory: of, addr, len } | StepKind::Read { memory: of, addr, len } if of == memory => {
                Some(addr..addr.saturating_add(len))
            }
            _ => None,
        };
        let marks = self.marks.get(memory)?;
        let in_buffer = cause
            .steps
            .iter()
            .rev()
            .take(GLANCE)
            .filter_map(|step| touched(&step.kind))
            .find_map(|range| marks.next(range.start).filter(|addr| range.contains(addr)));
        let own = || touched(&cause.steps.get(self.step?)?.kind).map(|range| range.start);
        in_buffer.or_else(|| marks.next(0)).or_else(own)
    }
}
