//! What a guest's thread decides itself of an access: whether a watchpoint may stop the guest there. Most accesses of most
//! guests are to other memory, and are so passed by without a look at the record.

use super::flag::HookAfter;
use super::instrument::RECORD;
use super::watchpoint::{WatchKind, Watchpoint};
use crate::record::{LONG, Site, SiteKind};

/// The most bytes that one access with a width of its own has.
const WIDEST: u64 = 16;
/// How far after the first half of a vector the second is, which is the one in the window.
const HALF: u64 = 8;
/// The longest range whose bytes are kept for comparing.
const KEPT: u64 = 64 << 10;

/// What is watched, as the guest's thread knows it since it last asked.
#[derive(Debug, Default)]
pub(super) struct Watching {
    watches: Vec<Watched>,
    /// Whether the guest stops at accesses anywhere.
    everything: bool,
}

#[derive(Debug)]
struct Watched {
    watch: Watchpoint,
    /// Where only changes matter, what the range held after the last access to it, if that is known.
    held: Option<Vec<u8>>,
}

/// An access, as its record tells it.
#[derive(Clone, Copy, Debug)]
struct Told {
    memory: usize,
    addr: u64,
    len: u64,
    writes: bool,
}

impl Watching {
    pub(super) fn new(watches: Vec<Watchpoint>, everything: bool) -> Watching {
        let watches = watches.into_iter().map(|watch| Watched { watch, held: None }).collect();
        Watching { watches, everything }
    }

    /// Whether any access may stop the guest.
    pub(super) fn is_any(&self) -> bool {
        self.everything || !self.watches.is_empty()
    }

    /// After which accesses the guest is to call its hook.
    pub(super) fn hook_after(&self) -> HookAfter {
        let starts = self.watches.iter().map(|watched| watched.watch.start.saturating_sub(WIDEST)).min();
        let ends = self.watches.iter().map(|watched| watched.watch.end.saturating_add(HALF)).max();
        match starts.zip(ends) {
            _ if self.everything => HookAfter::Everything,
            None => HookAfter::Nothing,
            Some((start, end)) => {
                let clamped = |addr: u64| u32::try_from(addr).unwrap_or(u32::MAX);
                HookAfter::Window(clamped(start), clamped(end.saturating_sub(1)))
            }
        }
    }

    /// Whether the guest may stop after the instruction that made these records, just now. `bytes` are its memories.
    pub(super) fn may_stop<'a>(&mut self, records: &[u8], sites: &[Site], bytes: impl Fn(usize) -> &'a [u8]) -> bool {
        let records = records.as_chunks().0;
        self.everything
            || records.iter().any(|record| Told::read(record, sites).is_none_or(|told| self.meets(told, &bytes)))
    }

    fn meets<'a>(&self, told: Told, bytes: impl Fn(usize) -> &'a [u8]) -> bool {
        self.watches.iter().filter(|watched| told.touches(&watched.watch)).any(|Watched { watch, held }| {
            match &watch.on {
                WatchKind::Read => !told.writes,
                WatchKind::Write => told.writes,
                WatchKind::Equals(wanted) => {
                    told.writes
                        && part(bytes(watch.memory), watch.start, watch.start.saturating_add(wanted.len() as u64))
                            == Some(wanted)
                }
                WatchKind::Change => {
                    told.writes && {
                        let (start, end) = (told.addr.max(watch.start), told.end().min(watch.end));
                        let before = held.as_ref().and_then(|held| part(held, start - watch.start, end - watch.start));
                        before.is_none() || before != part(bytes(watch.memory), start, end)
                    }
                }
            }
        })
    }

    /// Keeps what the ranges hold of which only changes matter: the next access to them follows.
    pub(super) fn keep<'a>(&mut self, bytes: impl Fn(usize) -> &'a [u8]) {
        let changes = |watch: &Watchpoint| watch.on == WatchKind::Change && watch.end - watch.start <= KEPT;
        for Watched { watch, held } in self.watches.iter_mut().filter(|watched| changes(&watched.watch)) {
            let now = part(bytes(watch.memory), watch.start, watch.end);
            *held = now.map(|now| {
                let mut bytes = held.take().unwrap_or_default();
                bytes.clear();
                bytes.extend_from_slice(now);
                bytes
            });
        }
    }

    /// Somebody other than the guest may write to its memories.
    pub(super) fn forget(&mut self) {
        self.watches.iter_mut().for_each(|watched| watched.held = None);
    }
}

impl Told {
    /// `None` for what cannot be told of a record.
    fn read(record: &[u8; RECORD as usize], sites: &[Site]) -> Option<Told> {
        let [number, addr, low, _] = words(record);
        let site = sites.get((number & !LONG) as usize)?;
        let len = match site.kind {
            SiteKind::Grow => 0,
            _ if number & LONG != 0 => low.into(),
            _ => site.width.into(),
        };
        Some(Told { memory: site.memory as usize, addr: addr.into(), len, writes: site.kind.writes() })
    }

    fn end(self) -> u64 {
        self.addr.saturating_add(self.len)
    }

    fn touches(self, watch: &Watchpoint) -> bool {
        self.memory == watch.memory && self.len > 0 && self.addr < watch.end && watch.start < self.end()
    }
}

/// How many of the last records one instruction made: two for a vector.
pub(super) fn of_last_instruction(records: &[u8], sites: &[Site]) -> u32 {
    let last = records.as_chunks::<{ RECORD as usize }>().0.last();
    let site = last.and_then(|record| sites.get((words(record)[0] & !LONG) as usize));
    1 + u32::from(site.is_some_and(|site| site.joined))
}

fn words(record: &[u8; RECORD as usize]) -> [u32; 4] {
    let words = record.as_chunks().0;
    [words[0], words[1], words[2], words[3]].map(u32::from_le_bytes)
}

fn part(bytes: &[u8], start: u64, end: u64) -> Option<&[u8]> {
    bytes.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(kind: SiteKind, width: u8, joined: bool) -> Site {
        Site { func: 0, offset: 0, kind, width, memory: 0, source: 0, displacement: 0, joined }
    }

    fn record(site: u32, addr: u32, len: u32) -> Vec<u8> {
        [site, addr, len, 0].into_iter().flat_map(u32::to_le_bytes).collect()
    }

    fn watching(on: WatchKind) -> Watching {
        Watching::new(vec![Watchpoint { number: 1, memory: 0, start: 0x300, end: 0x304, on }], false)
    }

    #[test]
    fn the_window_has_the_records_of_each_access_to_what_is_watched() {
        assert_eq!(Watching::default().hook_after(), HookAfter::Nothing);
        assert_eq!(Watching::new(Vec::new(), true).hook_after(), HookAfter::Everything);
        // The first and the last address at which a record of 16 bytes, or of the second half of them, may begin.
        assert_eq!(watching(WatchKind::Write).hook_after(), HookAfter::Window(0x2f0, 0x30b));
        let ends = [(0, 1), (u64::from(u32::MAX), 1 << 32)];
        let watches = ends.map(|(start, end)| Watchpoint { number: 1, memory: 0, start, end, on: WatchKind::Read });
        assert_eq!(Watching::new(watches.to_vec(), false).hook_after(), HookAfter::Window(0, u32::MAX));
    }

    #[test]
    fn the_guest_may_stop_only_at_what_a_watchpoint_is_about() {
        let sites = [
            site(SiteKind::Store, 4, false),
            site(SiteKind::Load, 16, false),
            site(SiteKind::Fill, 0, false),
            site(SiteKind::Grow, 0, false),
            site(SiteKind::Store, 8, true),
        ];
        let memory = vec![7; 0x10000];
        let may_stop =
            |watching: &mut Watching, record: &[u8]| watching.may_stop(record, &sites, |_| memory.as_slice());
        for (on, met) in [
            (WatchKind::Write, [true, false, true, false]),
            (WatchKind::Read, [false, true, false, false]),
            (WatchKind::Equals(vec![7; 4]), [true, false, true, false]),
            (WatchKind::Equals(vec![8; 4]), [false; 4]),
            // Whether it is one is not known.
            (WatchKind::Change, [true, false, true, false]),
        ] {
            let watching = &mut watching(on.clone());
            let records =
                [record(0, 0x303, 0), record(1, 0x2f1, 0), record(2 | LONG, 0x100, 0x201), record(3 | LONG, 0x300, 9)];
            assert_eq!(records.map(|record| may_stop(watching, &record)), met, "{on:?}");
            let others =
                [record(0, 0x304, 0), record(0, 0x2fc, 0), record(1, 0x2f0, 0), record(2 | LONG, 0x100, 0x200)];
            assert!(others.iter().all(|record| !may_stop(watching, record)), "{on:?}");
        }
        let changes = &mut watching(WatchKind::Change);
        changes.keep(|_| memory.as_slice());
        assert!(!may_stop(changes, &record(0, 0x302, 0)), "it holds what it held");
        let changed = vec![8; 0x10000];
        assert!(changes.may_stop(&record(0, 0x302, 0), &sites, |_| changed.as_slice()));
        changes.forget();
        assert!(may_stop(changes, &record(0, 0x302, 0)), "somebody else may have written");
        let two = [record(0, 0, 0), record(4, 8, 0)].concat();
        assert_eq!((of_last_instruction(&two, &sites), of_last_instruction(&two[..16], &sites)), (2, 1));
    }
}
