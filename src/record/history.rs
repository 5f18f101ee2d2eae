//! Who accessed a range of memory, and when: searches through a run, and the memory between two accesses.

use std::ops::Range;

use super::access::Way;
use super::{Actor, Cause, Change, Memories, Moment, Run, Segment, Target};

/// Something that read or wrote memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The guest's access with this number.
    Access(u64),
    /// The change with this number: made by the host or the module, or by the guest where its accesses are unknown.
    Change(usize),
}

/// A touch and its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of the cause.
    pub cause: usize,
    /// The touch.
    pub touch: Touch,
}

/// A position in a run, between two touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the cause.
    pub cause: usize,
    /// How many of its changes were made. The changes of a segment count as made once the segment is over.
    pub change: usize,
    /// How many of its accesses were made.
    pub access: u64,
}

/// A part of a cause, as a search traverses it.
enum Stretch<'a> {
    /// Changes without recorded accesses.
    Changes(Range<usize>),
    /// Accesses of the guest, all of them kept.
    Accesses(&'a Segment),
    /// Accesses of the guest, some of them dropped: the changes stand in for those.
    Partial(&'a Segment),
}

impl Cause {
    /// The known touches of a target during this cause, in order.
    pub fn touches<'a>(&'a self, target: &'a Target) -> impl DoubleEndedIterator<Item = Touch> + 'a {
        self.touches_among(0..usize::MAX, 0..u64::MAX, target)
    }

    /// The same among some of its changes and accesses.
    pub fn touches_among<'a>(
        &'a self,
        changes: Range<usize>,
        accesses: Range<u64>,
        target: &'a Target,
    ) -> impl DoubleEndedIterator<Item = Touch> + 'a {
        let among = move |stretch| self.touches_in(stretch, (changes.clone(), accesses.clone()), target);
        self.stretches().into_iter().flat_map(among)
    }

    /// The changes that are made while accesses with these numbers are: their numbers. Ranges of accesses that follow
    /// each other have ranges of changes that follow each other.
    pub fn changes_during(&self, accesses: &Range<u64>) -> Range<usize> {
        let made_before = |access: u64| {
            // Positions are in order.
            let (mut low, mut high) = (0, self.changes.len());
            while low < high {
                let middle = low.midpoint(high);
                match self.position(Touch::Change(middle)).1 < access {
                    true => low = middle + 1,
                    false => high = middle,
                }
            }
            low
        };
        let end = if accesses.end > self.accesses.len() { self.changes.len() } else { made_before(accesses.end) };
        made_before(accesses.start)..end
    }

    /// Whether a touch comes at or after the position in this cause at which so many changes and accesses were made.
    pub fn is_from(&self, touch: Touch, change: usize, access: u64) -> bool {
        let (made, number) = self.position(touch);
        // In the middle of a segment its changes may count as made, but only some of its accesses were.
        number >= access && (made >= change || matches!(touch, Touch::Access(_)))
    }

    fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut stretches = Vec::new();
        let mut next = 0;
        for segment in self.accesses.segments() {
            stretches.push(Stretch::Changes(next..segment.changes.start.max(next)));
            next = segment.changes.end.max(next);
            stretches.push(match self.dropped_in(segment) {
                None => Stretch::Accesses(segment),
                Some(_) => Stretch::Partial(segment),
            });
        }
        stretches.push(Stretch::Changes(next..self.changes.len().max(next)));
        stretches
    }

    /// The accesses of a segment that were dropped; `None` if all are kept.
    fn dropped_in(&self, segment: &Segment) -> Option<Range<u64>> {
        let dropped = self.accesses.dropped();
        let inside = dropped.start.max(segment.accesses.start)..dropped.end.min(segment.accesses.end);
        (!inside.is_empty()).then_some(inside)
    }

    fn touches_in<'a>(
        &'a self,
        stretch: Stretch<'a>,
        (wanted_changes, wanted_accesses): (Range<usize>, Range<u64>),
        target: &'a Target,
    ) -> Box<dyn DoubleEndedIterator<Item = Touch> + 'a> {
        let changes = move |range: Range<usize>| {
            let end = range.end.min(self.changes.len()).min(wanted_changes.end);
            let range = range.start.max(wanted_changes.start)..end;
            range.filter(move |&place| self.changes[place].touches(target)).map(Touch::Change)
        };
        let accesses = move |range: Range<u64>| {
            let range = range.start.max(wanted_accesses.start)..range.end.min(wanted_accesses.end);
            self.accesses.touching(range, target).map(Touch::Access)
        };
        match stretch {
            Stretch::Changes(range) => Box::new(changes(range)),
            Stretch::Accesses(segment) => Box::new(accesses(segment.accesses.clone())),
            Stretch::Partial(segment) => {
                let end = segment.accesses.end;
                let dropped = self.dropped_in(segment).unwrap_or(end..end);
                let (before, behind) = (segment.accesses.start..dropped.start, dropped.end..end);
                Box::new(accesses(before).chain(changes(segment.changes.clone())).chain(accesses(behind)))
            }
        }
    }

    /// The position of a touch in this cause: how many changes and accesses were made before it.
    pub fn position(&self, touch: Touch) -> (usize, u64) {
        let segments = self.accesses.segments();
        match touch {
            Touch::Access(number) => {
                let segment = self.accesses.segment_of(number);
                (segment.map_or(0, |segment| segment.changes.start), number)
            }
            Touch::Change(place) => {
                let after = segments.partition_point(|segment| segment.changes.end <= place);
                let inside = segments.get(after).filter(|segment| segment.changes.start <= place);
                let access = match (inside, after.checked_sub(1)) {
                    // They stand in for what was dropped.
                    (Some(segment), _) => {
                        self.dropped_in(segment).map_or(segment.accesses.start, |dropped| dropped.start)
                    }
                    (None, Some(before)) => segments[before].accesses.end,
                    (None, None) => 0,
                };
                (place, access)
            }
        }
    }
}

impl Change {
    /// Whether it is known to have written in a target.
    fn touches(&self, target: &Target) -> bool {
        let Some((memory, range, _)) = self.place() else { return false };
        memory == target.memory
            && range.start < target.range.end
            && target.range.start < range.end
            && self.runs().any(|run| run.start < target.range.end && target.range.start < run.end)
    }
}

impl Run {
    /// The memories before the access with this number, or after all accesses for their count. `None` if that moment
    /// was forgotten or the accesses needed to reach it were dropped.
    pub fn at_access(&self, cause: usize, access: u64) -> Option<Memories> {
        let node = self.cause(cause)?;
        let log = &node.accesses;
        let segment = log.segment_of(access)?;
        if segment.changes.start < node.bare {
            return None;
        }
        let at = |change| self.at(Moment { cause, change });
        match log.way_to(segment, access)? {
            Way::Start => {
                let mut memories = at(segment.changes.start)?;
                log.redo(segment.accesses.start..access, &mut memories);
                Some(memories)
            }
            Way::End => {
                let mut memories = at(segment.changes.end)?;
                log.undo(access..segment.accesses.end, &mut memories);
                Some(memories)
            }
            Way::Checkpoint(checkpoint) => {
                let mut memories = at(segment.changes.start)?;
                checkpoint.apply(&mut memories);
                log.redo(checkpoint.at()..access, &mut memories);
                log.undo(access..checkpoint.at(), &mut memories);
                Some(memories)
            }
        }
    }

    /// The position just before a touch.
    pub fn before(&self, found: Found) -> Option<Position> {
        let (change, access) = self.cause(found.cause)?.position(found.touch);
        Some(Position { cause: found.cause, change, access })
    }

    /// The position just after a touch.
    pub fn after(&self, found: Found) -> Option<Position> {
        let Position { cause, change, access } = self.before(found)?;
        Some(match found.touch {
            Touch::Access(_) => Position { cause, change, access: access + 1 },
            Touch::Change(_) => Position { cause, change: change + 1, access },
        })
    }

    /// The first touch of a target at or after a position.
    pub fn next_touch(&self, from: Position, target: &Target) -> Option<Found> {
        (from.cause..self.len()).find_map(|number| {
            let cause = self.cause(number)?;
            let is_there = |&touch: &Touch| number > from.cause || cause.is_from(touch, from.change, from.access);
            let accesses = if number > from.cause { 0 } else { from.access };
            let mut later = cause.touches_among(0..usize::MAX, accesses..u64::MAX, target);
            later.find(is_there).map(|touch| Found { cause: number, touch })
        })
    }

    /// The last touch of a target before a position.
    pub fn previous_touch(&self, from: Position, target: &Target) -> Option<Found> {
        let mut numbers = (self.oldest()..self.len().min(from.cause + 1)).rev();
        numbers.find_map(|number| self.previous_touch_in(number, from, target))
    }

    /// The last touch of a target before a position, in the cause with this number.
    pub fn previous_touch_in(&self, number: usize, from: Position, target: &Target) -> Option<Found> {
        let cause = self.cause(number)?;
        let is_there = |&touch: &Touch| number < from.cause || !cause.is_from(touch, from.change, from.access);
        let accesses = if number < from.cause { u64::MAX } else { from.access };
        let earlier = cause.touches_among(0..usize::MAX, 0..accesses, target);
        earlier.rev().find(is_there).map(|touch| Found { cause: number, touch })
    }

    /// All known touches of a target, in order.
    pub fn touches<'a>(&'a self, target: &'a Target) -> impl DoubleEndedIterator<Item = Found> + 'a {
        (self.oldest()..self.len())
            .filter_map(|number| Some((number, self.cause(number)?)))
            .flat_map(move |(number, cause)| cause.touches(target).map(move |touch| Found { cause: number, touch }))
    }

    /// Who made a touch.
    pub fn actor(&self, found: Found) -> Option<Actor> {
        match found.touch {
            Touch::Access(_) => Some(Actor::Guest),
            Touch::Change(place) => match self.cause(found.cause)?.changes.get(place)? {
                Change::Bytes { by, .. } | Change::Bare { by, .. } | Change::Growth { by, .. } => Some(*by),
            },
        }
    }
}
