//! Where a session's guest is to stop: breakpoints by what the user said, and watchpoints.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::debug::DebugInfo;
use crate::guest::{
    BreakOffsets, Interface, Limits, MOST_STOPS, Passes, PointRequest, Points, WatchKind, Watchdog, Watchpoint,
};
use crate::record::WASM_PAGE;

/// A place in a module's code, as the user named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakPlace {
    /// Where a function begins, by its name.
    Function(String),
    /// Where code for a line begins.
    Line(String, u32),
    /// An instruction, by its offset in the module.
    Offset(u32),
}

/// A breakpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breakpoint {
    /// Its number, from 1.
    pub number: usize,
    /// Where.
    pub place: BreakPlace,
    /// At how many instructions of the present module; 0 if that has no such place.
    pub found: usize,
}

/// The breakpoints and watchpoints of a session, which its guest's thread sees too.
#[derive(Clone, Debug, Default)]
pub struct Stops(Arc<Mutex<List>>);

#[derive(Debug, Default)]
struct List {
    breaks: Vec<Breakpoint>,
    watches: Vec<Watchpoint>,
    /// What the ranges of some watchpoints are called, by their numbers: those move with what has the name.
    names: Vec<(usize, String)>,
    /// How many were made so far, of both kinds.
    made: usize,
}

impl Stops {
    /// Adds a breakpoint, and returns its number.
    ///
    /// # Errors
    /// There are too many.
    pub fn add_break(&self, place: BreakPlace) -> Result<usize, String> {
        let mut list = self.list();
        if let Some(same) = list.breaks.iter().find(|breakpoint| breakpoint.place == place) {
            return Ok(same.number);
        }
        let number = list.next(|list| list.breaks.len(), "breakpoints")?;
        list.breaks.push(Breakpoint { number, place, found: 0 });
        Ok(number)
    }

    /// Adds a watchpoint on a range of a memory, and returns its number.
    ///
    /// # Errors
    /// There are too many.
    pub fn add_watch(&self, memory: usize, start: u64, end: u64, on: WatchKind) -> Result<usize, String> {
        let mut list = self.list();
        let number = list.next(|list| list.watches.len(), "watchpoints")?;
        list.watches.push(Watchpoint { number, memory, start, end, on });
        Ok(number)
    }

    /// The range of the watchpoint of that number is what this name stands for.
    pub fn name_watch(&self, number: usize, name: String) {
        self.list().names.push((number, name));
    }

    /// The watchpoints whose ranges have a name, each with it.
    pub fn named_watches(&self) -> Vec<(Watchpoint, String)> {
        let list = self.list();
        let named = list.names.iter().filter_map(|(number, name)| {
            Some((list.watches.iter().find(|watch| watch.number == *number)?.clone(), name.clone()))
        });
        named.collect()
    }

    /// Moves the watchpoint of that number to another range of its memory.
    pub fn move_watch(&self, number: usize, start: u64, end: u64) {
        let mut list = self.list();
        if let Some(watch) = list.watches.iter_mut().find(|watch| watch.number == number) {
            (watch.start, watch.end) = (start, end);
        }
    }

    /// Removes the breakpoint of that number, or all for `None`; false if there is none.
    pub fn remove_break(&self, number: Option<usize>) -> bool {
        let mut list = self.list();
        let before = list.breaks.len();
        list.breaks.retain(|breakpoint| number.is_some_and(|number| number != breakpoint.number));
        list.breaks.len() < before
    }

    /// Removes the watchpoint of that number, or all for `None`; false if there is none.
    pub fn remove_watch(&self, number: Option<usize>) -> bool {
        let mut list = self.list();
        let before = list.watches.len();
        list.watches.retain(|watch| number.is_some_and(|number| number != watch.number));
        list.names.retain(|(named, _)| number.is_some_and(|number| number != *named));
        list.watches.len() < before
    }

    /// The breakpoints.
    pub fn breaks(&self) -> Vec<Breakpoint> {
        self.list().breaks.clone()
    }

    /// The watchpoints.
    pub fn watches(&self) -> Vec<Watchpoint> {
        self.list().watches.clone()
    }

    /// The breakpoints that a module has no place for, and the watchpoints that its memory cannot grow to, as messages.
    pub fn missing(&self, debug: &DebugInfo, interface: &Interface, limits: &Limits) -> Vec<String> {
        let list = self.list();
        let breaks = list.breaks.iter().filter(|breakpoint| breakpoint.found == 0).map(|it| {
            let reason = it.place.missing(debug).unwrap_or_else(|| "the guest is not compiled for it".to_owned());
            format!("breakpoint {}: {reason}", it.number)
        });
        let size = |memory: usize| {
            let most = interface.memories.get(memory).and_then(|memory| memory.most).unwrap_or(u64::MAX);
            most.min(limits.pages().into()).saturating_mul(WASM_PAGE)
        };
        let watches = list.watches.iter().filter(|watch| watch.end > size(watch.memory)).map(|watch| {
            let (place, end) = (watch.start.max(size(watch.memory)), size(watch.memory));
            format!("watchpoint {}: {place:#x} is out of bounds: memory can grow to {end:#x}", watch.number)
        });
        breaks.chain(watches).collect()
    }

    /// Whether there is none of either.
    pub fn is_empty(&self) -> bool {
        let list = self.list();
        list.breaks.is_empty() && list.watches.is_empty()
    }

    /// What a guest has to be compiled with for them.
    pub fn passes(&self) -> Passes {
        let list = self.list();
        let pauses = !list.breaks.is_empty();
        let loads = list.watches.iter().any(|watch| watch.on == WatchKind::Read);
        Passes { stores: pauses || !list.watches.is_empty(), loads, pauses }
    }

    /// Which stop points a module is to have: where lines begin, and where the guest is to stop.
    pub(super) fn points(&self, debug: &DebugInfo) -> PointRequest {
        let lines = debug.line_starts().into_iter().filter_map(|offset| u32::try_from(offset).ok()).collect();
        let list = self.list();
        let exact = list.breaks.iter().map(|breakpoint| &breakpoint.place).filter(|place| place.is_exact());
        let mut others: Vec<_> = exact.flat_map(|place| place.offsets(debug)).collect();
        others.sort_unstable();
        PointRequest { lines, others }
    }

    /// Whether a guest with these stop points can stop at each breakpoint.
    pub(super) fn fit(&self, debug: &DebugInfo, points: &Points) -> bool {
        let list = self.list();
        let mut exact = list.breaks.iter().map(|breakpoint| &breakpoint.place).filter(|place| place.is_exact());
        exact.all(|place| place.offsets(debug).into_iter().all(|offset| points.has(offset)))
    }

    /// Tells a guest's watch where it is to stop.
    pub(super) fn tell(&self, watch: &Watchdog, debug: &DebugInfo, points: &Points) {
        let mut list = self.list();
        let mut breaks = Vec::new();
        for breakpoint in &mut list.breaks {
            let offsets = breakpoint.place.offsets(debug);
            let mut offsets: Vec<_> = offsets
                .into_iter()
                .filter_map(|offset| {
                    let end = debug.function_range(debug.function_of(offset as usize)?)?.end;
                    points.at_or_after(offset).filter(|&point| (point as usize) < end)
                })
                .collect();
            offsets.dedup();
            breakpoint.found = offsets.len();
            breaks.push(BreakOffsets { number: breakpoint.number, offsets });
        }
        watch.control().set_breaks(breaks);
        watch.control().set_watches(list.watches.clone());
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl List {
    fn next(&mut self, count: impl Fn(&List) -> usize, what: &str) -> Result<usize, String> {
        if count(self) >= MOST_STOPS {
            return Err(format!("too many {what} (the limit is {MOST_STOPS})"));
        }
        self.made += 1;
        Ok(self.made)
    }
}

impl BreakPlace {
    /// Whether it is about its own instructions; else about where a function is entered.
    fn is_exact(&self) -> bool {
        !matches!(self, BreakPlace::Function(_))
    }

    /// The offsets of its instructions; of a function, of its body.
    pub fn offsets(&self, debug: &DebugInfo) -> Vec<u32> {
        let offsets: Vec<usize> = match self {
            BreakPlace::Function(name) => {
                let functions = debug.function_named(name).into_iter();
                functions.filter_map(|index| Some(debug.function_range(index)?.start)).collect()
            }
            BreakPlace::Line(file, line) => debug.offsets_of_line(file, *line),
            BreakPlace::Offset(offset) => vec![*offset as usize],
        };
        offsets.into_iter().filter_map(|offset| u32::try_from(offset).ok()).collect()
    }

    /// Why a module has no such place; `None` if it has.
    pub fn missing(&self, debug: &DebugInfo) -> Option<String> {
        let offsets = self.offsets(debug);
        match self {
            BreakPlace::Function(name) if offsets.is_empty() => {
                Some(format!("this module defines no function `{name}`"))
            }
            BreakPlace::Line(file, line) if offsets.is_empty() => Some(missing_line(debug, file, *line)),
            BreakPlace::Offset(offset) if debug.instruction(*offset as usize, 0).is_empty() => {
                Some(format!("no instruction begins at offset {offset:#x}"))
            }
            _ => None,
        }
    }
}

impl fmt::Display for BreakPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BreakPlace::Function(name) => f.write_str(&crate::record::plain(name)),
            BreakPlace::Line(file, line) => write!(f, "{}:{line}", crate::record::plain(file)),
            BreakPlace::Offset(offset) => write!(f, "offset {offset:#x}"),
        }
    }
}

/// Maximum number of source files that a message lists.
const FILES: usize = 4;

/// Why no code is from a line.
fn missing_line(debug: &DebugInfo, file: &str, line: u32) -> String {
    let shown = crate::record::plain(file);
    let lines = debug.lines_of_file(file);
    if lines.is_empty() {
        let files = debug.source_files();
        // The user's own files have a relative path; libraries are elsewhere.
        let is_own = |file: &&String| !file.starts_with(['/', '~']) && !file.starts_with("..");
        let own: Vec<_> = files.iter().filter(is_own).map(|file| crate::record::plain(file)).collect();
        return match own.len() {
            _ if files.is_empty() => "the module's debug information has no source lines".to_owned(),
            0 => format!("the module has no source file `{shown}`"),
            1..=FILES => format!("the module has no source file `{shown}`; it has {}", own.join(", ")),
            more => {
                let first = own[..FILES].join(", ");
                format!("the module has no source file `{shown}`; it has {first} and {} more", more - FILES)
            }
        };
    }
    let after = lines.partition_point(|&other| other < line);
    let near: Vec<_> = lines[after.saturating_sub(1)..].iter().take(2).map(u32::to_string).collect();
    format!("no code begins at line {line} of `{shown}`; the nearest lines with code: {}", near.join(", "))
}
