//! Who wrote or read a range of memory: every access that is known, over all exchanges, in order.

use std::ops::Range;

use super::{range, visible};
use crate::debug::{DebugInfo, SourceFrame};
use crate::record::{Actor, Cause, Change, Evidence, Found, Position, Run, Site, SiteKind, StepKind, Target, Touch};

/// Maximum number of bytes of an access that are kept for display.
const GLANCE: u64 = 16;

/// What a list of accesses is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessQuery {
    /// Accesses that write.
    Writers,
    /// Accesses that read.
    Readers,
}

/// One access to a range, by anyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The number of the cause.
    pub cause: usize,
    /// The index of the step, if it was made during one.
    pub step: Option<usize>,
    /// How to select it on the timeline. `None` for a read by the host, which the step stands for.
    pub touch: Option<Touch>,
    /// Who made it.
    pub by: Actor,
    /// What it does, in one word: `store`, `load`, `copy`, `write`, `read`, `data`, `change`.
    pub what: &'static str,
    /// How it is known. `Evidence::Found` if it was found by comparing memory.
    pub evidence: Evidence,
    /// The addresses of the whole access.
    pub range: Range<u64>,
    /// The first address of the bytes below: the part in the queried range, its first bytes.
    pub shown: u64,
    /// These bytes before, if known.
    pub old: Option<Vec<u8>>,
    /// These bytes after, if known. For a read, the bytes read.
    pub new: Option<Vec<u8>>,
    /// The instruction, for an access of the guest that was recorded.
    pub site: Option<Site>,
}

/// The accesses to a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessList {
    /// The first of them, in order.
    pub entries: Vec<AccessEntry>,
    /// How many more there are.
    pub left_out: usize,
    /// What the list may lack, as sentences.
    pub gaps: Vec<String>,
}

impl AccessList {
    /// Lists the accesses to a range of a memory, at most `most` of them.
    pub fn new(run: &Run, query: AccessQuery, memory: usize, range: Range<u64>, most: usize) -> AccessList {
        let target = Target { memory, range, reads: query == AccessQuery::Readers };
        let mut list = AccessList { gaps: gaps(run, query), ..AccessList::default() };
        for number in run.oldest()..run.len() {
            let Some(cause) = run.cause(number) else { continue };
            for access in accesses(cause, query, &target) {
                match list.entries.len() < most {
                    true => list.entries.extend(entry(cause, number, access, &target)),
                    false => list.left_out += 1,
                }
            }
        }
        list
    }
}

/// An access, before it is described.
#[derive(Clone, Copy, Debug)]
enum Access {
    Touch(Touch),
    /// The host read during the step with this index.
    HostRead(usize),
}

/// The accesses of one cause to a target, in order.
fn accesses<'a>(cause: &'a Cause, query: AccessQuery, target: &'a Target) -> Box<dyn Iterator<Item = Access> + 'a> {
    let touches = cause.touches(target);
    if query == AccessQuery::Writers {
        return Box::new(touches.map(Access::Touch));
    }
    let is_read = move |touch: &Touch| match touch {
        Touch::Access(number) => cause.accesses.get(*number).is_some_and(|access| reads(&access, target)),
        Touch::Change(_) => false,
    };
    let mut touches = touches.filter(is_read).peekable();
    let mut steps = cause.steps.iter().enumerate().filter(move |(_, step)| match step.kind {
        StepKind::Read { memory, addr, len, .. } => {
            memory == target.memory && overlap(&(addr..addr.saturating_add(len)), &target.range).is_some()
        }
        _ => false,
    });
    let mut step = steps.next();
    Box::new(std::iter::from_fn(move || match (touches.peek(), &step) {
        (Some(Touch::Access(number)), Some((_, read))) if *number < read.accesses.start => {
            touches.next().map(Access::Touch)
        }
        (_, Some((place, _))) => {
            let place = *place;
            step = steps.next();
            Some(Access::HostRead(place))
        }
        (_, None) => touches.next().map(Access::Touch),
    }))
}

/// Whether an access that touches a target reads from it.
fn reads(access: &crate::record::MemoryAccess<'_>, target: &Target) -> bool {
    match access.site.kind {
        SiteKind::Load | SiteKind::Compare | SiteKind::Exchange => true,
        SiteKind::Copy => copied_from(access, target).is_some(),
        _ => false,
    }
}

/// The part of a target that a copy reads.
fn copied_from(access: &crate::record::MemoryAccess<'_>, target: &Target) -> Option<Range<u64>> {
    let source = access.source.filter(|_| access.site.source as usize == target.memory)?;
    overlap(&(source..source.saturating_add(access.len)), &target.range)
}

fn entry(cause: &Cause, number: usize, access: Access, target: &Target) -> Option<AccessEntry> {
    match access {
        Access::Touch(Touch::Access(access)) => recorded(cause, number, access, target),
        Access::Touch(Touch::Change(change)) => changed(cause, number, change, target),
        Access::HostRead(step) => {
            let StepKind::Read { addr, len, .. } = cause.steps[step].kind else { return None };
            let range = addr..addr.saturating_add(len);
            let shown = overlap(&range, &target.range)?.start;
            Some(AccessEntry {
                cause: number,
                step: Some(step),
                touch: None,
                by: Actor::Host,
                what: "read",
                evidence: Evidence::Written,
                range,
                shown,
                old: None,
                new: None,
                site: None,
            })
        }
    }
}

fn recorded(cause: &Cause, number: usize, access: u64, target: &Target) -> Option<AccessEntry> {
    let made = cause.accesses.get(access)?;
    let is_source = target.reads && made.site.kind == SiteKind::Copy;
    let start = if is_source { made.source? } else { made.addr };
    let range = start..start.saturating_add(made.len);
    let part = overlap(&range, &target.range)?;
    let glance = |bytes: Option<&[u8]>| glance(bytes?, start, &part);
    // A copy leaves at its destination what it read at its source.
    let (old, new) =
        if is_source { (None, glance(made.new_bytes())) } else { (glance(made.old()), glance(made.new_bytes())) };
    let is_read = matches!(made.site.kind, SiteKind::Load | SiteKind::Compare);
    Some(AccessEntry {
        cause: number,
        step: cause.step_of_access(access),
        touch: Some(Touch::Access(access)),
        by: Actor::Guest,
        what: made.site.kind.word(),
        evidence: Evidence::Written,
        range,
        shown: part.start,
        new: if is_read { old.clone() } else { new },
        old: if is_read { None } else { old },
        site: Some(*made.site),
    })
}

fn changed(cause: &Cause, number: usize, change: usize, target: &Target) -> Option<AccessEntry> {
    let Change::Bytes { addr, old_then_new, by, evidence, .. } = cause.changes.get(change)? else { return None };
    let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
    let inside = |run: &Range<u64>| overlap(run, &target.range).is_some();
    let run = cause.changes[change].runs().find(inside)?;
    let part = overlap(&run, &target.range)?;
    let what = match (by, evidence) {
        (Actor::Module, _) => "data",
        (Actor::Host, _) => "write",
        (Actor::Guest, Evidence::Written) => "stores",
        (Actor::Guest, Evidence::Found) => "change",
    };
    Some(AccessEntry {
        cause: number,
        step: cause.steps.iter().rposition(|step| step.changes.contains(&change)),
        touch: Some(Touch::Change(change)),
        by: *by,
        what,
        // The data segments of a module are known, although they were found by comparing.
        evidence: if *by == Actor::Guest { *evidence } else { Evidence::Written },
        range: run,
        shown: part.start,
        old: glance(old, *addr, &part),
        new: glance(new, *addr, &part),
        site: None,
    })
}

/// The first bytes of `part`, from bytes that begin at `start`.
fn glance(bytes: &[u8], start: u64, part: &Range<u64>) -> Option<Vec<u8>> {
    let first = usize::try_from(part.start - start).ok()?;
    let len = usize::try_from((part.end - part.start).min(GLANCE)).ok()?;
    bytes.get(first..first.checked_add(len)?).map(<[u8]>::to_vec)
}

fn overlap(one: &Range<u64>, other: &Range<u64>) -> Option<Range<u64>> {
    let both = one.start.max(other.start)..one.end.min(other.end);
    (both.start < both.end).then_some(both)
}

/// What is unknown about the accesses to a range, as sentences.
pub fn gaps(run: &Run, query: AccessQuery) -> Vec<String> {
    let mut gaps = Vec::new();
    if run.oldest() > 0 {
        gaps.push(format!("exchanges before {} were dropped to save memory", run.oldest()));
    }
    let causes = || (run.oldest()..run.len()).filter_map(|number| Some((number, run.cause(number)?)));
    let listed = |which: &dyn Fn(&Cause) -> bool| {
        let numbers: Vec<_> = causes().filter(|(_, cause)| which(cause)).map(|(number, _)| number).collect();
        (!numbers.is_empty()).then(|| exchanges(&numbers))
    };
    if let Some(which) = listed(&|cause| runs_guest(cause) && !is_traced(cause)) {
        gaps.push(format!("the guest's stores were not recorded in {which}; memory was compared"));
    }
    if let Some(which) = listed(&|cause| !cause.accesses.dropped().is_empty()) {
        gaps.push(format!("individual accesses were dropped in {which} to save memory"));
    }
    if let Some(which) = listed(&|cause| cause.steps.iter().any(|step| !step.known.after)) {
        gaps.push(format!("memory was not compared after some steps of {which}"));
    }
    if query == AccessQuery::Readers
        && let Some(which) = listed(&|cause| runs_guest(cause) && !has_loads(cause))
    {
        gaps.push(format!("the guest's loads were not recorded in {which}; `--trace loads` records them"));
    }
    gaps
}

/// `the start`, `exchange 3`, `exchanges 1 to 4` or `3 of the exchanges 1 to 7`.
fn exchanges(numbers: &[usize]) -> String {
    let name = |number: usize| if number == 0 { "the start".to_owned() } else { format!("exchange {number}") };
    match *numbers {
        [] => "no exchange".to_owned(),
        [one] => name(one),
        [0, .., last] if last + 1 == numbers.len() => format!("the start and exchanges 1 to {last}"),
        [first, .., last] if last - first + 1 == numbers.len() => format!("exchanges {first} to {last}"),
        [first, .., last] => format!("{} of exchanges {first} to {last}", numbers.len()),
    }
}

/// Whether code of the guest may have run during a cause.
pub(super) fn runs_guest(cause: &Cause) -> bool {
    let is_guest = |change: &Change| match change {
        Change::Bytes { by, .. } | Change::Growth { by, .. } => *by == Actor::Guest,
    };
    cause.steps.iter().any(|step| matches!(step.kind, StepKind::Call { .. } | StepKind::Import { .. }))
        || cause.changes.iter().any(is_guest)
}

/// Whether the guest's stores were recorded during a cause.
pub(super) fn is_traced(cause: &Cause) -> bool {
    !cause.accesses.sites().is_empty()
}

/// Whether the guest's loads were recorded during a cause.
pub(super) fn has_loads(cause: &Cause) -> bool {
    cause.accesses.sites().iter().any(|site| site.kind == SiteKind::Load)
}

/// The last writer of a byte, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastWriter {
    /// It is known.
    Known(Box<AccessEntry>),
    /// It is not known, for this reason.
    Unknown(String),
    /// Nothing wrote the byte.
    Nobody,
}

/// The last writer of a byte up to now. Memory that was compared leaves it unknown.
pub fn last_writer(run: &Run, memory: usize, addr: u64) -> LastWriter {
    let target = Target { memory, range: addr..addr.saturating_add(1), reads: false };
    let now = Position { cause: run.len(), change: 0, access: 0 };
    let found = run.previous_touch(now, &target);
    let since = found.map_or(run.oldest(), |found| found.cause);
    if let Some(reason) = hidden_writes(run, since).or_else(|| forgotten(run).filter(|_| found.is_none())) {
        return LastWriter::Unknown(reason);
    }
    let entry = found.and_then(|found| {
        let cause = run.cause(found.cause)?;
        entry(cause, found.cause, Access::Touch(found.touch), &target)
    });
    match entry {
        Some(entry) if entry.evidence == Evidence::Found => {
            LastWriter::Unknown("the change was found by comparing memory".to_owned())
        }
        Some(entry) => LastWriter::Known(Box::new(entry)),
        None => LastWriter::Nobody,
    }
}

/// Whether a range was never written but by the module's data segments: `Ok(None)` if so, else the first write.
///
/// # Errors
/// It is unknown, for this reason.
pub fn unwritten(run: &Run, memory: usize, range: Range<u64>) -> Result<Option<AccessEntry>, String> {
    let target = Target { memory, range, reads: false };
    let by_others = |found: &Found| run.actor(*found) != Some(Actor::Module);
    if let Some(found) = run.touches(&target).find(by_others) {
        let cause = run.cause(found.cause).ok_or("the exchange was dropped")?;
        return Ok(entry(cause, found.cause, Access::Touch(found.touch), &target));
    }
    match forgotten(run).or_else(|| hidden_writes(run, run.oldest())) {
        Some(reason) => Err(reason),
        None => Ok(None),
    }
}

fn forgotten(run: &Run) -> Option<String> {
    (run.oldest() > 0).then(|| format!("exchanges before {} were dropped to save memory", run.oldest()))
}

/// Why writes since a cause may be missing from the record.
pub(super) fn hidden_writes(run: &Run, since: usize) -> Option<String> {
    (since..run.len()).find_map(|number| {
        let cause = run.cause(number)?;
        let is_hidden = (runs_guest(cause) && !is_traced(cause)) || cause.steps.iter().any(|step| !step.known.after);
        is_hidden.then(|| format!("the guest's stores were not recorded in {}", exchanges(&[number])))
    })
}

impl AccessEntry {
    /// Whether a function of this name wrote it, or one that was inlined there; or `host`, `module` or `guest`.
    pub fn is_by(&self, name: &str, debug: Option<&DebugInfo>) -> bool {
        let is_name = |function: &str| {
            function == name || function.strip_suffix(name).is_some_and(|before| before.ends_with("::"))
        };
        let frames = self.frames(debug);
        let inlined = frames.iter().filter_map(|frame| frame.function.as_deref()).any(is_name);
        let named =
            || self.site.zip(debug).is_some_and(|(site, debug)| debug.function_named(name).contains(&site.func));
        self.by.word() == name || inlined || named()
    }

    /// How it is found on the timeline.
    pub fn found(&self) -> Option<Found> {
        Some(Found { cause: self.cause, touch: self.touch? })
    }

    /// The source frames of the instruction, innermost first.
    pub fn frames(&self, debug: Option<&DebugInfo>) -> Vec<SourceFrame> {
        let place = self.site.and_then(|site| debug?.place(site.offset as usize));
        place.map(|place| place.frames).unwrap_or_default()
    }

    /// The instruction's function and source line: `push at src/lib.rs:12`, else `function 3 at offset 0x1f4`.
    pub fn place(&self, debug: Option<&DebugInfo>) -> Option<String> {
        self.site.map(|site| place(&site, debug))
    }

    /// The entry as one line, safe to print.
    pub fn line(&self, debug: Option<&DebugInfo>) -> String {
        let when = when(self.cause, self.step);
        let bytes = match (&self.old, &self.new) {
            (Some(old), Some(new)) => format!("{} -> {}", hex(old), hex(new)),
            (None, Some(new)) => hex(new),
            _ if self.touch.is_none() => String::new(),
            _ => "bytes not kept".to_owned(),
        };
        let part = self.shown..self.shown + self.new.as_ref().map_or(0, |bytes| bytes.len() as u64);
        let bytes = match part == self.range || part.is_empty() {
            true => bytes,
            false => format!("{:#x}: {bytes}", self.shown),
        };
        let place = self.place(debug).map(|place| format!("  {place}")).unwrap_or_default();
        let who =
            if self.by == Actor::Guest { self.what.to_owned() } else { format!("{} {}", self.by.word(), self.what) };
        let range = range(self.range.start, self.range.end - self.range.start);
        format!("{when}  {who} {range}  {bytes}{place}").trim_end().to_owned()
    }
}

/// `exchange 2 step 4`, or `the start step 1`.
pub(super) fn when(cause: usize, step: Option<usize>) -> String {
    let cause = if cause == 0 { "the start".to_owned() } else { format!("exchange {cause}") };
    step.map_or(cause.clone(), |step| format!("{cause} step {}", step + 1))
}

/// An instruction's function and source line, safe to print.
pub(super) fn place(site: &Site, debug: Option<&DebugInfo>) -> String {
    let offset = site.offset as usize;
    let frames = debug.and_then(|debug| debug.place(offset)).map(|place| place.frames).unwrap_or_default();
    let frame = frames.first().cloned().unwrap_or_default();
    let function = frame.function.map_or_else(|| format!("function {}", site.func), |name| visible(name.as_bytes()));
    match frame.file.zip(frame.line) {
        Some((file, line)) => format!("{function} at {}:{line}", visible(file.as_bytes())),
        None => format!("{function} at offset {offset:#x}"),
    }
}

/// `68 65 6c`.
pub(super) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
