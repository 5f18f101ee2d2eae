//! Finds the last writer of a byte, searching back along the timeline in slices, as it may take long.

use std::task::Poll;
use std::time::Instant;

use super::{Selection, Touches, Touching};
use crate::record::{Actor, Found, Run, Site, Target, Touch};

/// The last writer of a byte: cause, step and actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The number of the cause.
    pub cause: usize,
    /// The index of the step.
    pub step: usize,
    /// Who wrote it.
    pub by: Actor,
    /// The instruction, for a store of the guest that is kept.
    pub site: Option<Site>,
}

impl Writer {
    fn of(run: &Run, found: Found) -> Option<Writer> {
        let cause = run.cause(found.cause)?;
        let step = match found.touch {
            Touch::Access(number) => cause.step_of_access(number),
            Touch::Change(change) => cause.steps.iter().rposition(|step| step.changes.contains(&change)),
        };
        let site = match found.touch {
            Touch::Access(number) => cause.accesses.get(number).map(|access| *access.site),
            Touch::Change(_) => None,
        };
        Some(Writer { cause: found.cause, step: step?, by: run.actor(found)?, site })
    }
}

/// A search for a byte's last writer, and its progress.
#[derive(Clone, Debug)]
pub struct LookBack(Touches);

impl LookBack {
    /// Creates a search for the last writer of a byte, up to the selected moment.
    pub fn new(at: &Selection, memory: usize, addr: u64) -> LookBack {
        let target = Target { memory, range: addr..addr.saturating_add(1), reads: false };
        LookBack(Touches::new(target, Touching::Writes, at.end(), true))
    }

    /// Searches until the deadline or the result. `None` if no known write is of the byte.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<Option<Writer>> {
        self.0.go_on(run, until).map(|found| Writer::of(run, found?))
    }
}
