//! Where the value of a byte came from: copies are followed back to its birth, one link at a time.

use std::task::Poll;
use std::time::Instant;

use super::gaps::{forgotten, hidden_writes, runs_guest};
use super::writers::{bare_writes, place, when};
use super::{RegionKind, Regions, Selection, Touches, Touching, counted, exchange, visible};
use crate::check::is_poison;
use crate::debug::DebugInfo;
use crate::record::{
    Actor, Cause, Change, Evidence, Found, MemoryAccess, Position, Run, SiteKind, StepKind, Target, Touch, Trigger,
};

/// Maximum number of links.
const LINKS: usize = 256;
/// How many accesses before a store are searched for the load of its value.
const WINDOW: u64 = 4096;
/// How many accesses before a store its own load may lie, if the instruction before the store is a load.
const NEAR: u64 = 2;

/// What is known of the module: names and lines, and named ranges of memory.
#[derive(Clone, Copy)]
pub struct ModuleFacts<'a> {
    /// The debug information.
    pub debug: Option<&'a DebugInfo>,
    /// The named ranges.
    pub regions: &'a Regions,
}

/// One link of the chain: who gave the byte its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginLink {
    /// A sentence, safe to print.
    pub text: String,
    /// Whether it was recorded. Otherwise it was inferred from equal values.
    pub certain: bool,
    /// The byte's address at this link.
    pub addr: u64,
    /// Where on the timeline.
    pub found: Option<Found>,
}

/// The chain from a byte back to the birth of its value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The links, latest first. The last is the birth, unless the search stopped.
    pub links: Vec<OriginLink>,
    /// Why the search did not reach the birth, if it did not.
    pub stopped: Option<String>,
}

/// A search for an origin, as far as it came.
#[derive(Clone, Debug)]
pub struct OriginSearch {
    memory: usize,
    addr: u64,
    from: Position,
    /// The search for the latest write before that.
    touches: Touches,
    origin: Origin,
}

/// What follows after a link.
enum Next {
    /// The value came from this address of a memory at this position.
    Copied(usize, u64, Position),
    Born,
    Stopped(String),
}

impl OriginSearch {
    /// Begins a search for the origin of a byte as it is at the end of what is selected.
    pub fn new(at: &Selection, memory: usize, addr: u64) -> OriginSearch {
        let from = at.end();
        OriginSearch { memory, addr, from, touches: writes_before(memory, addr, from), origin: Origin::default() }
    }

    /// Goes on until the deadline, or until the birth is found or the search has to stop.
    pub fn go_on(&mut self, run: &Run, source: ModuleFacts<'_>, until: Option<Instant>) -> Poll<Origin> {
        loop {
            if self.origin.links.len() >= LINKS {
                return self.stop(format!("after {LINKS} links"));
            }
            let next = match self.touches.go_on(run, until) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => self.unwritten(run),
                Poll::Ready(Some(found)) => self.follow(run, source, found),
            };
            match next {
                Next::Copied(memory, addr, from) => {
                    (self.memory, self.addr, self.from) = (memory, addr, from);
                    self.touches = writes_before(memory, addr, from);
                }
                Next::Born => return Poll::Ready(std::mem::take(&mut self.origin)),
                Next::Stopped(reason) => return self.stop(reason),
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Poll::Pending;
            }
        }
    }

    fn stop(&mut self, reason: String) -> Poll<Origin> {
        self.origin.stopped = Some(reason);
        Poll::Ready(std::mem::take(&mut self.origin))
    }

    /// Follows one link, to the latest write.
    fn follow(&mut self, run: &Run, source: ModuleFacts<'_>, found: Found) -> Next {
        let since = found.cause;
        let Some(cause) = run.cause(found.cause) else { return Next::Stopped("the exchange was dropped".to_owned()) };
        // Stores that were not recorded may have come between.
        if hidden_between(run, since, self.from.cause) {
            let reason = hidden_writes(run, since).unwrap_or_default();
            return Next::Stopped(reason);
        }
        match found.touch {
            Touch::Access(number) => self.access(run, source, cause, (found, number)),
            Touch::Change(number) => self.change(source, cause, (found, number)),
        }
    }

    fn unwritten(&mut self, run: &Run) -> Next {
        let target = Target { memory: self.memory, range: self.addr..self.addr.saturating_add(1), reads: false };
        if let Some(entry) = bare_writes(run, &target).last() {
            let reason = format!("{} wrote it, but its bytes were dropped to save memory", exchange(entry.cause));
            return Next::Stopped(reason);
        }
        if let Some(reason) = forgotten(run) {
            return Next::Stopped(reason);
        }
        let since = run.oldest_listed();
        if hidden_between(run, since, self.from.cause) {
            return Next::Stopped(hidden_writes(run, since).unwrap_or_default());
        }
        let text = format!("{:#x} was never written: memory starts out as zeros", self.addr);
        self.link(text, true, None);
        Next::Born
    }

    fn link(&mut self, text: String, certain: bool, found: Option<Found>) {
        self.origin.links.push(OriginLink { text, certain, addr: self.addr, found });
    }

    /// A write by the host or the module, or by the guest with its accesses unknown.
    fn change(&mut self, source: ModuleFacts<'_>, cause: &Cause, (found, number): (Found, usize)) -> Next {
        let made = cause.changes.get(number);
        let (Some(made), Some((_, range, by))) = (made, made.and_then(Change::place)) else {
            return Next::Stopped("the change is unknown".to_owned());
        };
        let step = cause.steps.iter().rposition(|step| step.changes.contains(&number));
        let when = when(found.cause, step);
        match by {
            Actor::Module => {
                let segment = source.regions.at(self.addr).find(|region| region.kind == RegionKind::Data);
                let segment = segment
                    .map(|region| format!(" `{}`+{:#x}", visible(region.name.as_bytes()), self.addr - region.start));
                self.link(format!("data segment{}, copied in {when}", segment.unwrap_or_default()), true, Some(found));
                Next::Born
            }
            Actor::Host => {
                let new = match made {
                    Change::Bytes { old_then_new, .. } => &old_then_new[old_then_new.len() / 2..],
                    _ => &[],
                };
                let byte = usize::try_from(self.addr - range.start).unwrap_or(usize::MAX);
                let (what, certain) = host_byte(cause, step, new, byte);
                self.link(format!("{what}, written by the host in {when}"), certain, Some(found));
                Next::Born
            }
            Actor::Guest => {
                let how = if made.evidence() == Some(Evidence::Found) {
                    "found by comparing memory"
                } else {
                    "written by the guest"
                };
                self.link(format!("{how} in {when}"), true, Some(found));
                let reason = match cause.traced.stores {
                    true => "the individual accesses of that exchange were dropped to save memory",
                    false => "the guest's stores were not recorded",
                };
                Next::Stopped(reason.to_owned())
            }
        }
    }

    /// A store by the guest that was recorded.
    fn access(&mut self, run: &Run, source: ModuleFacts<'_>, cause: &Cause, (found, number): (Found, u64)) -> Next {
        let (Some(made), Some(before)) = (cause.accesses.get(number), run.before(found)) else {
            return Next::Stopped("the access was dropped".to_owned());
        };
        let at = format!("{}, {}", place(made.site, source.debug), when(found.cause, cause.step_of_access(number)));
        match made.site.kind {
            SiteKind::Copy => {
                let Some(from) = made.source.map(|start| start + (self.addr - made.addr)) else {
                    self.link(format!("copied by memory.copy in {at}"), true, Some(found));
                    return Next::Stopped("the address that it was copied from was not kept".to_owned());
                };
                self.link(format!("copied from {from:#x} by memory.copy in {at}"), true, Some(found));
                Next::Copied(made.site.source as usize, from, before)
            }
            SiteKind::Fill => {
                self.link(format!("filled by memory.fill in {at}"), true, Some(found));
                Next::Born
            }
            SiteKind::Init => {
                self.link(format!("copied from a passive data segment by memory.init in {at}"), true, Some(found));
                Next::Born
            }
            SiteKind::Exchange => {
                self.link(format!("computed by an atomic instruction in {at}"), true, Some(found));
                Next::Born
            }
            _ => self.store(run, source, cause, (found, &made, &at)),
        }
    }

    fn store(
        &mut self,
        run: &Run,
        source: ModuleFacts<'_>,
        cause: &Cause,
        (found, made, at): (Found, &MemoryAccess<'_>, &str),
    ) -> Next {
        let operand = operand(made, source.debug);
        if let Some((_, text)) = operand.as_ref().filter(|(_, text)| text.contains(".const ")) {
            self.link(format!("constant ({}) in {at}", visible(text.as_bytes())), true, Some(found));
            return Next::Born;
        }
        if !cause.traced.loads {
            self.link(format!("stored in {at}"), true, Some(found));
            return Next::Stopped(
                "the guest's loads were not recorded; with `--trace loads` it can be followed further".to_owned(),
            );
        }
        let Some((load, certain)) = load_of(cause, made, operand.map(|(offset, _)| offset)) else {
            let value = made.new_bytes().unwrap_or_default().iter().rev().map(|byte| format!("{byte:02x}"));
            let value: String = value.collect();
            let text = format!("stored in {at}: computed there (no earlier load read 0x{value})");
            self.link(text, false, Some(found));
            return Next::Born;
        };
        let byte = self.addr - made.addr + if made.site.joined { 8 } else { 0 };
        let Some(from) = run.before(Found { cause: found.cause, touch: Touch::Access(load.number) }) else {
            return Next::Stopped("the load was dropped".to_owned());
        };
        if byte >= load.len {
            self.link(format!("stored in {at}: extended from a load of {} B", load.len), certain, Some(found));
            return Next::Born;
        }
        let source_addr = load.addr + byte;
        self.link(format!("loaded from {source_addr:#x} and stored in {at}"), certain, Some(found));
        Next::Copied(load.site.memory as usize, source_addr, from)
    }
}

/// The search back from a position for the writes of a byte.
fn writes_before(memory: usize, addr: u64, from: Position) -> Touches {
    let target = Target { memory, range: addr..addr.saturating_add(1), reads: false };
    Touches::new(target, Touching::Writes, from, true)
}

/// Whether some cause may hold stores that were not recorded.
fn hidden_between(run: &Run, since: usize, until: usize) -> bool {
    let last = until.saturating_add(1).min(run.len());
    (since..last).filter_map(|number| run.listed(number)).any(|cause| runs_guest(cause) && !cause.traced.stores)
}

/// The instruction before a store, whose result it stores if it is a constant or a load: its offset and text.
fn operand(made: &MemoryAccess<'_>, debug: Option<&DebugInfo>) -> Option<(usize, String)> {
    let offset = made.site.offset as usize;
    debug?.instruction(offset, 1).into_iter().take_while(|&(at, _)| at < offset).last()
}

/// The load whose value a store stored, and whether that is certain: the instruction before the store made it. Else it
/// is the latest load of the same value in the same function.
fn load_of<'a>(cause: &'a Cause, made: &MemoryAccess<'_>, operand: Option<usize>) -> Option<(MemoryAccess<'a>, bool)> {
    let stored = made.new_bytes()?;
    let skipped = if made.site.joined { 8 } else { 0 };
    let earlier = (made.number.saturating_sub(WINDOW)..made.number).rev();
    for access in earlier.map_while(|number| cause.accesses.get(number)) {
        if access.site.func != made.site.func || access.site.kind != SiteKind::Load {
            continue;
        }
        let is_operand = operand == Some(access.site.offset as usize) && made.number - access.number <= NEAR;
        let loaded = access.old().and_then(|bytes| bytes.get(skipped..)).unwrap_or_default();
        let both = loaded.len().min(stored.len());
        let is_equal = both > 0 && loaded[..both] == stored[..both] && stored[both..].iter().all(|&byte| byte == 0);
        if is_equal {
            return Some((access, is_operand));
        }
    }
    None
}

/// What the host wrote at a byte of a write, and whether that is certain.
fn host_byte(cause: &Cause, step: Option<usize>, new: &[u8], byte: usize) -> (String, bool) {
    let import = step.and_then(|step| {
        let depth = cause.steps[step].depth;
        cause.steps[..=step].iter().rev().find_map(|outer| match &outer.kind {
            StepKind::Import { import, .. } if outer.depth <= depth => Some(visible(import.as_bytes())),
            _ => None,
        })
    });
    let during = import.filter(|_| step.is_some_and(|step| cause.steps[step].depth > 0));
    let during = during.map(|import| format!(" in {import}")).unwrap_or_default();
    match &cause.trigger {
        _ if step.is_some_and(|step| is_poison(cause, step)) => (format!("poison (--poison){during}"), true),
        Trigger::Line(line) if !line.is_empty() && (new.starts_with(line) || line.starts_with(new)) => {
            match byte < line.len() {
                true => (format!("byte {byte} of the line{during}"), true),
                false => (format!("byte {} after the line{during}", byte - line.len()), true),
            }
        }
        Trigger::Command(command) => (format!("byte {byte} of `:{}`", visible(command.as_bytes())), true),
        _ => (format!("byte {byte} of {}{during}", counted(new.len() as u64, "byte")), true),
    }
}

impl Origin {
    /// The chain as lines that are safe to print.
    pub fn lines(&self) -> Vec<String> {
        let line = |link: &OriginLink| match link.certain {
            true => format!("{:#x}: {}", link.addr, link.text),
            false => format!("{:#x}: {} (inferred from equal values)", link.addr, link.text),
        };
        let stopped = self.stopped.as_ref().map(|reason| format!("stopped: {reason}"));
        self.links.iter().map(line).chain(stopped).collect()
    }

    /// The birth in one line: the last link, how many copies led to it, and whether anything was inferred.
    pub fn brief(&self) -> String {
        let last = self.links.last().map_or("unknown", |link| &link.text);
        let inferred = if self.links.iter().all(|link| link.certain) { "" } else { " (inferred)" };
        let copies = match self.links.len() {
            0 | 1 => String::new(),
            links => format!(", {}", super::counted(links as u64 - 1, "link") + " back"),
        };
        let stopped = self.stopped.as_ref().map(|reason| format!("; stopped: {reason}")).unwrap_or_default();
        format!("{last}{copies}{inferred}{stopped}")
    }
}
