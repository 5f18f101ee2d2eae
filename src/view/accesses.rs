//! The accesses of a step, grouped by function and source line. A loop is one group. As there may be very many accesses,
//! they are grouped in slices.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use super::{counted, thousands, visible};
use crate::check::is_poison;
use crate::debug::{DebugInfo, SourceFrame};
use crate::record::{Actor, Cause, Found, MemoryAccess, Run, Site, SiteKind, StepKind, Touch};

/// Maximum number of groups. The accesses after them are one more group.
const MOST_GROUPS: usize = 1 << 16;
/// Maximum number of source lines in one group.
const MOST_SPOTS: usize = 8;
/// How many accesses are grouped between two checks of the time.
const BREATH: u64 = 1 << 14;
/// Maximum number of bytes shown of a value.
const BYTES: usize = 8;

/// A function and a line of its source, as far as known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Spot {
    function: String,
    file: Option<Arc<str>>,
    line: Option<u32>,
}

/// What a group consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupKind {
    /// Accesses by the same few lines.
    Spots,
    /// Accesses that were not kept.
    Dropped,
    /// All later accesses: there are too many groups.
    Rest,
}

/// Accesses with consecutive numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessGroup {
    /// Their numbers.
    pub accesses: Range<u64>,
    /// What they have in common.
    pub kind: GroupKind,
    /// How many there are: both records of a vector store are one.
    count: u64,
    spots: Vec<u32>,
}

/// What one function wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionWrites {
    /// The function.
    pub function: String,
    /// How many stores it executed.
    pub stores: u64,
    /// How many bytes they wrote, each time counted.
    pub bytes: u64,
    /// The memory of the first store and the addresses between which all stores to it were.
    pub memory: usize,
    /// The same.
    pub range: Range<u64>,
}

/// The accesses of a step in groups, as far as they were grouped.
#[derive(Debug)]
pub struct Accesses {
    node: Arc<Cause>,
    debug: Option<Arc<DebugInfo>>,
    /// The number of the next access to group, and of the end of the step.
    next: u64,
    end: u64,
    groups: Vec<AccessGroup>,
    spots: Vec<Spot>,
    numbers: HashMap<Spot, u32>,
    /// The spot of each site, once looked up.
    of_site: Vec<Option<u32>>,
    /// The steps during this one in whose course accesses were made, and where those begin: groups end there.
    inner: Vec<(u64, usize)>,
    writes: Vec<FunctionWrites>,
    functions: HashMap<String, usize>,
}

impl Accesses {
    /// The accesses of a step or of the whole cause, none of them grouped yet. `None` if there are none.
    pub fn new(node: &Arc<Cause>, step: Option<usize>, debug: Option<Arc<DebugInfo>>) -> Option<Accesses> {
        let whole = || 0..node.accesses.len();
        let Range { start, end } = step.map_or_else(whole, |step| node.steps[step].accesses.clone());
        let first = step.map_or(0, |step| step + 1);
        let during = node.steps.iter().enumerate().skip(first).take_while(|(_, other)| other.accesses.start < end);
        let inner = during.map(|(place, other)| (other.accesses.start, place)).collect();
        (start < end).then(|| Accesses {
            node: node.clone(),
            debug,
            next: start,
            end,
            groups: Vec::new(),
            spots: Vec::new(),
            numbers: HashMap::new(),
            of_site: vec![None; node.accesses.sites().len()],
            inner,
            writes: Vec::new(),
            functions: HashMap::new(),
        })
    }

    /// The groups so far.
    pub fn groups(&self) -> &[AccessGroup] {
        &self.groups
    }

    /// What each function wrote so far, in the order of their first stores. Dropped stores are not counted.
    pub fn writes(&self) -> &[FunctionWrites] {
        &self.writes
    }

    /// Whether all accesses were grouped.
    pub fn is_done(&self) -> bool {
        self.next >= self.end
    }

    /// The index of the group of an access, if it was grouped.
    pub fn group_of(&self, number: u64) -> Option<usize> {
        let place = self.groups.partition_point(|group| group.accesses.end <= number);
        (self.groups.get(place)?.accesses.contains(&number)).then_some(place)
    }

    /// Groups more accesses, until the deadline.
    pub fn go_on(&mut self, until: Instant) {
        let node = self.node.clone();
        let dropped = node.accesses.dropped();
        while self.next < self.end {
            if dropped.contains(&self.next) {
                let end = dropped.end.min(self.end);
                let (accesses, count) = (self.next..end, end - self.next);
                self.groups.push(AccessGroup { accesses, kind: GroupKind::Dropped, count, spots: Vec::new() });
                self.next = end;
                continue;
            }
            let mut piece = self.next..self.end.min(self.next + BREATH);
            if dropped.start > self.next && !dropped.is_empty() {
                piece.end = piece.end.min(dropped.start);
            }
            for (site, access) in node.accesses.kept(piece.clone()) {
                self.add(site, &access);
            }
            self.next = piece.end;
            if Instant::now() >= until {
                return;
            }
        }
    }

    fn add(&mut self, site: usize, access: &MemoryAccess<'_>) {
        let spot = self.spot(site, access.site);
        self.count(spot, access);
        let number = access.number;
        let begins = self.inner.binary_search_by_key(&number, |&(start, _)| start).is_ok();
        if let Some(last) = self.groups.last_mut().filter(|last| last.kind != GroupKind::Dropped && !begins) {
            if last.kind == GroupKind::Rest || last.spots.contains(&spot) {
                last.accesses.end = number + 1;
                last.count += u64::from(!access.site.joined);
                return;
            }
            if self.fold_loop(spot, access) {
                return;
            }
        }
        let full = self.groups.len() >= MOST_GROUPS;
        let kind = if full { GroupKind::Rest } else { GroupKind::Spots };
        let accesses = number..number + 1;
        self.groups.push(AccessGroup { accesses, kind, count: 1, spots: vec![spot] });
    }

    /// If a line recurs that one of the last groups begins with, it is a loop: joins these groups.
    fn fold_loop(&mut self, spot: u32, access: &MemoryAccess<'_>) -> bool {
        let mut spots: Vec<u32> = Vec::new();
        let mut count = u64::from(!access.site.joined);
        for place in (0..self.groups.len()).rev() {
            let group = &self.groups[place];
            let begins_inner = self.inner.binary_search_by_key(&group.accesses.start, |&(start, _)| start).is_ok();
            if group.kind != GroupKind::Spots {
                return false;
            }
            let new: Vec<_> = group.spots.iter().copied().filter(|spot| !spots.contains(spot)).collect();
            spots.splice(0..0, new);
            count += group.count;
            if spots.len() > MOST_SPOTS {
                return false;
            }
            if group.spots.contains(&spot) {
                let accesses = group.accesses.start..access.number + 1;
                self.groups.truncate(place);
                self.groups.push(AccessGroup { accesses, kind: GroupKind::Spots, count, spots });
                return true;
            }
            if begins_inner {
                return false;
            }
        }
        false
    }

    fn count(&mut self, spot: u32, access: &MemoryAccess<'_>) {
        if !access.site.kind.writes() {
            return;
        }
        let function = &self.spots[spot as usize].function;
        let memory = access.site.memory as usize;
        let place = self.functions.get(function).copied().unwrap_or_else(|| {
            self.functions.insert(function.clone(), self.writes.len());
            let range = access.addr..access.addr;
            self.writes.push(FunctionWrites { function: function.clone(), stores: 0, bytes: 0, memory, range });
            self.writes.len() - 1
        });
        let sum = &mut self.writes[place];
        // The second record of a vector store is of the same store.
        sum.stores += u64::from(!access.site.joined);
        sum.bytes += access.len;
        if memory == sum.memory {
            sum.range = sum.range.start.min(access.addr)..sum.range.end.max(access.addr + access.len);
        }
    }

    fn spot(&mut self, place: usize, site: &Site) -> u32 {
        if let Some(spot) = self.of_site.get(place).copied().flatten() {
            return spot;
        }
        let frame = frame(self.debug.as_deref(), site);
        let spot = Spot { function: function(&frame, site), file: frame.file, line: frame.line };
        let next = u32::try_from(self.spots.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(spot.clone()).or_insert(next);
        if number == next {
            self.spots.push(spot);
        }
        if let Some(known) = self.of_site.get_mut(place) {
            *known = Some(number);
        }
        number
    }

    /// A group as text: `12 stores  append_suffix lib.rs:12 :14`.
    pub fn group_text(&self, place: usize) -> String {
        let Some(group) = self.groups.get(place) else { return String::new() };
        let count = group.count;
        match group.kind {
            GroupKind::Dropped => return format!("{} not kept", self.counted(count)),
            GroupKind::Rest => return format!("{} not grouped", self.counted(count)),
            GroupKind::Spots => (),
        }
        let mut text = self.counted(count);
        let (mut function, mut file) = ("", None);
        for &spot in &group.spots {
            let spot = &self.spots[spot as usize];
            let is_new = function != spot.function || file != spot.file.as_deref();
            if is_new {
                (function, file) = (&spot.function, spot.file.as_deref());
                text += &format!("  {}", visible(function.as_bytes()));
                text += &file.map_or_else(String::new, |file| format!(" {}", file_name(file)));
            }
            let separator = if is_new { "" } else { " " };
            text += &spot.line.map_or_else(String::new, |line| format!("{separator}:{line}"));
        }
        text
    }

    /// `3 stores`, or accesses if reads are recorded too.
    fn counted(&self, count: u64) -> String {
        match (self.node.traced.loads, count) {
            (true, 1) => "1 access".to_owned(),
            (true, _) => format!("{} accesses", thousands(count)),
            (false, _) => counted(count, "store"),
        }
    }

    /// The steps during this one, each with the number of the first access after it began.
    pub fn inner_steps(&self) -> &[(u64, usize)] {
        &self.inner
    }
}

/// The innermost source frame of an instruction.
fn frame(debug: Option<&DebugInfo>, site: &Site) -> SourceFrame {
    let place = debug.and_then(|debug| debug.place(site.offset as usize));
    place.and_then(|place| place.frames.into_iter().next()).unwrap_or_default()
}

fn function(frame: &SourceFrame, site: &Site) -> String {
    frame.function.clone().unwrap_or_else(|| format!("function {}", site.func))
}

/// The last component of a path.
fn file_name(path: &str) -> String {
    visible(path.rsplit(['/', '\\']).next().unwrap_or(path).as_bytes())
}

/// An access in parts: what it did, and where in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessLine {
    /// Its number in the cause, from 1.
    pub number: String,
    /// `store 0x41c  20 -> 57`.
    pub what: String,
    /// `append_suffix lib.rs:12`.
    pub place: String,
}

/// Describes an access; both records of a vector store are one.
pub fn access_line(cause: &Cause, number: u64, debug: Option<&DebugInfo>) -> Option<AccessLine> {
    let log = &cause.accesses;
    let whole = log.whole(number);
    let access = log.get(whole.start)?;
    let second = log.get(whole.end - 1).filter(|second| second.number > access.number);
    let join = |one: Option<&[u8]>, two: fn(&MemoryAccess<'_>) -> Option<Vec<u8>>| {
        let mut bytes = one?.to_vec();
        bytes.extend(second.as_ref().and_then(two).unwrap_or_default());
        Some(bytes)
    };
    let old = join(access.old(), |second| second.old().map(<[u8]>::to_vec));
    let new = join(access.new_bytes(), |second| second.new_bytes().map(<[u8]>::to_vec));
    let memory = if access.site.memory == 0 { String::new() } else { format!("{}:", access.site.memory) };
    let len = access.len + second.map_or(0, |second| second.len);
    let at = format!("{memory}{:#x}", access.addr);
    let what = match (access.site.kind, access.growth()) {
        (_, Some((from, to))) => format!("grow {memory}{from} -> {}", counted(to, "page")),
        (SiteKind::Load | SiteKind::Compare, _) => {
            format!("{} {at}  {}", access.site.kind.word(), hex(new.as_deref(), len))
        }
        (kind, _) => {
            format!("{} {at}  {} -> {}", kind.word(), hex(old.as_deref(), len), hex(new.as_deref(), len))
        }
    };
    let frame = frame(debug, access.site);
    let line = frame.file.as_deref().zip(frame.line).map(|(file, line)| format!(" {}:{line}", file_name(file)));
    let place = visible(function(&frame, access.site).as_bytes()) + &line.unwrap_or_default();
    Some(AccessLine { number: thousands(access.number + 1), what, place })
}

/// Describes a touch of a byte or a range, for a list of its writers.
pub fn touch_line(run: &Run, found: Found, debug: Option<&DebugInfo>) -> Option<AccessLine> {
    let cause = run.cause(found.cause)?;
    let change = match found.touch {
        Touch::Access(number) => return access_line(cause, number, debug),
        Touch::Change(change) => change,
    };
    let step = cause.steps.iter().rposition(|step| step.changes.contains(&change));
    let by = match run.actor(found)? {
        Actor::Host if step.is_some_and(|step| is_poison(cause, step)) => "the host (--poison)",
        Actor::Host => "the host",
        Actor::Guest => "the guest",
        Actor::Module => "the module",
    };
    let name = match step.map(|step| &cause.steps[step].kind) {
        Some(StepKind::Call { export: name, .. } | StepKind::Import { import: name, .. }) => {
            format!(" in {}", visible(name.as_bytes()))
        }
        _ => String::new(),
    };
    let what = match &cause.changes[change] {
        crate::record::Change::Bytes { memory, addr, old_then_new, .. } => {
            let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
            let memory = if *memory == 0 { String::new() } else { format!("{memory}:") };
            let len = old.len() as u64;
            format!("write {memory}{addr:#x}  {} -> {}", hex(Some(old), len), hex(Some(new), len))
        }
        crate::record::Change::Bare { memory, addr, len, .. } => {
            let memory = if *memory == 0 { String::new() } else { format!("{memory}:") };
            format!("write {memory}{addr:#x}  {}", hex(None, *len))
        }
        crate::record::Change::Growth { from, to, .. } => format!("grow {from} -> {}", counted(*to, "page")),
    };
    let step = step.map_or(String::new(), |step| format!(", step {}", step + 1));
    Some(AccessLine { number: String::new(), what, place: format!("{by}{name}{step}") })
}

/// Bytes in hexadecimal; `?` if they were not kept.
fn hex(bytes: Option<&[u8]>, len: u64) -> String {
    let Some(bytes) = bytes else { return format!("? ({} B)", thousands(len)) };
    // Of a long value the beginning is enough to leave space for the other one.
    let is_long = bytes.len() > BYTES;
    let shown = bytes.iter().take(if is_long { BYTES / 2 } else { BYTES });
    let shown: Vec<_> = shown.map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ") + if is_long { ".." } else { "" }
}
