//! The selected part of the timeline: a cause or one of its steps, with memory before and after.

use std::sync::Arc;

use super::{Marks, StepLine, Steps, dropped, dropped_in_full};
use crate::record::{
    Actor, Cause, Change, Evidence, Found, Image, Known, Memories, Moment, Position, Run, Step, StepKind, Stop, Touch,
};

/// How many of a cause's last steps are searched for an address to show.
const GLANCE: usize = 256;

/// A selected node of the timeline, with everything needed to show it.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The cause's number.
    pub cause: usize,
    /// The step's index in the cause; `None` for the whole cause.
    pub step: Option<usize>,
    /// The number of a single access of the guest during that step, if one is selected.
    pub access: Option<u64>,
    /// The memories before it.
    pub before: Memories,
    /// The memories after it.
    pub after: Memories,
    /// Its effect on each memory.
    pub marks: Vec<Marks>,
    /// The cause.
    pub node: Arc<Cause>,
    /// The index needed to describe its steps.
    pub steps: Arc<Steps>,
}

impl Selection {
    /// Selects a step of a cause; `None` if the cause was forgotten or has not happened.
    ///
    /// The memories are computed from the present or from an earlier selection, whichever is nearer in time.
    pub fn new(run: &Run, from: Option<&Selection>, cause: usize, step: Option<usize>) -> Option<Selection> {
        let node = run.cause(cause)?;
        let step = step.filter(|&place| place < node.steps.len());
        let changes = node.changes_of(step);
        let moment = Moment { cause, change: changes.start };
        let near = from.filter(|from| from.cause.abs_diff(cause) < run.len() - cause);
        let before = near.and_then(|from| from.travel(run, moment)).or_else(|| run.at(moment))?;
        let is_newest = cause + 1 == run.len() && changes.end == node.changes.len();
        let after = match is_newest {
            // Rather than memories of its own.
            true => run.present().clone(),
            false => {
                let mut after = before.clone();
                run.travel(moment, Moment { cause, change: changes.end }, &mut after)?;
                after
            }
        };
        let made = &node.changes[changes];
        let marks = (0..after.len()).map(|memory| Marks::new(memory, made, &before, &after)).collect();
        let steps = steps_of(node, from);
        Some(Selection { cause, step, access: None, before, after, marks, node: node.clone(), steps })
    }

    /// Selects an access of the guest. `None` if it was not recorded, or records needed to show it were dropped.
    pub fn of_access(run: &Run, from: Option<&Selection>, cause: usize, number: u64) -> Option<Selection> {
        let node = run.cause(cause)?;
        let whole = node.accesses.whole(number);
        let (number, last) = (whole.start, node.accesses.get(whole.end - 1)?);
        let made = node.accesses.get(number)?;
        let (before, after) = (run.at_access(cause, number)?, run.at_access(cause, whole.end)?);
        let memory = made.site.memory as usize;
        // The second record of a vector store is of the bytes after the first.
        let len = if last.number > number { made.len + last.len } else { made.len };
        let change = match made.growth() {
            Some((from, to)) => Some(Change::Growth { memory, from, to, by: Actor::Guest }),
            None if made.site.kind.writes() => {
                let bytes = |memories: &Memories| read(memories.get(memory)?, made.addr, len);
                let (old, new) = (bytes(&before)?, bytes(&after)?);
                Some(Change::bytes(memory, made.addr, &old, &new, Actor::Guest, Evidence::Written))
            }
            None => None,
        };
        let marks = (0..after.len()).map(|memory| Marks::new(memory, change.as_slice(), &before, &after)).collect();
        let (step, access, steps) = (node.step_of_access(number), Some(number), steps_of(node, from));
        Some(Selection { cause, step, access, before, after, marks, node: node.clone(), steps })
    }

    /// Selects the access that touched a range, or the step during which it was changed.
    pub fn of_touch(run: &Run, from: Option<&Selection>, found: Found) -> Option<Selection> {
        match found.touch {
            Touch::Access(number) => Selection::of_access(run, from, found.cause, number),
            Touch::Change(change) => {
                let node = run.cause(found.cause)?;
                Selection::new(run, from, found.cause, steps_of(node, from).of_change(node, change))
            }
        }
    }

    /// The position after it, with all of its changes and accesses made.
    pub fn end(&self) -> Position {
        let log = &self.node.accesses;
        let (change, access) = match (self.access, self.step) {
            (Some(number), _) => {
                (log.segment_of(number).map_or(0, |segment| segment.changes.start), log.whole(number).end)
            }
            (None, Some(place)) => (self.node.changes_of(self.step).end, self.node.steps[place].accesses.end),
            (None, None) => (self.node.changes.len(), log.len()),
        };
        Position { cause: self.cause, change, access }
    }

    /// Whether it is the same node of the timeline as `other`.
    pub fn is_same_node(&self, other: &Selection) -> bool {
        (self.cause, self.step, self.access) == (other.cause, other.step, other.access)
    }

    /// Whether all of memory is known before and after the selection. Around a recorded access it is.
    pub fn known(&self) -> Known {
        self.access.map_or_else(|| self.node.known(self.step), |_| Known::BOTH)
    }

    /// Which accesses of the selection are not kept, in brief. A selected access is.
    pub fn dropped(&self) -> Option<String> {
        self.access.map_or_else(|| dropped(&self.node, self.step), |_| None)
    }

    /// The same as a sentence.
    pub fn dropped_in_full(&self) -> Option<String> {
        self.access.map_or_else(|| dropped_in_full(&self.node, self.step), |_| None)
    }

    /// Number of steps in the cause.
    pub fn steps(&self) -> usize {
        self.node.steps.len()
    }

    /// Describes a step of the cause.
    pub fn line(&self, place: usize) -> StepLine {
        self.steps.line(&self.node, place)
    }

    /// Whether the selected step is a call that has not returned yet.
    pub fn is_open(&self) -> bool {
        let step = self.step.and_then(|place| self.node.steps.get(place));
        let is_open = step.is_some_and(|step| {
            matches!(step.kind, StepKind::Call { results: None, .. } | StepKind::Import { results: None, .. })
        });
        is_open && !self.node.is_over()
    }

    /// Describes the selected step; `None` if the whole cause is selected.
    pub fn selected_line(&self) -> Option<StepLine> {
        self.step.map(|place| self.line(place))
    }

    /// Selects what a guest did last that stopped in the middle of a call: the access that it stopped after, or else its
    /// innermost call so far.
    pub fn at_stop(run: &Run, stop: &Stop) -> Option<Selection> {
        let cause = run.len().checked_sub(1)?;
        let access = stop.access.as_ref().and_then(|access| access.number);
        let by_access = access.and_then(|number| Selection::of_access(run, None, cause, number));
        by_access.or_else(|| {
            let node = run.cause(cause)?;
            let is_open = |step: &Step| {
                let is_call = matches!(step.kind, StepKind::Call { .. } | StepKind::Write { .. });
                is_call && step.changes.end == node.changes.len()
            };
            Selection::new(run, None, cause, node.steps.iter().rposition(is_open))
        })
    }

    /// The initial selection for the newest cause: the step that failed after the transform, else the call of the
    /// transform if there was one, else the last step before the failure, else the whole cause.
    pub fn newest(run: &Run) -> Option<Selection> {
        let cause = run.len().checked_sub(1)?;
        let node = run.cause(cause)?;
        let called = node.focus.filter(|&place| place < node.steps.len());
        let last = node.steps.len().checked_sub(1).filter(|_| node.has_failed());
        let failed = called.and_then(|place| (place + 1..node.steps.len()).find(|&later| node.has_failed_at(later)));
        Selection::new(run, None, cause, failed.or(called).or(last))
    }

    /// The steps up to the selected moment, latest first, each with its cause's number.
    pub(super) fn steps_back<'a>(&self, run: &'a Run) -> impl Iterator<Item = (usize, &'a Step)> + use<'a> {
        let (last, upto) = (self.cause, self.step.map_or(usize::MAX, |place| place + 1));
        let causes = (run.oldest()..=last).rev().filter_map(move |number| Some((number, run.cause(number)?)));
        causes.flat_map(move |(number, cause)| {
            let count = if number == last { upto.min(cause.steps.len()) } else { cause.steps.len() };
            cause.steps[..count].iter().rev().map(move |step| (number, step))
        })
    }

    /// The memories at another moment, computed from this selection. `None` if an access is selected.
    fn travel(&self, run: &Run, to: Moment) -> Option<Memories> {
        if self.access.is_some() {
            return None;
        }
        let changes = run.cause(self.cause)?.changes_of(self.step);
        let mut memories = self.before.clone();
        run.travel(Moment { cause: self.cause, change: changes.start }, to, &mut memories)?;
        Some(memories)
    }

    /// The address to show: where something was written, preferably where the exchange reads or writes; else where the
    /// step itself reads or writes. `None` if it does neither.
    pub fn address(&self, memory: usize) -> Option<u64> {
        let cause = &self.node;
        let touched = |step: &StepKind| match *step {
            StepKind::Write { memory: of, addr, len, .. } | StepKind::Read { memory: of, addr, len, .. }
                if of == memory =>
            {
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

/// The index of a cause's steps, taken from another selection if it has one.
fn steps_of(node: &Arc<Cause>, from: Option<&Selection>) -> Arc<Steps> {
    let same = from.filter(|from| Arc::ptr_eq(&from.node, node)).map(|from| from.steps.clone());
    same.unwrap_or_else(|| Arc::new(Steps::new(node)))
}

/// The bytes of a range, if all are inside the memory.
fn read(image: &Image, addr: u64, len: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len).ok().filter(|_| addr.saturating_add(len) <= image.len())?];
    image.read(addr, &mut bytes);
    Some(bytes)
}
