//! An overview of the timeline: what happened in each cause, and in groups of them.

use crate::record::{Actor, Cause, Change, Run, StepKind};

/// A set of events in one or more causes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Events(u8);

impl Events {
    /// The module's data was copied to memory: a fresh guest.
    pub const MODULE: Events = Events(1);
    /// The host changed bytes.
    pub const HOST: Events = Events(1 << 1);
    /// The guest changed bytes.
    pub const GUEST: Events = Events(1 << 2);
    /// A memory grew.
    pub const GREW: Events = Events(1 << 3);
    /// The cause failed.
    pub const FAILED: Events = Events(1 << 4);
    /// The guest emitted a message.
    pub const SAID: Events = Events(1 << 5);
    /// The cause was forgotten before it was examined.
    pub const UNKNOWN: Events = Events(1 << 6);

    /// The events of a cause.
    fn of(cause: &Cause) -> Events {
        let mut events = if cause.has_failed() { Events::FAILED } else { Events::default() };
        for change in &cause.changes {
            events = events.and(match change {
                Change::Growth { from: 0, .. } => Events::MODULE,
                Change::Growth { .. } => Events::GREW,
                Change::Bytes { old_then_new, .. }
                    if old_then_new[..old_then_new.len() / 2] == old_then_new[old_then_new.len() / 2..] =>
                {
                    continue;
                }
                Change::Bytes { by, .. } | Change::Bare { by, .. } => match by {
                    Actor::Module => Events::MODULE,
                    Actor::Host => Events::HOST,
                    Actor::Guest => Events::GUEST,
                },
            });
        }
        let says = cause.steps.iter().any(|step| matches!(step.kind, StepKind::Say { .. }));
        if says { events.and(Events::SAID) } else { events }
    }

    fn and(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }

    /// Whether any of these events happened.
    pub fn has(self, other: Events) -> bool {
        self.0 & other.0 != 0
    }
}

/// Maximum number of items for causes forgotten before they were examined: more than any screen has columns. A file
/// may claim any number of such causes.
const FORGOTTEN: usize = 1 << 16;

/// The events of all causes of a run, including forgotten ones.
///
/// Events are combined over one cause, two, four and so on. So any number of causes can be drawn in the available
/// cells, at a cost that depends only on the cells.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// Each level combines twice as many causes per item as the one before.
    levels: Vec<Level>,
}

/// The events of groups of causes of one size.
#[derive(Clone, Debug, Default)]
struct Level {
    /// Number of items left out at the start, all unknown.
    skipped: usize,
    events: Vec<Events>,
}

impl Level {
    fn len(&self) -> usize {
        self.skipped + self.events.len()
    }

    /// Creates a level with this many items, all unknown.
    fn unknown(len: usize) -> Level {
        // One is kept: later causes may be combined with it.
        let skipped = if len > FORGOTTEN { len - 1 } else { 0 };
        Level { skipped, events: vec![Events::UNKNOWN; len - skipped] }
    }
}

impl Timeline {
    /// Adds the causes of a run that are new.
    pub fn follow(&mut self, run: &Run) {
        if self.is_empty() {
            *self = Timeline::since(run.oldest());
        }
        for number in self.len()..run.len() - usize::from(run.is_unfinished()) {
            self.push(run.cause(number).map_or(Events::UNKNOWN, |cause| Events::of(cause)));
        }
    }

    /// A timeline whose causes before `oldest` were forgotten before they were examined.
    fn since(oldest: usize) -> Timeline {
        let mut levels = Vec::new();
        let mut len = oldest;
        while len > 0 {
            levels.push(Level::unknown(len));
            len = if len > 1 { len.div_ceil(2) } else { 0 };
        }
        Timeline { levels }
    }

    /// The number of causes.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, Level::len)
    }

    /// Whether nothing has happened yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events of the cause with this number.
    pub fn at(&self, number: usize) -> Events {
        let Some(first) = self.levels.first() else { return Events::default() };
        let place = number.checked_sub(first.skipped);
        place.map_or(Events::UNKNOWN, |place| first.events.get(place).copied().unwrap_or_default())
    }

    /// The run in at most `most` cells: how many causes each cell combines, a power of two, and their events.
    pub fn cells(&self, most: usize) -> (usize, &[Events]) {
        let level = self.levels.iter().position(|level| level.skipped == 0 && level.len() <= most.max(1));
        level.map_or((1, &[]), |level| (1 << level, &self.levels[level].events))
    }

    fn push(&mut self, events: Events) {
        let number = self.len();
        for (level, list) in self.levels.iter_mut().enumerate() {
            match list.events.get_mut((number >> level) - list.skipped) {
                Some(cell) => *cell = cell.and(events),
                None => list.events.push(events),
            }
        }
        // The last level must have a single item.
        if self.levels.last().is_none_or(|level| level.len() > 1) {
            let last = self.levels.last().into_iter().flat_map(|level| &level.events);
            let all = last.fold(events, |all, &events| all.and(events));
            self.levels.push(Level { skipped: 0, events: vec![all] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_causes_fits_and_none_is_lost() {
        for count in [0, 1, 2, 3, 8, 77, 100_000] {
            let mut timeline = Timeline::default();
            let events = |number: usize| if number == count / 3 { Events::FAILED } else { Events::GUEST };
            (0..count).for_each(|number| timeline.push(events(number)));
            assert_eq!(timeline.len(), count);
            for most in [1, 2, 10, 70, 200_000] {
                let (size, cells) = timeline.cells(most);
                assert!(cells.len() <= most && cells.len() == count.div_ceil(size), "{count} in {most}");
                assert!(size == 1 || count.div_ceil(size / 2) > most, "no coarser than need be: {count} in {most}");
                for (place, cell) in cells.iter().enumerate() {
                    let mut stretch = place * size..count.min((place + 1) * size);
                    assert_eq!(cell.has(Events::FAILED), stretch.contains(&(count / 3)));
                    assert_eq!(cell.has(Events::GUEST), stretch.any(|number| number != count / 3));
                }
            }
        }
    }

    #[test]
    fn any_number_of_causes_may_have_been_forgotten() {
        for oldest in [1, 2, 3, 77, FORGOTTEN, FORGOTTEN + 1, 3 * FORGOTTEN + 5, (1 << 40) - 1, 1 << 40] {
            let mut timeline = Timeline::since(oldest);
            assert_eq!(timeline.len(), oldest);
            (0..5).for_each(|_| timeline.push(Events::GUEST));
            assert_eq!(timeline.len(), oldest + 5);
            assert_eq!([0, oldest - 1, oldest].map(|at| timeline.at(at).has(Events::UNKNOWN)), [true, true, false]);
            for most in [1, 2, 10, 70, 300] {
                let (size, cells) = timeline.cells(most);
                assert!(cells.len() <= most && cells.len() == (oldest + 5).div_ceil(size), "{oldest} in {most}");
                assert!(size == 1 || (oldest + 5).div_ceil(size / 2) > most, "no coarser than need be");
                for (place, cell) in cells.iter().enumerate() {
                    assert_eq!(cell.has(Events::UNKNOWN), place * size < oldest, "{place} of {oldest} in {most}");
                    assert_eq!(cell.has(Events::GUEST), (place + 1) * size > oldest, "{place} of {oldest} in {most}");
                }
            }
        }
    }
}
