//! Properties of recording: before + changes = after, and undoing every change restores the initial memory.

#![allow(clippy::cast_possible_truncation, reason = "the memories here are small")]

use std::sync::Arc;
use std::time::Duration;

use linmem::record::{
    Actor, Cause, Change, Memories, Moment, Outcome, Recorder, Run, StepKind, Suspects, Trigger, WASM_PAGE,
};
use linmem::view::{Mark, Marks, Selection};
use proptest::prelude::*;

/// An operation of a host or a guest on memory.
#[derive(Clone, Debug)]
enum Deed {
    HostWrites(usize, Vec<u8>),
    GuestWrites(usize, Vec<u8>),
    GuestGrows,
}

fn deed() -> impl Strategy<Value = Deed> {
    // Few values and few addresses, including page ends, so that rewrites and overlaps are common.
    let place = prop_oneof![0usize..64, 4080usize..4110, 65_500usize..65_530];
    let some = prop::collection::vec(0u8..3, 0..40);
    // Whole pages of one value as well.
    let many = (0u8..3, 4000usize..9000).prop_map(|(value, len)| vec![value; len]);
    let bytes = prop_oneof![3 => some, 1 => many];
    prop_oneof![
        4 => (place.clone(), bytes.clone()).prop_map(|(place, bytes)| Deed::HostWrites(place, bytes)),
        4 => (place, bytes).prop_map(|(place, bytes)| Deed::GuestWrites(place, bytes)),
        1 => Just(Deed::GuestGrows),
    ]
}

/// A memory as a plain vector, and the recorder that follows it.
struct World {
    live: Vec<u8>,
    recorder: Recorder,
}

impl World {
    fn start() -> (World, Cause) {
        let mut world = World { live: vec![0; WASM_PAGE as usize], recorder: Recorder::default() };
        world.live[10..14].copy_from_slice(b"data");
        world.recorder.enter(StepKind::Instantiate);
        world.recorder.compare(0, &world.live, Actor::Module, &|| true);
        world.recorder.leave(Duration::ZERO);
        let cause = world.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        (world, cause)
    }

    fn doing(&mut self, deeds: &[Deed]) -> Cause {
        for deed in deeds {
            self.recorder.enter(StepKind::Read { memory: 0, addr: 0, len: 0, value: None });
            match deed {
                Deed::HostWrites(place, bytes) => {
                    let end = (place + bytes.len()).min(self.live.len());
                    let bytes = &bytes[..end - place];
                    self.live[*place..end].copy_from_slice(bytes);
                    self.recorder.written(0, *place as u64, bytes, Actor::Host);
                }
                Deed::GuestWrites(place, bytes) => {
                    let end = (place + bytes.len()).min(self.live.len());
                    self.live[*place..end].copy_from_slice(&bytes[..end - place]);
                    self.recorder.compare(0, &self.live, Actor::Guest, &|| true);
                }
                Deed::GuestGrows => {
                    self.live.resize(self.live.len() + WASM_PAGE as usize, 0);
                    self.recorder.compare(0, &self.live, Actor::Guest, &|| true);
                }
            }
            self.recorder.leave(Duration::ZERO);
        }
        self.recorder.end(Trigger::Line(Vec::new()), Outcome::Ok(Vec::new()))
    }
}

fn bytes(memories: &Memories) -> Vec<u8> {
    let Some(image) = memories.first() else { return Vec::new() };
    let mut bytes = vec![0; usize::try_from(image.len()).expect("it is small")];
    image.read(0, &mut bytes);
    bytes
}

/// A run, with memory before each cause and at the end.
fn lived(causes: &[Vec<Deed>], budget: usize) -> (Run, Vec<Vec<u8>>) {
    let (mut world, start) = World::start();
    let mut run = Run::new(budget);
    let mut moments = vec![Vec::new(), world.live.clone()];
    run.push(Arc::new(start), world.recorder.present().clone());
    for deeds in causes {
        let cause = world.doing(deeds);
        run.push(Arc::new(cause), world.recorder.present().clone());
        moments.push(world.live.clone());
    }
    (run, moments)
}

fn history() -> impl Strategy<Value = Vec<Vec<Deed>>> {
    prop::collection::vec(prop::collection::vec(deed(), 0..6), 0..8)
}

proptest! {
    #[test]
    fn every_moment_can_be_restored(causes in history()) {
        let (run, moments) = lived(&causes, usize::MAX);
        prop_assert_eq!(bytes(run.present()), moments.last().expect("there is a start").clone());
        for (cause, expected) in moments.iter().enumerate() {
            let memories = run.at(Moment { cause, change: 0 }).expect("nothing was forgotten");
            prop_assert_eq!(&bytes(&memories), expected);
        }
    }

    #[test]
    fn undo_restores_the_first_memory_and_redo_the_last(causes in history()) {
        let (run, _) = lived(&causes, usize::MAX);
        let mut memories = run.present().clone();
        run.travel(run.now(), Moment { cause: 0, change: 0 }, &mut memories).expect("nothing was forgotten");
        prop_assert_eq!(bytes(&memories), Vec::<u8>::new());
        run.travel(Moment { cause: 0, change: 0 }, run.now(), &mut memories).expect("nothing was forgotten");
        prop_assert!(&memories == run.present());
    }

    #[test]
    fn changes_lead_from_before_to_after(causes in history()) {
        let (run, _) = lived(&causes, usize::MAX);
        for number in 0..run.len() {
            let cause = run.cause(number).expect("nothing was forgotten");
            for step in &cause.steps {
                let at = |change| run.at(Moment { cause: number, change }).expect("nothing was forgotten");
                let (mut before, after) = (at(step.changes.start), at(step.changes.end));
                cause.changes[step.changes.clone()].iter().for_each(|change| change.redo(&mut before));
                prop_assert!(before == after);
                cause.changes[step.changes.clone()].iter().rev().for_each(|change| change.undo(&mut before));
                prop_assert!(before == at(step.changes.start));
            }
        }
    }

    #[test]
    fn any_moment_is_reachable_from_any_other(causes in history(), from: prop::sample::Index, to: prop::sample::Index) {
        let (run, _) = lived(&causes, usize::MAX);
        let all: Vec<Moment> = (0..run.len())
            .flat_map(|cause| {
                let changes = run.cause(cause).expect("nothing was forgotten").changes.len();
                (0..=changes).map(move |change| Moment { cause, change })
            })
            .collect();
        let (from, to) = (all[from.index(all.len())], all[to.index(all.len())]);
        let mut memories = run.at(from).expect("it happened");
        run.travel(from, to, &mut memories).expect("both happened");
        prop_assert!(memories == run.at(to).expect("it happened"));
    }

    #[test]
    fn stepping_a_selection_equals_a_new_selection(
        causes in history(),
        steps in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 1..8),
    ) {
        let (run, _) = lived(&causes, usize::MAX);
        let mut last: Option<Selection> = None;
        for (cause, step) in steps {
            let cause = cause.index(run.len());
            let steps = run.cause(cause).expect("nothing was forgotten").steps.len();
            let step = step.index(steps + 1).checked_sub(1);
            let fresh = Selection::new(&run, None, cause, step).expect("it happened");
            let step = Selection::new(&run, last.as_ref(), cause, step).expect("it happened");
            prop_assert!(step.before == fresh.before && step.after == fresh.after);
            last = Some(step);
        }
    }

    #[test]
    fn marks_equal_a_bytewise_comparison(deeds in prop::collection::vec(deed(), 1..6)) {
        let (run, _) = lived(&[deeds], usize::MAX);
        let before = run.at(Moment { cause: 1, change: 0 }).expect("it happened");
        let cause = run.cause(1).expect("it happened");
        let marks = Marks::new(0, &cause.changes, &before, run.present());
        let (old, new) = (bytes(&before), bytes(run.present()));
        let written = |addr: usize| cause.changes.iter().any(|change| match change {
            Change::Bytes { addr: start, old_then_new, by: Actor::Host, .. } => {
                (*start as usize..*start as usize + old_then_new.len() / 2).contains(&addr)
            }
            _ => false,
        });
        let mut changed = 0;
        for (addr, &byte) in new.iter().enumerate() {
            let differs = old.get(addr).copied().unwrap_or(0) != byte;
            changed += usize::from(differs);
            match marks.at(addr as u64) {
                Mark::Changed(_) => prop_assert!(differs),
                Mark::Rewritten(_) => prop_assert!(!differs),
                Mark::None => prop_assert!(!differs && !written(addr)),
            }
        }
        prop_assert_eq!(marks.changed(), changed);
    }

    #[test]
    fn small_budget_drops_the_oldest_and_never_the_newest(causes in history(), budget in 0usize..4000) {
        let (run, moments) = lived(&causes, budget);
        prop_assert_eq!(run.len(), causes.len() + 1);
        prop_assert!(run.oldest() < run.len());
        for (cause, expected) in moments.iter().enumerate() {
            match run.at(Moment { cause, change: 0 }) {
                Some(memories) => prop_assert_eq!(&bytes(&memories), expected),
                None => prop_assert!(cause < run.oldest()),
            }
        }
    }
}

#[test]
fn causes_whose_bytes_are_dropped_stay_listed_with_their_steps() {
    let deeds = || vec![Deed::HostWrites(100, vec![7; 4000]), Deed::GuestWrites(50, vec![9; 4000])];
    let causes: Vec<_> = (0..60).map(|_| deeds()).collect();
    let (run, _) = lived(&causes, 120_000);
    let (whole, _) = lived(&causes, usize::MAX);
    assert!(run.oldest() > 20, "some bytes are dropped: {}", run.oldest());
    assert!(run.listed(run.oldest() - 1).is_some() && run.cause(run.oldest() - 1).is_none());
    for number in 0..run.oldest() {
        let Some(listed) = run.listed(number) else { continue };
        let before = whole.cause(number).expect("it happened");
        assert_eq!((&listed.trigger, &listed.outcome), (&before.trigger, &before.outcome));
        let kinds = |cause: &Cause| cause.steps.iter().map(|step| step.kind.clone()).collect::<Vec<_>>();
        assert_eq!(kinds(listed), kinds(before));
        assert!(listed.changes.is_empty() && listed.is_well_formed());
    }
    assert!(run.listed(run.len()).is_none() && run.listed(run.len() - 1).is_some());
}

proptest! {
    // Walking over every byte is slow.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn ranges_equal_a_bytewise_walk(deeds in prop::collection::vec(deed(), 1..6)) {
        let (run, _) = lived(&[deeds], usize::MAX);
        let before = run.at(Moment { cause: 1, change: 0 }).expect("it happened");
        let marks = Marks::new(0, &run.cause(1).expect("it happened").changes, &before, run.present());
        let len = bytes(run.present()).len() as u64;
        let begins = |addr: u64| {
            matches!(marks.at(addr), Mark::Changed(_)) && (addr == 0 || marks.at(addr) != marks.at(addr - 1))
        };
        let starts: Vec<u64> = (0..len).filter(|&addr| begins(addr)).collect();
        let end = |start: u64| (start..len).find(|&addr| marks.at(addr) != marks.at(start)).unwrap_or(len);
        let ranges: Vec<_> = starts.iter().map(|&start| (start, end(start))).collect();
        prop_assert_eq!(marks.ranges_from(0).collect::<Vec<_>>(), &ranges[..]);
        prop_assert_eq!(marks.ranges(), ranges.len());
        for (number, &(start, end)) in ranges.iter().enumerate() {
            prop_assert_eq!(marks.range_number(start), number + 1);
            let next = ranges.get(number + 1).is_some_and(|&(next, _)| next == end);
            prop_assert_eq!(marks.range_number(end), number + 1 + usize::from(next));
            prop_assert_eq!(marks.range_before(end), Some((start, end)));
            prop_assert_eq!(marks.range_before(start), number.checked_sub(1).map(|number| ranges[number]));
            prop_assert_eq!(marks.ranges_from(start + 1).next(), ranges.get(number + 1).copied());
        }
    }
}

/// Comparing ends with the patience, memory is unknown from there on, and the rest is caught up with.
#[test]
fn comparing_goes_on_where_there_was_no_more_time() {
    let (mut world, _) = World::start();
    let step = |world: &mut World, has_time: bool| {
        world.recorder.enter(StepKind::Read { memory: 0, addr: 0, len: 0, value: None });
        // That nothing was written since is true of the second time.
        let suspects = if has_time { Suspects::Written(Vec::new()) } else { Suspects::All };
        world.recorder.compare_all([(&*world.live, suspects)].into_iter(), Actor::Guest, &|| has_time);
        world.recorder.leave(Duration::ZERO);
    };
    world.live.fill(7);
    step(&mut world, false);
    let cause = world.recorder.end(Trigger::Line(Vec::new()), Outcome::Ok(Vec::new()));
    assert!(cause.changes.is_empty() && !cause.steps[0].known.after, "nothing is said of what was not compared");
    step(&mut world, true);
    let cause = world.recorder.end(Trigger::Line(Vec::new()), Outcome::Ok(Vec::new()));
    assert_eq!((cause.steps[0].known.before, cause.steps[0].known.after), (false, true));
    assert_eq!(
        cause.changes.iter().filter_map(|change| change.place()).map(|(_, range, _)| range.end).max(),
        Some(WASM_PAGE)
    );
}
