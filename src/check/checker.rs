//! Follows the causes of a run, keeps the state of the guest's memory and blocks, and hands events to the observers.

use std::ops::Range;

use super::blocks::{Blocks, effects};
use super::facts::Facts;
use super::finding::{Finding, Findings, Kind};
use super::kinds::KINDS;
use super::poison::poison_byte;
use super::ranges::Ranges;
use super::world::{Event, Observer, World};
use crate::record::{Actor, Cause, Change, Image, Memories, Moment, Run, Step, StepKind, WASM_PAGE};

/// Maximum number of findings of one kind in a cause.
const MOST: usize = 1;

/// Follows a run, cause by cause.
pub struct Checker {
    facts: Facts,
    observers: Vec<(&'static Kind, Box<dyn Observer>)>,
    state: State,
    /// The number of the next cause.
    next: usize,
}

/// What is known at a moment of a run.
#[derive(Default)]
struct State {
    image: Image,
    start: Image,
    written: Ranges,
    by_guest: Ranges,
    blocks: Blocks,
}

impl Checker {
    /// Creates a checker for a guest, to begin with its first cause.
    pub fn new(facts: Facts) -> Checker {
        let observers = KINDS.iter().map(|&kind| (kind, (kind.observer)())).collect();
        Checker { facts, observers, state: State::default(), next: 0 }
    }

    /// Creates a checker that begins with a later cause, from the memories before it.
    fn resumed(facts: Facts, next: usize, memories: &Memories, start: &Memories) -> Checker {
        let of = |memories: &Memories| memories.get(facts.memory).cloned().unwrap_or_default();
        let state = State { image: of(memories), start: of(start), ..State::default() };
        Checker { state, next, ..Checker::new(facts) }
    }

    /// Goes on with a fresh guest of the same module, whose start this is. Causes are counted on.
    pub fn restart(&mut self, start: &Cause) {
        let facts = std::mem::take(&mut self.facts);
        let next = self.next;
        *self = Checker::new(facts);
        self.follow(start);
        self.next = next;
    }

    /// Follows the next cause of the run, and returns what is wrong with it.
    pub fn follow(&mut self, cause: &Cause) -> Vec<Finding> {
        let Checker { facts, observers, state, next } = self;
        let mut walk = Walk { facts, observers, state, cause, number: *next, found: Vec::new(), made: 0, fills: false };
        walk.all();
        let found = walk.found;
        (self.state.written, self.state.by_guest) = Default::default();
        self.next += 1;
        found
    }

    /// Goes on from the memories after the last cause, and shares their pages. They are what it has itself, unless values
    /// were not kept.
    pub fn share(&mut self, present: &Memories) {
        self.state.image = present.get(self.facts.memory).cloned().unwrap_or_default();
    }
}

/// The findings of a whole run, from its record.
pub fn review(run: &Run, facts: Facts) -> Findings {
    let mut findings = Findings::default();
    let oldest = run.oldest();
    let mut checker = match run.at(Moment { cause: oldest, change: 0 }) {
        Some(memories) if oldest > 0 => Checker::resumed(facts, oldest, &memories, run.start()),
        _ => Checker::new(facts),
    };
    (oldest..run.len()).filter_map(|number| run.cause(number)).for_each(|cause| findings.add(checker.follow(cause)));
    findings
}

/// The walk through one cause: its steps as they begin and end, and its changes between them.
struct Walk<'a> {
    facts: &'a Facts,
    observers: &'a mut Vec<(&'static Kind, Box<dyn Observer>)>,
    state: &'a mut State,
    cause: &'a Cause,
    number: usize,
    found: Vec<Finding>,
    /// How many changes were made.
    made: usize,
    /// Whether the host fills a block: a note says so before it writes.
    fills: bool,
}

impl Walk<'_> {
    fn all(&mut self) {
        let cause = self.cause;
        // The open steps.
        let mut open: Vec<usize> = Vec::new();
        for (place, step) in cause.steps.iter().enumerate() {
            while open.len() > step.depth {
                if let Some(ended) = open.pop() {
                    self.leave(ended);
                }
            }
            self.enter(place, step);
            open.push(place);
        }
        while let Some(ended) = open.pop() {
            self.leave(ended);
        }
        self.make(cause.changes.len());
        self.show(None, &Event::End);
    }

    fn enter(&mut self, place: usize, step: &Step) {
        self.make(step.changes.start);
        self.show(Some(place), &Event::Enter(step));
        self.state.blocks.enter(step, self.facts);
        if !matches!(step.kind, StepKind::Write { .. }) {
            self.fills = matches!(&step.kind, StepKind::Note { text } if poison_byte(text).is_some());
        }
    }

    fn leave(&mut self, place: usize) {
        let step = &self.cause.steps[place];
        self.make(step.changes.end);
        if step.kind == StepKind::Instantiate {
            self.state.start = self.state.image.clone();
            self.state.blocks.clear();
            self.show(Some(place), &Event::Fresh);
        }
        let (freed, block) = effects(step, self.facts, self.number);
        if let Some(freed) = freed.filter(|freed| !self.state.blocks.free_empty(freed.addr)) {
            self.show(Some(place), &Event::Freed(&freed));
            self.state.blocks.free(&freed);
        }
        if let Some(block) = block.as_ref().filter(|block| block.len == 0) {
            self.state.blocks.allocate_empty(block.addr);
        }
        if let Some(block) = block.filter(|block| block.len > 0) {
            self.show(Some(place), &Event::Allocated(&block));
            if block.addr != 0 {
                self.state.blocks.allocate(block);
            }
        }
        let State { blocks, image, .. } = &mut *self.state;
        blocks.leave(step, self.facts, image);
        if matches!(step.kind, StepKind::Write { .. }) {
            self.fills = false;
        }
        self.show(Some(place), &Event::Leave(step));
    }

    /// Makes the changes before this one.
    fn make(&mut self, end: usize) {
        let changes = self.cause.changes.get(self.made..end).unwrap_or(&[]);
        self.made = self.made.max(end);
        for change in changes {
            self.apply(change);
        }
    }

    fn apply(&mut self, change: &Change) {
        let State { image, written, by_guest, blocks, .. } = &mut *self.state;
        if let Some((_, _, by)) = change.place().filter(|(memory, ..)| *memory == self.facts.memory) {
            if let Change::Bytes { addr, old_then_new, .. } = change {
                image.write(*addr, &old_then_new[old_then_new.len() / 2..]);
            }
            if !self.fills || by != Actor::Host {
                blocks.change(change, self.facts);
            }
            change.runs().for_each(|run| written.add(run));
            if by == Actor::Guest {
                change.runs().for_each(|run| by_guest.add(run));
            }
        }
        match change {
            Change::Growth { memory, to, .. } if *memory == self.facts.memory => image.resize(to * WASM_PAGE),
            _ => (),
        }
    }

    fn show(&mut self, step: Option<usize>, event: &Event<'_>) {
        let State { image, start, written, by_guest, blocks } = &*self.state;
        let (facts, cause, number) = (self.facts, self.cause, self.number);
        let world = World { facts, cause, number, step, image, start, written, by_guest, blocks };
        for (kind, observer) in self.observers.iter_mut() {
            let Some(evidence) = observer.see(event, &world) else { continue };
            if self.found.iter().filter(|finding| finding.kind.name == kind.name).count() >= MOST {
                continue;
            }
            let range = clamp(&evidence.range, image.len());
            let (memory, step, sentence) = (facts.memory, evidence.step.or(step), evidence.sentence);
            self.found.push(Finding { kind, cause: number, step, memory, range, sentence });
        }
    }
}

/// The part of a range that is inside memory.
fn clamp(range: &Range<u64>, len: u64) -> Range<u64> {
    range.start.min(len)..range.end.min(len).max(range.start.min(len))
}
