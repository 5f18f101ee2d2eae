//! The guest reads bytes of the line that were overwritten before anything had read them.

use std::collections::HashMap;
use std::ops::Range;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{MemoryAccess, SiteKind, Step, StepKind, Target, plain};

pub(super) const KIND: Kind = Kind {
    name: "overwritten-line",
    about: "The guest read bytes of the line that it had overwritten before anything read them.",
    why: "It worked on other bytes than the host had written: the output grows over the rest of the line, or a call in \
          between uses the line's buffer.",
    observer: || Box::new(OverwrittenLine::default()),
};

/// Maximum number of accesses to the line that are followed in a call.
const MOST: usize = 1 << 16;
/// Lines longer than this are not followed.
const LONGEST: u64 = 1 << 16;

/// Follows the line from where the host wrote it.
#[derive(Default)]
struct OverwrittenLine {
    line: Option<Line>,
}

/// The line in memory.
struct Line {
    range: Range<u64>,
    /// The number of accesses that were made before it was written.
    since: u64,
    fates: Vec<Fate>,
    /// For each instruction, the part of the line that it read last, as the host had written it.
    last: HashMap<usize, Range<u64>>,
}

/// What became of a byte of the line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Unread,
    Read,
    /// It was read, and then overwritten.
    Replaced,
    /// It was overwritten before it was read, in the step with this index.
    Lost(Option<usize>),
}

impl Observer for OverwrittenLine {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            // Loads are recorded with --trace loads only.
            Event::Leave(step) if world.cause.traced.loads && world.log().dropped().is_empty() => match &step.kind {
                StepKind::Write { .. } => self.written(step, world),
                StepKind::Call { export, .. } if step.depth == 0 => return self.follow(step, export, world),
                _ => (),
            },
            Event::Fresh | Event::End => self.line = None,
            _ => (),
        }
        None
    }
}

impl OverwrittenLine {
    /// The host wrote: the line, or perhaps over it.
    fn written(&mut self, step: &Step, world: &World<'_>) {
        let Some(range) = world.write(step) else { return };
        let len = range.end - range.start;
        let is_line = (2..=LONGEST).contains(&len) && world.line().is_some_and(|line| line == world.bytes(&range));
        if is_line {
            let fates = vec![Fate::Unread; usize::try_from(len).unwrap_or(0)];
            self.line = Some(Line { range, since: step.accesses.end, fates, last: HashMap::new() });
        } else if self.line.as_ref().is_some_and(|line| line.part(&range).is_some()) {
            self.line = None;
        }
    }

    /// Follows what a call did to the line.
    fn follow(&mut self, step: &Step, export: &str, world: &World<'_>) -> Option<Evidence> {
        let line = self.line.as_mut()?;
        let target = Target { memory: world.facts.memory, range: line.range.clone(), reads: true };
        let among = step.accesses.start.max(line.since)..step.accesses.end;
        let text = world.line().unwrap_or_default();
        let mut accesses = world.log().touching(among, &target).take(MOST).filter_map(|number| world.log().get(number));
        let (lost, by) = accesses.find_map(|access| {
            let found = line.read(&access, world);
            line.overwritten(&access, text, world);
            found
        })?;
        let (export, place) = (plain(export), lost.start - line.range.start);
        let at = format!("byte {place} of the line ({:#x})", lost.start);
        let other = by.filter(|by| Some(*by) != world.step).and_then(|by| match &world.cause.steps.get(by)?.kind {
            StepKind::Call { export, .. } => Some(plain(export)),
            _ => None,
        });
        Evidence::new(
            lost,
            match other {
                Some(other) => format!("{export} read {at}, which {other} had overwritten before anything read it"),
                None => format!("{export} overwrote {at} before it had read it, and then read it"),
            },
        )
    }
}

impl Line {
    /// The part of a range that is in the line.
    fn part(&self, range: &Range<u64>) -> Option<Range<u64>> {
        let part = range.start.max(self.range.start)..range.end.min(self.range.end);
        (part.start < part.end).then_some(part)
    }

    fn fates(&mut self, part: &Range<u64>) -> &mut [Fate] {
        let place = |addr: u64| usize::try_from(addr - self.range.start).unwrap_or(usize::MAX);
        let (start, end) = (place(part.start), place(part.end));
        &mut self.fates[start..end]
    }

    /// Notes what an access reads. Returns the bytes that were lost before, and in which step, if the access is to read
    /// the line: an instruction goes on from the part that it read before, or the bytes were lost in an earlier step.
    fn read(&mut self, access: &MemoryAccess<'_>, world: &World<'_>) -> Option<(Range<u64>, Option<usize>)> {
        let start = match access.site.kind {
            SiteKind::Load | SiteKind::Compare | SiteKind::Exchange => access.addr,
            SiteKind::Copy if access.site.source as usize == world.facts.memory => access.source?,
            _ => return None,
        };
        let part = self.part(&(start..start.saturating_add(access.len)))?;
        let is_original = |fate: &Fate| matches!(fate, Fate::Unread | Fate::Read);
        let lost = self.fates(&part).iter().position(|fate| matches!(fate, Fate::Lost(_)));
        let Some(lost) = lost else {
            if self.fates(&part).iter().all(is_original) {
                self.fates(&part).fill(Fate::Read);
                self.last.insert(access.site_number, part);
            }
            return None;
        };
        let step = match self.fates(&part)[lost] {
            Fate::Lost(step) => step,
            _ => None,
        };
        let before = self.last.get(&access.site_number);
        let goes_on = before.is_some_and(|before| before.end == part.start || before.start == part.end);
        let first = part.start + lost as u64;
        (goes_on || step != world.step).then_some((first..first + 1, step))
    }

    /// Notes what an access overwrites.
    fn overwritten(&mut self, access: &MemoryAccess<'_>, text: &[u8], world: &World<'_>) {
        if !access.site.kind.writes() || access.site.memory as usize != world.facts.memory {
            return;
        }
        let Some(part) = self.part(&(access.addr..access.addr.saturating_add(access.len))) else { return };
        // What a bulk operation wrote would have to be worked out.
        let new = if access.site.kind.is_bulk() { None } else { access.new_bytes() };
        let (first, in_line) = (part.start - access.addr, part.start - self.range.start);
        let is_same = |place: usize| {
            let byte = |bytes: &[u8], start: u64| bytes.get(usize::try_from(start).ok()?.checked_add(place)?).copied();
            new.is_some_and(|new| byte(new, first) == byte(text, in_line))
        };
        for (place, fate) in self.fates(&part).iter_mut().enumerate() {
            if is_same(place) {
                continue;
            }
            *fate = match *fate {
                Fate::Unread => Fate::Lost(world.step),
                Fate::Read => Fate::Replaced,
                other => other,
            };
        }
    }
}
