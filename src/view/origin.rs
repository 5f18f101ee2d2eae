//! Where the value of a byte came from: copies are followed back to its birth, one link at a time.

use std::task::Poll;
use std::time::Instant;

use super::birth::{data_segment, host_byte};
use super::gaps::{forgotten, hidden_writes, runs_guest};
use super::operand::{LoadedByte, first_stored, is_constant, loaded_byte, segment_of};
use super::writers::{bare_writes, place, when};
use super::{Regions, Selection, Touches, Touching, exchange, visible};
use crate::debug::DebugInfo;
use crate::guest::Interface;
use crate::record::{Actor, Cause, Change, Evidence, Found, MemoryAccess, Position, Run, SiteKind, Target, Touch};

/// Maximum number of links.
const LINKS: usize = 256;
/// How many accesses before a store are searched for the load of its value.
const WINDOW: u64 = 4096;

/// What is known of the module: names and lines, and named ranges of memory.
#[derive(Clone, Copy)]
pub struct ModuleFacts<'a> {
    /// The debug information.
    pub debug: Option<&'a DebugInfo>,
    /// The exports, imports and data segments.
    pub interface: Option<&'a Interface>,
    /// The named ranges of the memory that is shown.
    pub regions: &'a Regions,
}

/// One link of the chain: who gave the byte its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginLink {
    /// A sentence, safe to print.
    pub text: String,
    /// Whether it was recorded. Otherwise it was inferred from equal values.
    pub certain: bool,
    /// The byte's memory at this link.
    pub memory: usize,
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
        let (memory, addr) = (self.memory, self.addr);
        self.origin.links.push(OriginLink { text, certain, memory, addr, found });
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
                let segment = source.interface.and_then(|module| data_segment(module, self.memory, self.addr));
                let segment = segment.map(|segment| format!(" {segment}")).unwrap_or_default();
                self.link(format!("data segment{segment}, copied in {when}"), true, Some(found));
                Next::Born
            }
            Actor::Host => {
                let what = host_byte(cause, step, &range, self.addr);
                self.link(format!("{what}, written by the host in {when}"), true, Some(found));
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
                let memory = made.site.source as usize;
                let other = self.other(memory);
                self.link(format!("copied from {from:#x}{other} by memory.copy in {at}"), true, Some(found));
                Next::Copied(memory, from, before)
            }
            SiteKind::Fill => {
                self.link(format!("filled by memory.fill in {at}"), true, Some(found));
                Next::Born
            }
            SiteKind::Init => {
                let segment = self.passive_segment(source, &made);
                self.link(format!("copied from {segment} by memory.init in {at}"), true, Some(found));
                Next::Born
            }
            SiteKind::Exchange => {
                self.link(format!("computed by an atomic instruction in {at}"), true, Some(found));
                Next::Born
            }
            _ => self.store(run, source, cause, (found, &made, &at)),
        }
    }

    /// That an address is in another memory than the byte of this link, if it is.
    fn other(&self, memory: usize) -> String {
        if memory == self.memory { String::new() } else { format!(" of memory {memory}") }
    }

    /// The data segment of a `memory.init`, and the byte's offset in it.
    fn passive_segment(&self, source: ModuleFacts<'_>, made: &MemoryAccess<'_>) -> String {
        let text = text_of(made.site.offset, source.debug);
        let segment = text.and_then(|text| segment_of(&text));
        let segment = segment.map_or_else(|| "a passive data segment".to_owned(), |name| visible(name.as_bytes()));
        match made.source {
            Some(start) => format!("{segment}+{:#x}", start.saturating_add(self.addr - made.addr)),
            None => format!("{segment}, at an offset that was not kept,"),
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
        if let Some((_, text)) = operand.as_ref().filter(|(_, text)| is_constant(text)) {
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
        // What is only inferred from equal values says nothing of lanes.
        let text = |offset| text_of(offset, source.debug).filter(|_| certain).unwrap_or_default();
        let first = if made.site.joined { 8 } else { first_stored(&text(made.site.offset)) };
        let byte = self.addr - made.addr + first;
        let Some(from) = run.before(Found { cause: found.cause, touch: Touch::Access(load.number) }) else {
            return Next::Stopped("the load was dropped".to_owned());
        };
        let (memory, len) = (load.site.memory as usize, load.len);
        let other = self.other(memory);
        match loaded_byte(&text(load.site.offset), byte, len) {
            LoadedByte::From(byte) => {
                let from_addr = load.addr + byte;
                self.link(format!("loaded from {from_addr:#x}{other} and stored in {at}"), certain, Some(found));
                Next::Copied(memory, from_addr, from)
            }
            LoadedByte::Extended => {
                let whole = format!("{len} B at {:#x}{other}", load.addr);
                self.link(format!("stored in {at}: extended from a load of {whole}"), certain, Some(found));
                Next::Born
            }
            LoadedByte::Kept => {
                self.link(format!("stored in {at}: in a lane that the load before it kept"), certain, Some(found));
                Next::Stopped("the other lanes of a vector are not followed".to_owned())
            }
        }
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

/// The text of an instruction.
fn text_of(offset: u32, debug: Option<&DebugInfo>) -> Option<String> {
    let instructions = debug?.instruction(offset as usize, 0);
    instructions.into_iter().next().map(|(_, text)| text)
}

/// The load whose value a store stored, and whether that is certain: it is the instruction before the store, which has
/// just been executed. Else it is the latest load of the same value in the same function.
fn load_of<'a>(cause: &'a Cause, made: &MemoryAccess<'_>, operand: Option<usize>) -> Option<(MemoryAccess<'a>, bool)> {
    let is_load = |access: &MemoryAccess<'_>| access.site.func == made.site.func && access.site.kind == SiteKind::Load;
    let just_before = made.number.checked_sub(1 + u64::from(made.site.joined))?;
    let is_operand = |access: &MemoryAccess<'_>| is_load(access) && operand == Some(access.site.offset as usize);
    if let Some(access) = cause.accesses.get(just_before).filter(is_operand) {
        return Some((access, true));
    }
    let stored = made.new_bytes()?;
    let skipped = if made.site.joined { 8 } else { 0 };
    let earlier = (made.number.saturating_sub(WINDOW)..made.number).rev();
    for access in earlier.map_while(|number| cause.accesses.get(number)) {
        let loaded = access.old().and_then(|bytes| bytes.get(skipped..)).unwrap_or_default();
        if is_load(&access) && is_extended(loaded, stored) {
            return Some((access, false));
        }
    }
    None
}

/// Whether a value is one that was loaded, cut off or extended by zeros or its sign.
fn is_extended(loaded: &[u8], stored: &[u8]) -> bool {
    let both = loaded.len().min(stored.len());
    let Some(last) = both.checked_sub(1) else { return false };
    let sign = if loaded[last] >= 0x80 { 0xff } else { 0 };
    let is_all = |with: u8| stored[both..].iter().all(|&byte| byte == with);
    loaded[..both] == stored[..both] && (is_all(0) || is_all(sign))
}

impl Origin {
    /// The chain as lines that are safe to print.
    pub fn lines(&self) -> Vec<String> {
        let line = |link: &OriginLink| {
            let OriginLink { addr, text, .. } = link;
            let memory = if link.memory == 0 { String::new() } else { format!(" of memory {}", link.memory) };
            let inferred = if link.certain { "" } else { " (inferred from equal values)" };
            format!("{addr:#x}{memory}: {text}{inferred}")
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
