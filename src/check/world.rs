//! What a kind of finding sees: the events of a run in order, and the state of the guest's memory before each.

use std::ops::Range;

use super::blocks::{Block, Blocks, Freed};
use super::facts::Facts;
use super::ranges::Ranges;
use crate::record::{AccessLog, Actor, Cause, Change, Image, Step, StepKind};

/// Maximum number of bytes that a kind looks at in one place.
const MOST: u64 = 1 << 20;

/// Looks for one kind of finding. It is created for a run and sees all of it.
pub(super) trait Observer {
    /// Takes an event, and returns what it shows to be wrong. The world is in the state before the event, except that
    /// the changes of a step are made when it ends.
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence>;
}

/// An event of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<'a> {
    /// A guest was instantiated. Nothing is known from before.
    Fresh,
    /// A step begins.
    Enter(&'a Step),
    /// A step has ended.
    Leave(&'a Step),
    /// An allocator returned a block.
    Allocated(&'a Block),
    /// A block is given to a function that frees it.
    Freed(&'a Freed),
    /// The cause has ended.
    End,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Evidence {
    /// The sentence, with its numbers.
    pub(super) sentence: String,
    /// The range to look at.
    pub(super) range: Range<u64>,
    /// The step to look at, if it is an earlier one.
    pub(super) step: Option<usize>,
}

impl Evidence {
    pub(super) fn new(range: Range<u64>, sentence: String) -> Option<Evidence> {
        Some(Evidence { sentence, range, step: None })
    }
}

/// The state of a run at an event.
#[derive(Debug)]
pub(super) struct World<'a> {
    /// What is known of the guest.
    pub(super) facts: &'a Facts,
    /// The cause, with its number.
    pub(super) cause: &'a Cause,
    pub(super) number: usize,
    /// The index of the step.
    pub(super) step: Option<usize>,
    /// The memory of the convention.
    pub(super) image: &'a Image,
    /// The same when the guest was instantiated; empty if that was forgotten.
    pub(super) start: &'a Image,
    /// The addresses written during this cause: by anybody, and by the guest.
    pub(super) written: &'a Ranges,
    pub(super) by_guest: &'a Ranges,
    /// The blocks of the guest's allocator that the host holds or held.
    pub(super) blocks: &'a Blocks,
}

impl World<'_> {
    /// Whether each write of this cause was recorded, so that what is not among them was not written.
    pub(super) fn is_exact(&self) -> bool {
        let is_found = |change: &Change| {
            let is_guest = change.place().is_some_and(|(.., by)| by == Actor::Guest);
            is_guest && (change.evidence() == Some(crate::record::Evidence::Found) || change.is_bare())
        };
        self.cause.traced.stores && self.written.is_complete() && !self.cause.changes.iter().any(is_found)
    }

    /// The records of the guest's accesses.
    pub(super) fn log(&self) -> &AccessLog {
        &self.cause.accesses
    }

    /// Whether the cause is an exchange, and not a command of the user.
    pub(super) fn is_exchange(&self) -> bool {
        self.line().is_some()
    }

    /// The line of an exchange.
    pub(super) fn line(&self) -> Option<&[u8]> {
        match &self.cause.trigger {
            crate::record::Trigger::Line(line) => Some(line),
            _ => None,
        }
    }

    /// The bytes of a range, as many as memory has, and no more than a million.
    pub(super) fn bytes(&self, range: &Range<u64>) -> Vec<u8> {
        let len = range.end.saturating_sub(range.start).min(MOST);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        let known = self.image.read(range.start, &mut bytes);
        bytes.truncate(known);
        bytes
    }

    /// The range that a step reads, if it reads the answer: it has the answer's bytes, as they are.
    pub(super) fn answer(&self, step: &Step) -> Option<(Range<u64>, &[u8])> {
        let range = self.read(step)?;
        let answer = self.cause.outcome.as_deref().ok().filter(|answer| !answer.is_empty())?;
        let is_answer = range.end - range.start == answer.len() as u64 && self.bytes(&range) == answer;
        (is_answer && self.is_exchange() && self.facts.has_plain_text()).then_some((range, answer))
    }

    /// The range of the convention's memory that a step reads.
    pub(super) fn read(&self, step: &Step) -> Option<Range<u64>> {
        match step.kind {
            StepKind::Read { memory, addr, len, .. } if memory == self.facts.memory => {
                Some(addr..addr.saturating_add(len))
            }
            _ => None,
        }
    }

    /// The range of the convention's memory that a step writes.
    pub(super) fn write(&self, step: &Step) -> Option<Range<u64>> {
        match step.kind {
            StepKind::Write { memory, addr, len, .. } if memory == self.facts.memory => {
                Some(addr..addr.saturating_add(len))
            }
            _ => None,
        }
    }

    /// The ranges that the guest wrote during a step, in the convention's memory.
    pub(super) fn guest_runs(&self, step: &Step) -> impl Iterator<Item = Range<u64>> {
        let memory = self.facts.memory;
        let changes = self.cause.changes.get(step.changes.clone()).unwrap_or(&[]);
        let is_by_guest =
            move |change: &&Change| change.place().is_some_and(|(of, _, by)| of == memory && by == Actor::Guest);
        let by_guest = changes.iter().filter(is_by_guest);
        by_guest.flat_map(Change::runs)
    }
}
