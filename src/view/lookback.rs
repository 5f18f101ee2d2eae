//! Finds the last writer of a byte, searching back along the timeline in slices, as it may take long.

use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use super::{Selection, Steps};
use crate::record::{Actor, Cause, Run, Target, Touch};

/// How many changes are searched between two checks of the time.
const BREATH: usize = 1024;

/// The last writer of a byte: cause, step and actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The number of the cause.
    pub cause: usize,
    /// The index of the step.
    pub step: usize,
    /// Who wrote it.
    pub by: Actor,
}

impl Writer {
    /// The last writer of a byte up to the selected moment. Immediate where all accesses are recorded.
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

/// A search for a byte's last writer, and its progress.
#[derive(Clone, Debug)]
pub struct LookBack {
    memory: usize,
    addr: u64,
    /// The next cause to search, and how many of its changes are left.
    cause: usize,
    left: usize,
    /// The selected cause, whose steps are already known.
    from: Arc<Cause>,
    steps: Arc<Steps>,
}

impl LookBack {
    /// Creates a search for the last writer of a byte, up to the selected moment.
    pub fn new(at: &Selection, memory: usize, addr: u64) -> LookBack {
        let left = at.node.changes_of(at.step).end;
        LookBack { memory, addr, cause: at.cause, left, from: at.node.clone(), steps: at.steps.clone() }
    }

    /// Searches until the deadline or the result. `None` if no known change wrote the byte.
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
