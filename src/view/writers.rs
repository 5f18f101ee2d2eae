//! Who accessed memory: one access, described.

use std::ops::Range;

use super::touches::overlap;
use super::{exchange, range, visible};
use crate::check::is_poison;
use crate::debug::{DebugInfo, SourceFrame};
use crate::record::{
    Actor, Cause, Change, Evidence, Found, MemoryAccess, Run, Site, SiteKind, StepKind, Target, Touch, WrittenRanges,
};

/// Maximum number of bytes of an access that are kept for display.
const GLANCE: u64 = 16;

/// One access to a range, by anyone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessEntry {
    /// The number of the cause.
    pub cause: usize,
    /// The index of the step, if it was made during one.
    pub step: Option<usize>,
    /// How to select it on the timeline. `None` for a read by the host, which the step stands for, and where only the
    /// written ranges are kept.
    pub touch: Option<Touch>,
    /// Who made it.
    pub by: Actor,
    /// What it does, in one word: `store`, `load`, `copy`, `write`, `poison`, `read`, `data`, `change`.
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

/// An access, before it is described.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    Touch(Touch),
    /// The host read during the step with this index.
    HostRead(usize),
}

/// An access for a list. `None` for the second record of a vector store if the first one touches the target, too: the
/// entry of that one is of the whole store.
pub(super) fn entry(cause: &Cause, number: usize, access: Access, target: &Target) -> Option<AccessEntry> {
    if let Access::Touch(Touch::Access(access)) = access
        && let Some(first) = cause.accesses.get(cause.accesses.whole(access).start)
        && first.number < access
        && overlap(&(first.addr..first.addr.saturating_add(first.len)), &target.range).is_some()
    {
        return None;
    }
    described(cause, number, access, target)
}

/// An access that touches a target, described.
pub(super) fn described(cause: &Cause, number: usize, access: Access, target: &Target) -> Option<AccessEntry> {
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

/// The writes to a target in the exchanges of which only the written ranges are kept.
pub(super) fn bare_writes<'a>(run: &'a Run, target: &'a Target) -> impl Iterator<Item = AccessEntry> + 'a {
    let causes = (run.oldest_listed()..run.oldest()).filter_map(|number| Some((number, run.listed(number)?)));
    let written = causes.flat_map(|(number, cause)| cause.written.iter().map(move |written| (number, written)));
    let entry = move |cause, written: &WrittenRanges, range: Range<u64>| AccessEntry {
        cause,
        step: None,
        touch: None,
        by: written.by,
        what: changing(written.by, written.evidence),
        evidence: if written.by == Actor::Guest { written.evidence } else { Evidence::Written },
        shown: range.start.max(target.range.start),
        range,
        old: None,
        new: None,
        site: None,
    };
    written.filter(|(_, written)| written.memory == target.memory).flat_map(move |(number, written)| {
        written.overlapping(&target.range).map(move |range| entry(number, written, range))
    })
}

/// What a write is called that is known as a change only.
fn changing(by: Actor, evidence: Evidence) -> &'static str {
    match (by, evidence) {
        (Actor::Module, _) => "data",
        (Actor::Host, _) => "write",
        (Actor::Guest, Evidence::Written) => "stores",
        (Actor::Guest, Evidence::Found) => "change",
    }
}

fn recorded(cause: &Cause, number: usize, access: u64, target: &Target) -> Option<AccessEntry> {
    // Both records of a vector store are one access.
    let whole = cause.accesses.whole(access);
    let made = cause.accesses.get(whole.start)?;
    let second = cause.accesses.get(whole.end - 1).filter(|second| second.number > made.number);
    let is_source = target.reads && made.site.kind == SiteKind::Copy;
    let start = if is_source { made.source? } else { made.addr };
    let range = start..start.saturating_add(made.len + second.map_or(0, |second| second.len));
    let part = overlap(&range, &target.range)?;
    let bytes = |of: fn(&MemoryAccess<'_>) -> Option<Vec<u8>>| {
        let mut bytes = of(&made)?;
        if let Some(second) = &second {
            bytes.extend(of(second)?);
        }
        glance(&bytes, start, &part)
    };
    let (old, new) = (bytes(|made| made.old().map(<[u8]>::to_vec)), bytes(|made| made.new_bytes().map(<[u8]>::to_vec)));
    // A copy leaves at its destination what it read at its source.
    let old = old.filter(|_| !is_source);
    let is_read = matches!(made.site.kind, SiteKind::Load | SiteKind::Compare);
    Some(AccessEntry {
        cause: number,
        step: cause.step_of_access(made.number),
        touch: Some(Touch::Access(made.number)),
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
    let made = cause.changes.get(change)?;
    let ((_, range, by), evidence) = made.place().zip(made.evidence())?;
    let (old, new) = match made {
        Change::Bytes { old_then_new, .. } => old_then_new.split_at(old_then_new.len() / 2),
        _ => (&[][..], &[][..]),
    };
    let known = |bytes: &[u8], part: &Range<u64>| glance(bytes, range.start, part).filter(|_| !made.is_bare());
    let inside = |run: &Range<u64>| overlap(run, &target.range).is_some();
    let run = cause.changes[change].runs().find(inside)?;
    let part = overlap(&run, &target.range)?;
    let step = cause.steps.iter().rposition(|step| step.changes.contains(&change));
    let what = match step {
        Some(step) if is_poison(cause, step) => "poison",
        _ => changing(by, evidence),
    };
    Some(AccessEntry {
        cause: number,
        step,
        touch: Some(Touch::Change(change)),
        by,
        what,
        // The data segments of a module are known, although they were found by comparing.
        evidence: if by == Actor::Guest { evidence } else { Evidence::Written },
        range: run,
        shown: part.start,
        old: known(old, &part),
        new: known(new, &part),
        site: None,
    })
}

/// The first bytes of `part`, from bytes that begin at `start`.
fn glance(bytes: &[u8], start: u64, part: &Range<u64>) -> Option<Vec<u8>> {
    let first = usize::try_from(part.start - start).ok()?;
    let len = usize::try_from((part.end - part.start).min(GLANCE)).ok()?;
    bytes.get(first..first.checked_add(len)?).map(<[u8]>::to_vec)
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
            _ if self.what == "read" => String::new(),
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

/// `exchange 2 step 4`, or `step 1 of the start`.
pub(super) fn when(cause: usize, step: Option<usize>) -> String {
    match step {
        None => exchange(cause),
        Some(step) if cause == 0 => format!("step {} of the start", step + 1),
        Some(step) => format!("{} step {}", exchange(cause), step + 1),
    }
}

/// An instruction's function, safe to print.
pub(super) fn function(site: &Site, debug: Option<&DebugInfo>) -> String {
    let frames = debug.and_then(|debug| debug.place(site.offset as usize)).map(|place| place.frames);
    let name = frames.and_then(|frames| frames.into_iter().next()).and_then(|frame| frame.function);
    name.map_or_else(|| format!("function {}", site.func), |name| visible(name.as_bytes()))
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
