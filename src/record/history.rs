//! Who touched a range of memory, and when: searches over all that is kept of a run, and the memory between two
//! accesses.

use std::ops::Range;

use super::access::Way;
use super::{Actor, Cause, Change, Memories, Moment, Run, Segment, Target};

/// Something that touched memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The guest's access of that number.
    Access(u64),
    /// The change of that number: made by the host or the module, or by the guest with its accesses not known.
    Change(usize),
}

/// A touch, and the cause during which it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of the cause.
    pub cause: usize,
    /// What it was.
    pub touch: Touch,
}

/// Before which touch a search begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The number of the cause.
    pub cause: usize,
    /// How many of its changes were made. Of a stretch of accesses, they count as made when the stretch is over.
    pub change: usize,
    /// How many of its accesses were made.
    pub access: u64,
}

/// A part of a cause, as a search goes through it.
enum Stretch<'a> {
    /// Changes that are known by themselves.
    Changes(Range<usize>),
    /// Accesses of the guest's, which are all known.
    Accesses(&'a Segment),
    /// Accesses of the guest's of which some were dropped: the changes tell of those.
    Partial(&'a Segment),
}

impl Cause {
    /// What touched a target during this cause and is still known, in order.
    pub fn touches<'a>(&'a self, target: &'a Target) -> impl DoubleEndedIterator<Item = Touch> + 'a {
        self.stretches().into_iter().flat_map(move |stretch| self.touches_in(stretch, target))
    }

    fn stretches(&self) -> Vec<Stretch<'_>> {
        let mut stretches = Vec::new();
        let mut next = 0;
        for segment in self.accesses.segments() {
            stretches.push(Stretch::Changes(next..segment.changes.start.max(next)));
            next = segment.changes.end.max(next);
            let dropped = self.accesses.dropped();
            let is_whole = dropped.end <= segment.accesses.start || segment.accesses.end <= dropped.start;
            stretches.push(match is_whole || dropped.is_empty() {
                true => Stretch::Accesses(segment),
                false => Stretch::Partial(segment),
            });
        }
        stretches.push(Stretch::Changes(next..self.changes.len().max(next)));
        stretches
    }

    fn touches_in<'a>(
        &'a self,
        stretch: Stretch<'a>,
        target: &'a Target,
    ) -> Box<dyn DoubleEndedIterator<Item = Touch> + 'a> {
        let changes = move |range: Range<usize>| {
            let range = range.start.min(self.changes.len())..range.end.min(self.changes.len());
            range.filter(move |&place| self.changes[place].touches(target)).map(Touch::Change)
        };
        let accesses = move |range: Range<u64>| self.accesses.touching(range, target).map(Touch::Access);
        match stretch {
            Stretch::Changes(range) => Box::new(changes(range)),
            Stretch::Accesses(segment) => Box::new(accesses(segment.accesses.clone())),
            Stretch::Partial(segment) => {
                let dropped = self.accesses.dropped();
                let before = segment.accesses.start..dropped.start.max(segment.accesses.start);
                let behind = dropped.end.min(segment.accesses.end)..segment.accesses.end;
                Box::new(accesses(before).chain(changes(segment.changes.clone())).chain(accesses(behind)))
            }
        }
    }

    /// Where a touch stands among the others of this cause: how many changes and accesses were made before it.
    fn position(&self, touch: Touch) -> (usize, u64) {
        let segments = self.accesses.segments();
        match touch {
            Touch::Access(number) => {
                let segment = self.accesses.segment_of(number);
                (segment.map_or(0, |segment| segment.changes.start), number)
            }
            Touch::Change(place) => {
                let after = segments.partition_point(|segment| segment.changes.end <= place);
                let inside = segments.get(after).filter(|segment| segment.changes.start <= place);
                let dropped = self.accesses.dropped();
                let access = match (inside, after.checked_sub(1)) {
                    (Some(segment), _) => dropped.start.max(segment.accesses.start),
                    (None, Some(before)) => segments[before].accesses.end,
                    (None, None) => 0,
                };
                (place, access)
            }
        }
    }
}

impl Change {
    /// Whether it wrote in a target, as far as is known.
    fn touches(&self, target: &Target) -> bool {
        let Change::Bytes { memory, addr, old_then_new, .. } = self else { return false };
        let end = addr + old_then_new.len() as u64 / 2;
        *memory == target.memory
            && *addr < target.range.end
            && target.range.start < end
            && self.runs().any(|run| run.start < target.range.end && target.range.start < run.end)
    }
}

impl Run {
    /// The memories before the access of that number in a cause, or after all of them for their number; `None` if that
    /// moment was forgotten, or the accesses on every way there were dropped.
    pub fn at_access(&self, cause: usize, access: u64) -> Option<Memories> {
        let node = self.cause(cause)?;
        let log = &node.accesses;
        let segment = log.segment_of(access)?;
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

    /// The position at which a touch was about to happen.
    pub fn before(&self, found: Found) -> Option<Position> {
        let (change, access) = self.cause(found.cause)?.position(found.touch);
        Some(Position { cause: found.cause, change, access })
    }

    /// The position at which a touch had just happened.
    pub fn after(&self, found: Found) -> Option<Position> {
        let Position { cause, change, access } = self.before(found)?;
        Some(match found.touch {
            Touch::Access(_) => Position { cause, change, access: access + 1 },
            Touch::Change(_) => Position { cause, change: change + 1, access },
        })
    }

    /// The next touch of a target at a position or behind it.
    pub fn next_touch(&self, from: Position, target: &Target) -> Option<Found> {
        (from.cause..self.len()).find_map(|number| {
            let cause = self.cause(number)?;
            let is_there = |&touch: &Touch| {
                let (change, access) = cause.position(touch);
                number > from.cause || (change >= from.change && access >= from.access)
            };
            cause.touches(target).find(is_there).map(|touch| Found { cause: number, touch })
        })
    }

    /// The last touch of a target before a position.
    pub fn previous_touch(&self, from: Position, target: &Target) -> Option<Found> {
        (self.oldest()..self.len().min(from.cause + 1)).rev().find_map(|number| {
            let cause = self.cause(number)?;
            let is_there = |&touch: &Touch| {
                let (change, access) = cause.position(touch);
                let is_change = matches!(touch, Touch::Change(_));
                number < from.cause || access < from.access || (is_change && change < from.change)
            };
            cause.touches(target).rev().find(is_there).map(|touch| Found { cause: number, touch })
        })
    }

    /// All touches of a target that are still known, in order.
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
                Change::Bytes { by, .. } | Change::Growth { by, .. } => Some(*by),
            },
        }
    }
}
