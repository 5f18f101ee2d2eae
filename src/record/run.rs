//! One run of a guest, from its start to the present, and travel to any moment of it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Cause, Memories};

/// A moment of a run: before the change number `change` of the cause number `cause`.
///
/// Causes are counted from the run's start, those that were forgotten included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The cause's number.
    pub cause: usize,
    /// How many of its changes are made already.
    pub change: usize,
}

/// A run of a guest: its causes in order, and its memories now.
///
/// No moment but the present is stored whole: each is reached by undoing changes. When the causes take more
/// than the budget, the oldest are forgotten; the newest is always kept.
#[derive(Clone, Debug)]
pub struct Run {
    causes: VecDeque<Arc<Cause>>,
    forgotten: usize,
    present: Memories,
    start: Memories,
    cost: usize,
    budget: usize,
}

impl Run {
    /// A run with no causes yet, that keeps about `budget` bytes of history.
    pub fn new(budget: usize) -> Run {
        Run { causes: VecDeque::new(), forgotten: 0, present: Memories::new(), start: Memories::new(), cost: 0, budget }
    }

    /// A run whose first causes were forgotten: the memories as the start left them, and as those causes did.
    pub fn resumed(budget: usize, forgotten: usize, start: Memories, present: Memories) -> Run {
        Run { forgotten, start, present, ..Run::new(budget) }
    }

    /// Appends a cause and the memories as it left them.
    pub fn push(&mut self, cause: Arc<Cause>, present: Memories) {
        if self.is_empty() {
            self.start = present.clone();
        }
        self.cost += cause.cost();
        self.causes.push_back(cause);
        self.present = present;
        self.keep_to_budget();
    }

    /// Keeps no more than about that many bytes of history from now on.
    pub fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
        self.keep_to_budget();
    }

    /// Drops what is oldest until the rest fits.
    fn keep_to_budget(&mut self) {
        self.drop_accesses();
        while self.cost > self.budget && self.causes.len() > 1 {
            let oldest = self.causes.pop_front().expect("there are two");
            self.cost -= oldest.cost();
            self.forgotten += 1;
        }
    }

    /// While the causes take too much, drops the single accesses of the oldest; their changes stay.
    fn drop_accesses(&mut self) {
        let older = self.causes.len().saturating_sub(1);
        for cause in self.causes.iter_mut().take(older) {
            if self.cost <= self.budget {
                return;
            }
            if cause.accesses.cost() > 0 {
                self.cost -= cause.cost();
                let node = Arc::make_mut(cause);
                node.accesses = Arc::new(node.accesses.emptied());
                self.cost += cause.cost();
            }
        }
    }

    /// The number of causes so far, those forgotten included.
    pub fn len(&self) -> usize {
        self.forgotten + self.causes.len()
    }

    /// Whether nothing happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest cause that is still known.
    pub fn oldest(&self) -> usize {
        self.forgotten
    }

    /// The cause of that number, or `None` if it was forgotten or has not happened.
    pub fn cause(&self, number: usize) -> Option<&Arc<Cause>> {
        self.causes.get(number.checked_sub(self.forgotten)?)
    }

    /// The memories now.
    pub fn present(&self) -> &Memories {
        &self.present
    }

    /// The memories as the start of the guest left them; they are never forgotten.
    pub fn start(&self) -> &Memories {
        &self.start
    }

    /// The moment that is now.
    pub fn now(&self) -> Moment {
        Moment { cause: self.len(), change: 0 }
    }

    /// The memories at a moment; `None` if it was forgotten or has not happened.
    pub fn at(&self, moment: Moment) -> Option<Memories> {
        let mut memories = self.present.clone();
        self.travel(self.now(), moment, &mut memories)?;
        Some(memories)
    }

    /// Takes `memories` from one moment to another, by undoing or redoing what lies between.
    ///
    /// Returns `None`, with `memories` untouched, if one of the moments was forgotten or has not happened.
    pub fn travel(&self, from: Moment, to: Moment, memories: &mut Memories) -> Option<()> {
        if !self.knows(from) || !self.knows(to) {
            return None;
        }
        for number in from.cause..=to.cause {
            for change in self.between(number, from, to) {
                change.redo(memories);
            }
        }
        for number in (to.cause..=from.cause).rev() {
            for change in self.between(number, to, from).iter().rev() {
                change.undo(memories);
            }
        }
        Some(())
    }

    fn knows(&self, moment: Moment) -> bool {
        match self.cause(moment.cause) {
            Some(cause) => moment.change <= cause.changes.len(),
            None => moment == self.now(),
        }
    }

    /// The changes of one cause that lie between two moments; none when `from` is not the earlier one.
    fn between(&self, number: usize, from: Moment, to: Moment) -> &[super::Change] {
        let Some(cause) = self.cause(number) else { return &[] };
        let start = if number == from.cause { from.change } else { 0 };
        let end = if number == to.cause { to.change } else { cause.changes.len() };
        cause.changes.get(start..end).unwrap_or(&[])
    }
}
