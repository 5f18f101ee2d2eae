//! Where memory is accessed most: bytes and stores by function and source line, and the hottest addresses.

use std::collections::HashMap;
use std::sync::Arc;

use super::writers::runs_guest;
use super::{counted, thousands, visible};
use crate::debug::DebugInfo;
use crate::record::{Actor, Change, Run, Site, SiteKind};

/// Bytes in one of the ranges whose accesses are counted together.
const RANGE: u64 = 16;
/// Maximum number of ranges that are counted individually.
const RANGES: usize = 1 << 20;

/// Maximum number of ranges that one access counts for.
const SPREAD: usize = 4096;

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

/// The accesses of one source line, or of one function where lines are unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileRow {
    /// The function; `None` for the host.
    pub func: Option<u32>,
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
    /// How many accesses touch it.
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
    /// The number of accesses that touched more ranges than are counted.
    shortened: u64,
    /// What else is missing, as sentences.
    pub gaps: Vec<String>,
}

impl Profile {
    /// Sums up the accesses of a run that are kept. Lists at most `most` ranges.
    pub fn new(run: &Run, debug: Option<&DebugInfo>, most: usize) -> Profile {
        let mut sites: HashMap<(u32, u32), Count> = HashMap::new();
        let mut ranges: HashMap<(usize, u64), u64> = HashMap::new();
        let mut profile = Profile::default();
        let (mut host, mut untraced, mut without_loads) = (Count::default(), 0, 0);
        for cause in (run.oldest()..run.len()).filter_map(|number| run.cause(number)) {
            let dropped = cause.accesses.dropped();
            profile.dropped += dropped.end - dropped.start;
            untraced += u64::from(runs_guest(cause) && !cause.traced.stores);
            without_loads += u64::from(runs_guest(cause) && cause.traced.stores && !cause.traced.loads);
            for access in cause.accesses.iter().filter(|access| access.site.kind != SiteKind::Grow) {
                sites.entry((access.site.func, access.site.offset)).or_default().add(access.site, access.len);
                let touched = access.addr / RANGE..=access.addr.saturating_add(access.len.saturating_sub(1)) / RANGE;
                profile.shortened += u64::from(touched.end() - touched.start() >= SPREAD as u64);
                for range in touched.take(SPREAD) {
                    let key = (access.site.memory as usize, range);
                    if ranges.len() < RANGES || ranges.contains_key(&key) {
                        *ranges.entry(key).or_default() += 1;
                    }
                }
            }
            for change in &cause.changes {
                if let Change::Bytes { by: Actor::Host, .. } = change {
                    host.stores += 1;
                    host.bytes += change.written() as u64;
                }
            }
        }
        profile.rows = rows(sites, host, debug);
        let hot = |((memory, range), count)| Hot { memory, addr: range * RANGE, count };
        profile.hottest = ranges.into_iter().map(hot).collect();
        profile.hottest.sort_by_key(|hot| (std::cmp::Reverse(hot.count), hot.memory, hot.addr));
        profile.hottest.truncate(most);
        profile.note_gaps(run, untraced, without_loads);
        profile
    }

    fn note_gaps(&mut self, run: &Run, untraced: u64, without_loads: u64) {
        if self.shortened > 0 {
            let accesses = counted(self.shortened, "long access");
            self.gaps.push(format!(
                "the hottest ranges count only the first {} bytes of {accesses}",
                thousands(SPREAD as u64 * RANGE)
            ));
        }
        if run.oldest() > 0 {
            self.gaps.push(format!("exchanges before {} were dropped to save memory", run.oldest()));
        }
        if self.dropped > 0 {
            self.gaps.push(format!("not counted, because dropped to save memory: {}", counted(self.dropped, "access")));
        }
        if untraced > 0 {
            self.gaps.push(format!("the guest's stores were not recorded in {}", counted(untraced, "exchange")));
        }
        if without_loads > 0 {
            self.gaps.push("loads were not recorded; `--trace loads` records them".to_owned());
        }
    }

    /// The table, as lines that are safe to print: at most `most` rows.
    pub fn lines(&self, most: usize) -> Vec<String> {
        let mut lines = vec![format!("{:>12} {:>14} {:>12}  function", "stores", "bytes", "loads")];
        lines.extend(self.rows.iter().take(most).map(ProfileRow::text));
        if self.rows.len() > most {
            lines.push(format!("... and {} more", thousands((self.rows.len() - most) as u64)));
        }
        if !self.hottest.is_empty() {
            lines.push("hottest ranges of 16 bytes, by accesses of the guest".to_owned());
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

/// Groups the accesses of instructions by function and line.
fn rows(sites: HashMap<(u32, u32), Count>, host: Count, debug: Option<&DebugInfo>) -> Vec<ProfileRow> {
    let mut groups: HashMap<_, Count> = HashMap::new();
    for ((func, offset), count) in sites {
        let frames = debug.and_then(|debug| debug.place(offset as usize)).map(|place| place.frames);
        let frame = frames.and_then(|frames| frames.into_iter().next()).unwrap_or_default();
        groups.entry((func, frame.function, frame.file, frame.line)).or_default().merge(count);
    }
    let row = |((func, name, file, line), count)| ProfileRow { func: Some(func), name, file, line, count };
    let mut rows: Vec<_> = groups.into_iter().map(row).collect();
    if host.stores > 0 {
        rows.push(ProfileRow { func: None, name: None, file: None, line: None, count: host });
    }
    rows.sort_by(|one, other| {
        let key = |row: &ProfileRow| (std::cmp::Reverse((row.count.bytes, row.count.stores, row.count.read)), row.func);
        key(one).cmp(&key(other)).then_with(|| one.line.cmp(&other.line)).then_with(|| one.name.cmp(&other.name))
    });
    rows
}

impl ProfileRow {
    fn text(&self) -> String {
        let name = match (self.func, &self.name) {
            (None, _) => "the host".to_owned(),
            (Some(func), None) => format!("function {func}"),
            (Some(_), Some(name)) => visible(name.as_bytes()),
        };
        let place = self.file.as_ref().zip(self.line);
        let place = place.map(|(file, line)| format!(" at {}:{line}", visible(file.as_bytes()))).unwrap_or_default();
        let Count { stores, bytes, loads, .. } = self.count;
        format!("{:>12} {:>14} {:>12}  {name}{place}", thousands(stores), thousands(bytes), thousands(loads))
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

    fn merge(&mut self, other: Count) {
        self.stores += other.stores;
        self.bytes += other.bytes;
        self.loads += other.loads;
        self.read += other.read;
    }
}
