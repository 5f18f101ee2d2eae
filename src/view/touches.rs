//! The next or previous reads and writes of a range, searched in slices, as it may take long.

use std::collections::VecDeque;
use std::ops::Range;
use std::task::Poll;
use std::time::Instant;

use crate::record::{Cause, Found, MemoryAccess, Position, Run, SiteKind, Target, Touch};

/// How many accesses are searched between two checks of the time: in tests so few that pieces end anywhere.
const BREATH: u64 = if cfg!(test) { 5 } else { 1 << 16 };

/// Which touches count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touching {
    /// Those that write.
    Writes,
    /// Those that read; reads of the host are not recorded as touches.
    Reads,
}

/// A search along the timeline for touches of a range, and its progress.
#[derive(Clone, Debug)]
pub struct Touches {
    target: Target,
    which: Touching,
    backward: bool,
    /// Where the rest to be searched begins, or ends if backward; `None` once all was searched.
    from: Option<Position>,
    /// What was found in the piece before, in the order of the search.
    found: VecDeque<Found>,
}

impl Touches {
    /// Searches from a position on, or back from it.
    pub fn new(target: Target, which: Touching, from: Position, backward: bool) -> Touches {
        let target = Target { reads: which == Touching::Reads, ..target };
        Touches { target, which, backward, from: Some(from), found: VecDeque::new() }
    }

    /// Searches a whole run.
    pub(super) fn all(target: Target, which: Touching, run: &Run) -> Touches {
        Touches::new(target, which, Position { cause: run.oldest(), change: 0, access: 0 }, false)
    }

    /// The range.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// The next touch, or `None` if no more is known. Pending if the deadline passes before.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<Option<Found>> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Poll::Ready(Some(found));
            }
            let Some(from) = self.from else { return Poll::Ready(None) };
            if let Some(cause) = run.cause(from.cause) {
                self.search_piece(cause, from);
            }
            self.from = if self.backward { piece_before(run, from) } else { piece_after(run, from) };
            if self.found.is_empty() && self.from.is_some() && until.is_some_and(|until| Instant::now() >= until) {
                return Poll::Pending;
            }
        }
    }

    /// Finds the touches in the piece of a cause that begins or ends at a position.
    fn search_piece(&mut self, cause: &Cause, from: Position) {
        let Touches { target, which, backward, found, .. } = self;
        let is_wanted = |touch: &Touch| match (touch, *which) {
            (_, Touching::Writes) => true,
            (Touch::Access(number), Touching::Reads) => {
                cause.accesses.get(*number).is_some_and(|access| reads(&access, target))
            }
            (Touch::Change(_), Touching::Reads) => false,
        };
        let Position { cause: number, change, access } = from;
        let in_cause = |touch| Found { cause: number, touch };
        if *backward {
            let accesses = access.saturating_sub(BREATH)..access;
            let during = cause.changes_during(&accesses);
            // The changes that stand in for dropped accesses come with those, whatever came after them.
            let changes = during.start..change.max(during.end);
            let is_before = |touch: &Touch| !cause.is_from(*touch, change, access);
            let touches = cause.touches_among(changes, accesses, target).rev();
            found.extend(touches.filter(is_before).filter(is_wanted).map(in_cause));
            return;
        }
        let accesses = access..access.saturating_add(BREATH);
        let changes = change..cause.changes_during(&accesses).end;
        let is_after = |touch: &Touch| cause.is_from(*touch, change, access);
        let touches = cause.touches_among(changes, accesses, target);
        found.extend(touches.filter(is_after).filter(is_wanted).map(in_cause));
    }
}

/// Where the piece ends that comes before the one that ends at a position.
fn piece_before(run: &Run, Position { cause: number, access, .. }: Position) -> Option<Position> {
    if let (Some(cause), true) = (run.cause(number), access > 0) {
        let access = access.saturating_sub(BREATH);
        let change = cause.changes_during(&(access..access)).start;
        return Some(Position { cause: number, change, access });
    }
    let before = number.checked_sub(1)?;
    let cause = run.cause(before)?;
    Some(Position { cause: before, change: cause.changes.len(), access: cause.accesses.len() })
}

/// Where the piece begins that comes after the one that begins at a position.
fn piece_after(run: &Run, Position { cause: number, change, access }: Position) -> Option<Position> {
    if let Some(cause) = run.cause(number)
        && access.saturating_add(BREATH) <= cause.accesses.len()
    {
        let access = access + BREATH;
        let made = cause.changes_during(&(access..access)).start;
        return Some(Position { cause: number, change: made.max(change), access });
    }
    (number + 1 < run.len()).then_some(Position { cause: number + 1, change: 0, access: 0 })
}

/// Whether an access that touches a target reads from it.
fn reads(access: &MemoryAccess<'_>, target: &Target) -> bool {
    access.site.kind.reads() || (access.site.kind == SiteKind::Copy && copied_from(access, target).is_some())
}

/// The part of a target that a copy reads.
fn copied_from(access: &MemoryAccess<'_>, target: &Target) -> Option<Range<u64>> {
    let source = access.source.filter(|_| access.site.source as usize == target.memory)?;
    overlap(&(source..source.saturating_add(access.len)), &target.range)
}

/// The part that two ranges share, if there is one.
pub(super) fn overlap(one: &Range<u64>, other: &Range<u64>) -> Option<Range<u64>> {
    let both = one.start.max(other.start)..one.end.min(other.end);
    (both.start < both.end).then_some(both)
}

/// Which causes of a run touched a range, found out in slices.
#[derive(Clone, Debug)]
pub struct TouchedCauses {
    target: Target,
    touched: Vec<usize>,
    search: Option<Touches>,
    /// How many causes were searched to their end.
    done: usize,
}

impl TouchedCauses {
    /// Begins with the oldest cause.
    pub fn new(target: Target, run: &Run) -> TouchedCauses {
        let (touched, done) = (Vec::new(), run.oldest());
        TouchedCauses { target, touched, search: None, done }
    }

    /// The range.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether all causes of the run were searched.
    pub fn is_done(&self, run: &Run) -> bool {
        self.done >= run.len()
    }

    /// Whether one of `count` causes from `first` on is known to have touched the range.
    pub fn any(&self, first: usize, count: usize) -> bool {
        let place = self.touched.partition_point(|&cause| cause < first);
        self.touched.get(place).is_some_and(|&cause| cause - first < count)
    }

    /// Goes on until the deadline.
    pub fn go_on(&mut self, run: &Run, until: Instant) {
        while !self.is_done(run) {
            let from = Position { cause: self.done, change: 0, access: 0 };
            let new = || Touches::new(self.target.clone(), Touching::Writes, from, false);
            let search = self.search.get_or_insert_with(new);
            match search.go_on(run, Some(until)) {
                Poll::Pending => return,
                Poll::Ready(None) => self.done = run.len(),
                Poll::Ready(Some(found)) => {
                    self.touched.push(found.cause);
                    self.done = found.cause + 1;
                }
            }
            // One touch of a cause is enough.
            self.search = None;
            if Instant::now() >= until {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::abi::InputLine;
    use crate::guest::{Limits, Passes, Watchdog};
    use crate::session::{Live, Options, Source};

    /// Stores and loads at 0x800 and elsewhere, lets the host write there in between, and grows.
    const GUEST: &str = r#"(module
        (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
        (memory (export "memory") 1)
        (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param $len i32) (result i32) (local $i i32)
            (loop $again
                (i32.store (i32.const 0x800) (i32.load (i32.const 0x804)))
                (i32.store (i32.add (i32.const 0x900) (local.get $i)) (local.get $i))
                (if (i32.eqz (i32.rem_u (local.get $i) (local.get $len)))
                    (then (drop (call $random (i32.const 0x802) (i32.const 4)))))
                (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 7)))
                    (then (drop (memory.grow (i32.const 1)))
                        (memory.copy (i32.const 0x804) (i32.const 0x801) (i32.const 2))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $again (i32.lt_u (local.get $i) (i32.const 23))))
            (i32.const 64)))"#;

    /// A run with some lines, of which at most so many bytes are recorded each.
    fn run_of(lines: &[usize], record: u64) -> Run {
        let trace = Passes { stores: true, loads: true, pauses: false };
        let options = Options { trace, limits: Limits { record, ..Limits::default() }, ..Options::default() };
        let source = Source { name: "touches.wat".to_owned(), bytes: GUEST.as_bytes().to_vec() };
        let opened = Live::open(&source, &options, Watchdog::new(None));
        let (mut live, start) = opened.map_err(|error| error.to_string()).expect("it opens");
        let mut run = Run::new(usize::MAX);
        run.push(Arc::new(start), live.present().clone());
        for (number, &len) in (1..).zip(lines) {
            let cause = live.send(InputLine { bytes: &b"Did you know"[..len], ended: true }, number);
            run.push(Arc::new(cause), live.present().clone());
        }
        run
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 1 } else { 24 }))]

        /// In pieces, the same is found as at once, from any place on and back from there, whatever was dropped.
        #[test]
        fn pieces_leave_nothing_out(
            lines in proptest::collection::vec(1_usize..12, 1..4),
            record in prop_oneof![Just(1 << 20), 0_u64..4000],
            (start, len) in (0x7ff_u64..0x808, 1_u64..5),
        ) {
            let run = run_of(&lines, record);
            for which in [Touching::Writes, Touching::Reads] {
                let target = Target { memory: 0, range: start..start + len, reads: which == Touching::Reads };
                let is_wanted = |found: &Found| match found.touch {
                    Touch::Change(_) => which == Touching::Writes,
                    Touch::Access(number) => which == Touching::Writes || run.cause(found.cause).and_then(|cause| cause.accesses.get(number)).is_some_and(|access| reads(&access, &target)),
                };
                let all: Vec<_> = run.touches(&target).filter(is_wanted).collect();
                let rest = |mut search: Touches| -> Vec<Found> {
                    std::iter::from_fn(|| match search.go_on(&run, None) {
                        Poll::Ready(found) => found,
                        Poll::Pending => None,
                    }).collect()
                };
                prop_assert_eq!(&rest(Touches::all(target.clone(), which, &run)), &all);
                for (place, &found) in all.iter().enumerate() {
                    let (before, after) = (run.before(found).expect("it is there"), run.after(found).expect("it is there"));
                    let search = |from, backward| rest(Touches::new(target.clone(), which, from, backward));
                    prop_assert_eq!(&search(after, false)[..], &all[place + 1..], "after {:?}", found);
                    let earlier: Vec<_> = all[..place].iter().rev().copied().collect();
                    prop_assert_eq!(search(before, true), earlier, "before {:?}", found);
                }
            }
        }
    }
}
