//! Named ranges of memory: the user's marks, the exchange's input and output, blocks from the guest's allocator, and
//! the module's data and symbols. Each says how it is known.

use std::sync::Arc;

use super::blocks::blocks;
use super::region::{Region, RegionKind, region};
use super::structs::fields;
use super::{Selection, module_regions, visible};
use crate::abi::{Roles, ValueSource, recipe};
use crate::check::is_poison;
use crate::guest::Interface;
use crate::record::{Cause, Run, Step, StepKind};
use crate::session::Session;

/// All regions of one memory at one moment. Module data, of which there may be very much, is sorted once.
#[derive(Clone, Debug, Default)]
pub struct Regions {
    /// The members of structs, which are not listed.
    fields: Vec<Region>,
    /// All but those and the module's data, most specific first.
    few: Vec<Region>,
    /// The module's data segments, sorted by address.
    data: Arc<[Region]>,
    guest: Option<(Arc<Interface>, Arc<Roles>)>,
    memory: usize,
}

impl Regions {
    /// The regions of the session's memory at the selected moment. What depends only on the guest is reused from
    /// `before`, the regions of another moment.
    pub fn new(session: &Session, at: Option<&Selection>, before: &Regions) -> Regions {
        let (run, memory) = (session.run(), session.memory());
        let marks = session.bookmarks().iter().filter(|mark| mark.memory == memory);
        let mut few: Vec<_> = marks
            .map(|mark| region(&mark.name, (mark.start, mark.end), RegionKind::Mark, "your mark".to_owned()))
            .collect();
        let (placed, fields) = of_structs(session, memory);
        few.extend(placed);
        let Some(about) = session.about() else { return Regions { fields, few, ..Regions::default() } };
        let same = before.guest.as_ref().filter(|(interface, _)| Arc::ptr_eq(interface, &about.interface));
        let same = same.filter(|_| before.memory == memory);
        let (data, guest) = match same {
            Some(guest) => (before.data.clone(), guest.clone()),
            None => {
                let roles = recipe::parse(&about.recipe).map_or_else(|_| Roles::default(), |recipe| Roles::of(&recipe));
                (module_regions::data(&about.interface, memory), (about.interface.clone(), Arc::new(roles)))
            }
        };
        if let Some(at) = at {
            let cause = run.cause(at.cause).map(AsRef::as_ref);
            few.extend(cause.into_iter().flat_map(|cause| line_and_answer(cause, at.cause, memory)));
            few.extend(blocks(run, at, &guest.1));
            few.extend(buffer(run, at, session, &guest.1));
            let len = at.after.get(memory).map_or(0, |image| image.len());
            few.extend(module_regions::layout(&about.interface, &data, len));
        }
        let data = if data.is_empty() { module_regions::changed(run, memory) } else { data };
        Regions { fields, few, data, guest: Some(guest), memory }
    }

    /// The roles of the exports that the guest's recipe calls.
    pub(super) fn roles(&self) -> Option<&Roles> {
        self.guest.as_ref().map(|(_, roles)| &**roles)
    }

    /// Size of the guest's buffer for lines in bytes, if known.
    pub(super) fn room(&self) -> Option<u64> {
        self.few.iter().find(|region| region.kind == RegionKind::Buffer).map(Region::len)
    }

    /// Regions with these names, starts and ends.
    #[cfg(test)]
    pub(super) fn of(ranges: &[(&str, u64, u64)]) -> Regions {
        let few = ranges.iter().map(|&(name, start, end)| region(name, (start, end), RegionKind::Mark, String::new()));
        Regions { few: few.collect(), ..Regions::default() }
    }

    /// All regions but members of structs, most specific first.
    pub fn iter(&self) -> impl Iterator<Item = &Region> {
        self.few.iter().chain(self.data.iter())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.few.len() + self.data.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The region with this index in [`Regions::iter`].
    pub fn get(&self, place: usize) -> Option<&Region> {
        self.few.get(place).or_else(|| self.data.get(place.checked_sub(self.few.len())?))
    }

    /// The index in [`Regions::iter`] of the most specific region that contains an address.
    pub fn place_of(&self, addr: u64) -> Option<usize> {
        let region = self.at(addr).find(|region| region.kind != RegionKind::Field)?;
        let few = self.few.iter().position(|other| std::ptr::eq(other, region));
        few.or_else(|| Some(self.few.len() + self.data.iter().position(|other| std::ptr::eq(other, region))?))
    }

    /// The region with this name.
    pub fn named(&self, name: &str) -> Option<&Region> {
        self.iter().chain(&self.fields).find(|region| region.name == name)
    }

    /// The regions that contain an address, most specific first.
    pub fn at(&self, addr: u64) -> impl Iterator<Item = &Region> {
        let behind = self.data.partition_point(|region| region.start <= addr);
        // Segments seldom overlap, and never many.
        let data = self.data[behind.saturating_sub(OVERLAP)..behind].iter().rev();
        self.fields.iter().chain(&self.few).chain(data).filter(move |region| region.contains(addr))
    }

    /// The regions that begin in the `len` bytes at `addr`.
    pub fn beginning_in(&self, addr: u64, len: u64) -> impl Iterator<Item = &Region> {
        let first = self.data.partition_point(|region| region.start < addr);
        let end = addr.saturating_add(len);
        let data = self.data[first..].iter().take_while(move |region| region.start < end);
        self.few.iter().filter(move |region| (addr..end).contains(&region.start)).chain(data)
    }

    /// The regions whose last byte is one of the `len` bytes at `addr`.
    pub fn ending_in(&self, addr: u64, len: u64) -> impl Iterator<Item = &Region> {
        let end = addr.saturating_add(len);
        let begun = self.data.partition_point(|region| region.start < end);
        let first = self.data.partition_point(|region| region.start < addr);
        let data = &self.data[first.saturating_sub(OVERLAP)..begun];
        let inside = move |region: &&Region| !region.is_empty() && region.end > addr && region.end <= end;
        self.few.iter().chain(data).filter(inside)
    }

    /// The members of structs in a range: `Header.len`, or the first and the last of several.
    pub fn in_range(&self, start: u64, end: u64) -> Option<String> {
        let mut inside = self.fields.iter().filter(|field| field.start < end && start < field.end);
        let first = inside.next()?;
        let Some(last) = inside.next_back() else { return Some(first.name.clone()) };
        // What the names have in common is said once.
        let same = first.name.bytes().zip(last.name.bytes()).take_while(|(one, other)| one == other).count();
        let common = first.name.get(..same).and_then(|common| common.rfind('.')).map_or(0, |dot| dot + 1);
        Some(format!("{} .. {}", first.name, &last.name[common..]))
    }

    /// An address relative to each of its regions: `output+0x5`, `heap+0x415`.
    pub fn names_at(&self, addr: u64) -> impl Iterator<Item = String> {
        self.at(addr).map(move |region| match addr - region.start {
            0 => region.name.clone(),
            distance => format!("{}+{distance:#x}", region.name),
        })
    }

    /// The same as one string; empty if there are none.
    pub fn describe(&self, addr: u64) -> String {
        self.names_at(addr).collect::<Vec<_>>().join(", ")
    }
}

/// The structs laid over a memory, and their members.
fn of_structs(session: &Session, memory: usize) -> (Vec<Region>, Vec<Region>) {
    let placed = session.structs().placed().iter().rev().filter(|placed| placed.memory == memory);
    let why = "laid over memory by :struct";
    let whole = placed.clone().filter(|placed| placed.ty.size > 0).map(|placed| {
        let range = (placed.addr, placed.addr.saturating_add(placed.ty.size));
        region(&visible(placed.ty.name.as_bytes()), range, RegionKind::Struct, why.to_owned())
    });
    let field = |(name, range): (String, std::ops::Range<u64>)| {
        region(&name, (range.start, range.end), RegionKind::Field, why.to_owned())
    };
    (whole.collect(), placed.flat_map(fields).map(field).collect())
}

/// How many data segments before an address are checked for one that contains it.
const OVERLAP: usize = 4;

/// The input and output of an exchange.
fn line_and_answer(cause: &Cause, number: usize, memory: usize) -> Vec<Region> {
    let told = |what: &str| format!("{what} in exchange {number}");
    let input = input_of(cause, memory).map(|range| region("input", range, RegionKind::Input, told("written")));
    let output = output_of(cause, memory).map(|range| region("output", range, RegionKind::Output, told("read")));
    input.into_iter().chain(output).collect()
}

/// Where the host read the answer: in a step of its own, or during an import call. In the latter case it is the read
/// with as many bytes as the answer, not counting a line ending.
fn output_of(cause: &Cause, memory: usize) -> Option<(u64, u64)> {
    let read = |(place, step): (usize, &Step)| match step.kind {
        StepKind::Read { memory: of, addr, len, .. } if of == memory && !cause.has_failed_at(place) => {
            Some((addr, addr.saturating_add(len)))
        }
        _ => None,
    };
    let answer = cause.outcome.as_ref().map_or(0, |answer| answer.len() as u64);
    let latest = || cause.steps.iter().enumerate().rev();
    let own = latest().filter(|(_, step)| step.depth == 0).find_map(read);
    let handed = || latest().filter_map(read).find(|(start, end)| (answer..=answer + 1).contains(&(end - start)));
    own.or_else(handed).or_else(|| latest().find_map(read))
}

/// Where the host wrote the line.
pub(super) fn input_of(cause: &Cause, memory: usize) -> Option<(u64, u64)> {
    let written = |(place, step): (usize, &Step)| match step.kind {
        StepKind::Write { memory: of, addr, len, .. } if of == memory && !is_poison(cause, place) => {
            Some((addr, addr.saturating_add(len)))
        }
        _ => None,
    };
    let before = cause.focus.unwrap_or(cause.steps.len());
    // Of several writes the longest is the line; the others are its address or length.
    let early = cause.steps.iter().enumerate().take(before).filter_map(written);
    early.max_by_key(|(start, end)| end - start).or_else(|| cause.steps.iter().enumerate().find_map(written))
}

/// The guest's buffer for lines, if the recipe asks for its address and size.
fn buffer(run: &Run, at: &Selection, session: &Session, roles: &Roles) -> Option<Region> {
    let value = |origin: &ValueSource| match origin {
        ValueSource::Number(number) => Some((*number, number.to_string())),
        ValueSource::Global(name) => {
            let global = session.globals().iter().find(|global| &global.name == name)?;
            Some((global.value.unsigned()?, format!("the global {name}")))
        }
        ValueSource::Getter(export) => Some((last_result(run, at, export)?, format!("{export}()"))),
        ValueSource::Allocator(..) | ValueSource::Computed => None,
    };
    let (start, told) = value(roles.line.as_ref()?)?;
    let (room, told_room) = value(roles.room.as_ref()?)?;
    let why = format!("address from {told}, size from {told_room}");
    Some(region("buffer", (start, start.saturating_add(room)), RegionKind::Buffer, why))
}

/// How many steps are searched for the last result of an export.
const MOST_STEPS: usize = 10_000;

/// The last result of an export without arguments, up to the selected moment.
fn last_result(run: &Run, at: &Selection, name: &str) -> Option<u64> {
    let returned = |step: &Step| match &step.kind {
        StepKind::Call { export, results: Some(results), .. } if **export == *name => results.first()?.unsigned(),
        _ => None,
    };
    let recent = at.steps_back(run).take(MOST_STEPS).find_map(|(_, step)| returned(step));
    recent.or_else(|| run.cause(0)?.steps.iter().rev().find_map(returned))
}
