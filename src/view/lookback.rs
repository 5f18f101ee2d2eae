//! Who gave a byte its value: a look back along the timeline, in pieces, because it may be long.

use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use super::{Selection, Steps};
use crate::record::{Actor, Cause, Run, Target, Touch};

/// How many changes are looked at between two looks at the clock.
const BREATH: usize = 1024;

/// Who wrote a byte, and when: the cause, the step in it, and the actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The number of the cause.
    pub cause: usize,
    /// The place of the step.
    pub step: usize,
    /// Who it was.
    pub by: Actor,
}

impl Writer {
    /// Who wrote a byte last up to what is selected, found at once where all accesses are known one by one.
    pub fn before(at: &Selection, run: &Run, memory: usize, addr: u64) -> Option<Writer> {
        let target = Target { memory, range: addr..addr.saturating_add(1), reads: false };
        let found = run.previous_touch(at.end(), &target)?;
        let cause = run.cause(found.cause)?;
        let step = match found.touch {
            Touch::Access(number) => cause.step_of_access(number),
            Touch::Change(change) => cause.steps.iter().rposition(|step| step.changes.contains(&change)),
        };
        Some(Writer { cause: found.cause, step: step?, by: run.actor(found)? })
    }
}

/// A look back from what is selected, as far as it came.
#[derive(Clone, Debug)]
pub struct LookBack {
    memory: usize,
    addr: u64,
    /// The cause that is looked at next, and how many of its changes are left.
    cause: usize,
    left: usize,
    /// What is selected, whose steps are known already.
    from: Arc<Cause>,
    steps: Arc<Steps>,
}

impl LookBack {
    /// A look back for the last writer of a byte, up to what is selected.
    pub fn new(at: &Selection, memory: usize, addr: u64) -> LookBack {
        let left = at.node.changes_of(at.step).end;
        LookBack { memory, addr, cause: at.cause, left, from: at.node.clone(), steps: at.steps.clone() }
    }

    /// Goes on until then, or until it is known who wrote the byte; `None` if nobody did whose doing is still known.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<Option<Writer>> {
        let mut looked = 0;
        while let Some(cause) = run.cause(self.cause) {
            while let Some(place) = self.left.checked_sub(1) {
                if let Some(by) = cause.changes.get(place).and_then(|change| change.writer(self.memory, self.addr)) {
                    return Poll::Ready(self.found(cause, place, by));
                }
                self.left = place;
                looked += 1;
                if looked % BREATH == 0 && until.is_some_and(|until| Instant::now() >= until) {
                    return Poll::Pending;
                }
            }
            let Some(before) = self.cause.checked_sub(1) else { return Poll::Ready(None) };
            self.cause = before;
            self.left = run.cause(before).map_or(0, |cause| cause.changes.len());
            looked += 1;
            if looked % BREATH == 0 && until.is_some_and(|until| Instant::now() >= until) {
                return Poll::Pending;
            }
        }
        Poll::Ready(None)
    }

    fn found(&self, cause: &Arc<Cause>, change: usize, by: Actor) -> Option<Writer> {
        let step = match Arc::ptr_eq(cause, &self.from) {
            true => self.steps.of_change(cause, change),
            false => cause.steps.iter().rposition(|step| step.changes.contains(&change)),
        }?;
        Some(Writer { cause: self.cause, step, by })
    }
}
