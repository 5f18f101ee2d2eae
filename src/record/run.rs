//! A run of a guest, from its start to the present, and travel to any moment of it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Cause, Memories};

/// A moment of a run: before change number `change` of cause number `cause`.
///
/// Causes are counted from the run's start, including forgotten ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// The cause's number.
    pub cause: usize,
    /// How many of its changes were already made.
    pub change: usize,
}

/// The share of the budget that causes may take whose bytes were dropped.
const LISTED: usize = 8;

/// A run of a guest: its causes in order, and its current memories.
///
/// Only the start and the present are stored whole; other moments are reached by undoing changes. When the causes
/// exceed the budget, the oldest lose their accesses, then their bytes: they stay listed with the ranges that they wrote. The newest is always kept.
#[derive(Clone, Debug)]
pub struct Run {
    causes: VecDeque<Arc<Cause>>,
    /// The causes just before those, without the bytes that they changed.
    listed: VecDeque<Arc<Cause>>,
    listed_cost: usize,
    /// How many causes come before `causes`, those in `listed` included.
    forgotten: usize,
    /// How many causes at the front of `causes` have no accesses anymore.
    emptied: usize,
    /// The number of the newest cause with changes whose values are not kept. Nothing leads back over those.
    barrier: Option<usize>,
    present: Memories,
    /// The memories before the newest cause, if they were not worked out but are known.
    before: Option<Memories>,
    start: Memories,
    /// Whether the last cause is still under way.
    is_unfinished: bool,
    cost: usize,
    budget: usize,
}

impl Run {
    /// Creates an empty run that keeps about `budget` bytes of history.
    pub fn new(budget: usize) -> Run {
        Run {
            causes: VecDeque::new(),
            listed: VecDeque::new(),
            listed_cost: 0,
            forgotten: 0,
            emptied: 0,
            barrier: None,
            present: Memories::new(),
            before: None,
            start: Memories::new(),
            is_unfinished: false,
            cost: 0,
            budget,
        }
    }

    /// Creates a run whose first causes were forgotten, from the memories after the start and after those causes.
    pub fn resumed(budget: usize, forgotten: usize, start: Memories, present: Memories) -> Run {
        Run { forgotten, start, present, ..Run::new(budget) }
    }

    /// Lists causes without their bytes: those just before the oldest that is kept, in order.
    pub fn list(&mut self, causes: Vec<Arc<Cause>>) {
        let excess = causes.len().saturating_sub(self.forgotten);
        self.listed = causes.into_iter().skip(excess).collect();
        self.listed_cost = self.listed.iter().map(|cause| cause.cost()).sum();
    }

    /// Shows what happened so far of the cause that is under way. What comes next takes its place.
    pub fn show_unfinished(&mut self, cause: Arc<Cause>, present: Memories) {
        self.push(cause, present);
        self.is_unfinished = true;
    }

    /// Whether the last cause is still under way.
    pub fn is_unfinished(&self) -> bool {
        self.is_unfinished
    }

    /// Appends a cause and the memories after it.
    pub fn push(&mut self, cause: Arc<Cause>, present: Memories) {
        if std::mem::take(&mut self.is_unfinished)
            && let Some(unfinished) = self.causes.pop_back()
        {
            self.cost -= unfinished.cost();
            if unfinished.bare > 0 {
                let older = self.causes.iter().rposition(|cause| cause.bare > 0);
                self.barrier = older.map(|place| self.forgotten + place);
            }
        } else {
            self.before = Some(std::mem::take(&mut self.present)).filter(|_| !self.is_empty());
        }
        if self.is_empty() {
            self.start = present.clone();
        }
        self.cost += cause.cost();
        if cause.bare > 0 {
            self.barrier = Some(self.len());
        }
        self.causes.push_back(cause);
        self.present = present;
        self.keep_to_budget();
    }

    /// Ends the run: nothing follows, and it takes less memory. Its causes and the memories after the last are kept.
    pub fn end(&mut self, budget: usize) {
        self.before = None;
        self.set_budget(budget);
    }

    /// How much it takes, in bytes, with its memories.
    pub fn size(&self) -> usize {
        let pages = |image: &super::Image| image.touched().count() * super::PAGE;
        self.cost + self.listed_cost + self.present.iter().map(pages).sum::<usize>()
    }

    /// Changes the history budget, in bytes.
    pub fn set_budget(&mut self, budget: usize) {
        self.budget = budget;
        self.keep_to_budget();
    }

    /// Drops the bytes of the oldest causes until the rest fits. Of those, as many stay listed as take little memory.
    fn keep_to_budget(&mut self) {
        self.drop_accesses();
        let mut behind = self.barrier.map_or(0, |number| number.saturating_sub(self.forgotten));
        while (self.cost > self.budget || behind > 0) && self.causes.len() > 1 {
            behind = behind.saturating_sub(1);
            let oldest = self.causes.pop_front().expect("there are two");
            self.cost -= oldest.cost();
            self.forgotten += 1;
            self.emptied = self.emptied.saturating_sub(1);
            let listed = oldest.without_bytes();
            self.listed_cost += listed.cost();
            self.listed.push_back(Arc::new(listed));
        }
        while self.listed_cost > self.budget / LISTED {
            let Some(oldest) = self.listed.pop_front() else { return };
            self.listed_cost -= oldest.cost();
        }
    }

    /// Drops the accesses of the oldest causes while they exceed the budget. Their changes stay.
    fn drop_accesses(&mut self) {
        let older = self.causes.len().saturating_sub(1);
        while self.cost > self.budget && self.emptied < older {
            let cause = &mut self.causes[self.emptied];
            if cause.accesses.cost() > 0 {
                self.cost -= cause.cost();
                let node = Arc::make_mut(cause);
                node.accesses = Arc::new(node.accesses.emptied());
                self.cost += cause.cost();
            }
            self.emptied += 1;
        }
    }

    /// The number of causes so far, including forgotten ones.
    pub fn len(&self) -> usize {
        self.forgotten + self.causes.len()
    }

    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the oldest known cause.
    pub fn oldest(&self) -> usize {
        self.forgotten
    }

    /// The cause with this number. `None` if it was forgotten or has not happened.
    pub fn cause(&self, number: usize) -> Option<&Arc<Cause>> {
        self.causes.get(number.checked_sub(self.forgotten)?)
    }

    /// The number of the oldest cause that is listed at least, without its bytes.
    pub fn oldest_listed(&self) -> usize {
        self.forgotten - self.listed.len()
    }

    /// The cause with this number, or what is left of it: one whose bytes were dropped has no changes and no accesses,
    /// but the ranges that it wrote.
    pub fn listed(&self, number: usize) -> Option<&Arc<Cause>> {
        self.cause(number).or_else(|| self.listed.get(number.checked_sub(self.oldest_listed())?))
    }

    /// The current memories.
    pub fn present(&self) -> &Memories {
        &self.present
    }

    /// The memories after the guest's start; never forgotten.
    pub fn start(&self) -> &Memories {
        &self.start
    }

    /// The present moment.
    pub fn now(&self) -> Moment {
        Moment { cause: self.len(), change: 0 }
    }

    /// The memories at a moment. `None` if it was forgotten or has not happened.
    pub fn at(&self, moment: Moment) -> Option<Memories> {
        if let Some(memories) = self.ahead_to(moment) {
            return Some(memories);
        }
        let mut memories = self.present.clone();
        self.travel(self.now(), moment, &mut memories)?;
        Some(memories)
    }

    /// The memories at a moment of the newest cause, if it is nearer to the beginning than to the end: few pages differ
    /// from those before the cause, and the others are shared.
    fn ahead_to(&self, moment: Moment) -> Option<Memories> {
        let newest = self.causes.back().filter(|_| moment.cause + 1 == self.len())?;
        let made = newest.changes.get(..moment.change)?;
        let is_near = made.len() <= newest.changes.len() / 2 && !made.iter().any(super::Change::is_bare);
        let mut memories = self.before.clone().filter(|_| is_near)?;
        made.iter().for_each(|change| change.redo(&mut memories));
        Some(memories)
    }

    /// Takes `memories` from one moment to another by undoing or redoing the changes in between.
    ///
    /// Returns `None`, with `memories` untouched, if a moment was forgotten or has not happened.
    pub fn travel(&self, from: Moment, to: Moment, memories: &mut Memories) -> Option<()> {
        if !self.knows(from) || !self.knows(to) {
            return None;
        }
        let ahead = (from.cause..=to.cause).flat_map(|number| self.between(number, from, to));
        if ahead.clone().any(super::Change::is_bare) {
            // Only the way back from the present leads there.
            *memories = self.at(to)?;
            return Some(());
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

    /// The changes of one cause between two moments; none unless `from` is the earlier one.
    fn between(&self, number: usize, from: Moment, to: Moment) -> &[super::Change] {
        let Some(cause) = self.cause(number) else { return &[] };
        let start = if number == from.cause { from.change } else { 0 };
        let end = if number == to.cause { to.change } else { cause.changes.len() };
        cause.changes.get(start..end).unwrap_or(&[])
    }
}
