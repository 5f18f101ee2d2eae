//! Where memory is accessed most: bytes and stores by function and source line, and the hottest addresses.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use super::gaps::runs_guest;
use super::{counted, thousands, visible};
use crate::check::is_poison;
use crate::debug::DebugInfo;
use crate::record::{Cause, MemoryAccess, Run, Site, SiteKind, StepKind};

/// Bytes in one of the ranges whose accesses are counted together.
const RANGE: u64 = 16;
/// Maximum number of ranges that are counted individually.
const RANGES: usize = 1 << 20;

/// Maximum number of ranges that one access counts for.
const SPREAD: usize = 4096;

/// How many accesses are counted between two checks of the time.
const BREATH: u64 = 1 << 16;

/// How often, and how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Number of writes.
    pub stores: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Number of reads.
    pub loads: u64,
    /// Bytes read.
    pub read: u64,
}

/// Who made the accesses of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProfileBy {
    /// The guest, in this function.
    Guest(u32),
    /// The host, for the exchange.
    Host,
    /// The host, to fill blocks (`--poison`).
    Poison,
}

/// The accesses of one source line, or of one function where lines are unknown; or those of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// Who made them.
    pub by: ProfileBy,
    /// The function's name, if known.
    pub name: Option<String>,
    /// The source file, if known.
    pub file: Option<Arc<str>>,
    /// The line, if known.
    pub line: Option<u32>,
    /// Its accesses.
    pub count: Count,
}

/// A range that is written or read often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hot {
    /// Which memory.
    pub memory: usize,
    /// The first address of its 16 bytes.
    pub addr: u64,
    /// How many accesses of the guest and the host touch it.
    pub count: u64,
}

/// The accesses of a run, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// By function and line, those that write most first.
    pub rows: Vec<ProfileRow>,
    /// The hottest ranges, hottest first.
    pub hottest: Vec<Hot>,
    /// The number of accesses that were made and not kept, so not counted here.
    pub dropped: u64,
    /// What else is missing, as sentences.
    pub gaps: Vec<String>,
    /// Whether loads were recorded in some exchange.
    pub has_loads: bool,
}

/// The accesses that were counted so far.
#[derive(Clone, Debug, Default)]
pub struct ProfileSearch {
    /// The next access to count: the number of its cause, and its number there.
    next: (usize, u64),
    /// By function and offset.
    sites: HashMap<(u32, u32), Count>,
    /// By memory and number of the range.
    ranges: HashMap<(usize, u64), u64>,
    host: Count,
    poison: Count,
    dropped: u64,
    /// The number of accesses that touched more ranges than are counted.
    shortened: u64,
    /// The number of copies of which it is not known where they read.
    without_source: u64,
    /// The numbers of causes whose stores were not recorded, and whose loads alone were not.
    untraced: u64,
    without_loads: u64,
    /// Whether loads were recorded in some exchange.
    has_loads: bool,
}

impl ProfileSearch {
    /// Counts the accesses of a run that are kept.
    pub fn new(run: &Run) -> ProfileSearch {
        ProfileSearch { next: (run.oldest(), 0), ..ProfileSearch::default() }
    }

    /// Goes on until the deadline, or to the end. Lists at most `most` ranges.
    pub fn go_on(
        &mut self,
        run: &Run,
        debug: Option<&DebugInfo>,
        most: usize,
        until: Option<Instant>,
    ) -> Poll<Profile> {
        while self.next.0 < run.len() {
            let (number, access) = self.next;
            let Some(cause) = run.cause(number) else {
                self.next = (number + 1, 0);
                continue;
            };
            if access == 0 {
                self.begin(cause);
            }
            let end = access.saturating_add(BREATH);
            for (_, access) in cause.accesses.kept(access..end).filter(|(_, access)| access.site.kind != SiteKind::Grow)
            {
                self.sites.entry((access.site.func, access.site.offset)).or_default().add(access.site, access.len);
                self.touch_all(&access);
            }
            self.next = if end < cause.accesses.len() { (number, end) } else { (number + 1, 0) };
            if until.is_some_and(|until| Instant::now() >= until) {
                return Poll::Pending;
            }
        }
        Poll::Ready(self.finish(run, debug, most))
    }

    /// Counts what a cause has besides the guest's accesses.
    fn begin(&mut self, cause: &Cause) {
        let dropped = cause.accesses.dropped();
        self.dropped += dropped.end - dropped.start;
        self.untraced += u64::from(runs_guest(cause) && !cause.traced.stores);
        self.without_loads += u64::from(runs_guest(cause) && cause.traced.stores && !cause.traced.loads);
        self.has_loads |= cause.traced.loads;
        for (place, step) in cause.steps.iter().enumerate() {
            match step.kind {
                StepKind::Write { len, .. } if is_poison(cause, place) => self.poison.write(len),
                // One that failed changed nothing.
                StepKind::Write { memory, addr, len, .. } if !step.changes.is_empty() || len == 0 => {
                    self.host.write(len);
                    self.touch(memory, addr, len);
                }
                _ => (),
            }
        }
    }

    /// Counts what an instruction of the guest touches, each range once: both records of a vector store are one access,
    /// and a copy may read where it writes.
    fn touch_all(&mut self, access: &MemoryAccess<'_>) {
        let &MemoryAccess { site, addr, len, .. } = access;
        let memory = site.memory as usize;
        let own = ranges(addr, len);
        if site.joined {
            let before = ranges(addr.saturating_sub(1), 1);
            return self.touch_ranges(memory, own, &before);
        }
        self.touch_ranges(memory, own.clone(), &(0..0));
        if site.kind == SiteKind::Copy && len > 0 {
            let Some(source) = access.source else {
                self.without_source += 1;
                return;
            };
            let counted = if site.source == site.memory { own } else { 0..0 };
            self.touch_ranges(site.source as usize, ranges(source, len), &counted);
        }
    }

    /// Counts an access in the ranges that it touches.
    fn touch(&mut self, memory: usize, addr: u64, len: u64) {
        self.touch_ranges(memory, ranges(addr, len), &(0..0));
    }

    /// Counts an access in ranges, except those in which it was counted before.
    fn touch_ranges(&mut self, memory: usize, touched: Range<u64>, counted: &Range<u64>) {
        self.shortened += u64::from(touched.end - touched.start > SPREAD as u64);
        for range in touched.take(SPREAD).filter(|range| !counted.contains(range)) {
            let key = (memory, range);
            if self.ranges.len() < RANGES || self.ranges.contains_key(&key) {
                *self.ranges.entry(key).or_default() += 1;
            }
        }
    }

    fn finish(&mut self, run: &Run, debug: Option<&DebugInfo>, most: usize) -> Profile {
        let gaps = self.gaps(run);
        let ProfileSearch { sites, ranges, host, poison, dropped, has_loads, .. } = std::mem::take(self);
        let hot = |((memory, range), count)| Hot { memory, addr: range * RANGE, count };
        let mut hottest: Vec<_> = ranges.into_iter().map(hot).collect();
        hottest.sort_by_key(|hot| (std::cmp::Reverse(hot.count), hot.memory, hot.addr));
        hottest.truncate(most);
        let rows = rows(sites, [(ProfileBy::Host, host), (ProfileBy::Poison, poison)], debug);
        Profile { rows, hottest, dropped, gaps, has_loads }
    }

    fn gaps(&self, run: &Run) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.shortened > 0 {
            let accesses = counted(self.shortened, "long access");
            gaps.push(format!(
                "the hottest ranges count only the first {} bytes of {accesses}",
                thousands(SPREAD as u64 * RANGE)
            ));
        }
        if self.without_source > 0 {
            let copies = counted(self.without_source, "copy");
            gaps.push(format!("the hottest ranges lack what {copies} read: the addresses were not kept"));
        }
        if run.oldest() > 0 {
            gaps.push(format!(
                "everything before exchange {} was dropped to save memory and not counted",
                run.oldest()
            ));
        }
        if self.dropped > 0 {
            gaps.push(format!("not counted, because dropped to save memory: {}", counted(self.dropped, "access")));
        }
        if self.untraced > 0 {
            gaps.push(format!("the guest's stores were not recorded in {}", counted(self.untraced, "exchange")));
        }
        if self.without_loads > 0 {
            gaps.push("loads were not recorded; `--trace loads` records them".to_owned());
        }
        gaps
    }
}

impl Profile {
    /// The table, as lines that are safe to print: at most `most` rows.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let mut lines = vec![format!("{:>12} {:>14} {:>12}  function", "stores", "bytes", "loads")];
        lines.extend(self.rows.iter().take(most).map(|row| row.text(self.has_loads)));
        if self.rows.len() > most {
            lines.push(format!("... and {} more", thousands((self.rows.len() - most) as u64)));
        }
        if !self.hottest.is_empty() {
            lines.push("hottest ranges of 16 bytes, by accesses of guest and host".to_owned());
        }
        let hot = |hot: &Hot| {
            let memory = if hot.memory == 0 { String::new() } else { format!(" of memory {}", hot.memory) };
            format!("{:>21} at {:#x}{memory}", counted(hot.count, "access"), hot.addr)
        };
        lines.extend(self.hottest.iter().map(hot));
        lines.extend(self.gaps.iter().map(|gap| format!("note: {gap}")));
        lines
    }
}

/// The numbers of the ranges that an access touches.
fn ranges(addr: u64, len: u64) -> Range<u64> {
    match len.checked_sub(1) {
        Some(last) => addr / RANGE..addr.saturating_add(last) / RANGE + 1,
        None => 0..0,
    }
}

/// Groups the accesses of instructions by function and line.
fn rows(
    sites: HashMap<(u32, u32), Count>,
    others: [(ProfileBy, Count); 2],
    debug: Option<&DebugInfo>,
) -> Vec<ProfileRow> {
    let mut groups: HashMap<_, Count> = HashMap::new();
    for ((func, offset), count) in sites {
        let frames = debug.and_then(|debug| debug.place(offset as usize)).map(|place| place.frames);
        let frame = frames.and_then(|frames| frames.into_iter().next()).unwrap_or_default();
        groups.entry((func, frame.function, frame.file, frame.line)).or_default().merge(count);
    }
    let row = |((func, name, file, line), count)| ProfileRow { by: ProfileBy::Guest(func), name, file, line, count };
    let mut rows: Vec<_> = groups.into_iter().map(row).collect();
    let others = others.into_iter().filter(|(_, count)| count.stores > 0);
    rows.extend(others.map(|(by, count)| ProfileRow { by, name: None, file: None, line: None, count }));
    rows.sort_by(|one, other| {
        let key = |row: &ProfileRow| (std::cmp::Reverse((row.count.bytes, row.count.stores, row.count.read)), row.by);
        key(one).cmp(&key(other)).then_with(|| one.line.cmp(&other.line)).then_with(|| one.name.cmp(&other.name))
    });
    rows
}

impl ProfileRow {
    /// How many loads it made; `None` if they were not recorded. Copies alone, which are recorded with the stores, would
    /// not be all.
    pub fn loads(&self, has_loads: bool) -> Option<u64> {
        (has_loads && matches!(self.by, ProfileBy::Guest(_))).then_some(self.count.loads)
    }

    /// How many bytes it read; `None` if loads were not recorded.
    pub fn bytes_read(&self, has_loads: bool) -> Option<u64> {
        self.loads(has_loads).map(|_| self.count.read)
    }

    /// A line of the table. `-` stands for loads that were not recorded.
    fn text(&self, has_loads: bool) -> String {
        let name = match (self.by, &self.name) {
            (ProfileBy::Host, _) => "the host".to_owned(),
            (ProfileBy::Poison, _) => "the host (--poison)".to_owned(),
            (ProfileBy::Guest(func), None) => format!("function {func}"),
            (ProfileBy::Guest(_), Some(name)) => visible(name.as_bytes()),
        };
        let place = self.file.as_ref().zip(self.line);
        let place = place.map(|(file, line)| format!(" at {}:{line}", visible(file.as_bytes()))).unwrap_or_default();
        let Count { stores, bytes, .. } = self.count;
        let loads = self.loads(has_loads).map_or_else(|| "-".to_owned(), thousands);
        format!("{:>12} {:>14} {loads:>12}  {name}{place}", thousands(stores), thousands(bytes))
    }
}

impl Count {
    fn add(&mut self, site: &Site, len: u64) {
        if site.kind.writes() {
            self.stores += u64::from(!site.joined);
            self.bytes += len;
        }
        if matches!(site.kind, SiteKind::Load | SiteKind::Compare | SiteKind::Exchange | SiteKind::Copy) {
            self.loads += 1;
            self.read += len;
        }
    }

    fn write(&mut self, len: u64) {
        self.stores += 1;
        self.bytes += len;
    }

    fn merge(&mut self, other: Count) {
        self.stores += other.stores;
        self.bytes += other.bytes;
        self.loads += other.loads;
        self.read += other.read;
    }
}
