//! The ranges that a cause wrote, without the bytes: what is left of its changes once those were dropped.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use super::{Actor, Change, Evidence};

/// The ranges of one memory that one actor wrote: in order, and apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenRanges {
    /// The memory's index.
    pub memory: usize,
    /// Who wrote them.
    pub by: Actor,
    /// How that is known. Those found by comparing memory hold the bytes that differed.
    pub evidence: Evidence,
    /// First and last address of each.
    ranges: Arc<[(u32, u32)]>,
}

impl WrittenRanges {
    /// The ranges that changes wrote, for each memory and actor.
    pub(super) fn of(changes: &[Change]) -> Vec<WrittenRanges> {
        let mut found: BTreeMap<_, Vec<(u32, u32)>> = BTreeMap::new();
        for change in changes {
            let Some(((memory, _, by), evidence)) = change.place().zip(change.evidence()) else { continue };
            let ranges = found.entry((memory, by, evidence == Evidence::Found)).or_default();
            // A memory has at most 4 GiB.
            let bounds = |run: Range<u64>| Some((u32::try_from(run.start).ok()?, u32::try_from(run.end - 1).ok()?));
            ranges.extend(change.runs().filter_map(bounds));
        }
        let written = |((memory, by, is_found), ranges): ((usize, Actor, bool), Vec<_>)| {
            let evidence = if is_found { Evidence::Found } else { Evidence::Written };
            WrittenRanges { memory, by, evidence, ranges: merged(ranges) }
        };
        found.into_iter().map(written).filter(|written| !written.ranges.is_empty()).collect()
    }

    /// The same from ranges that somebody else kept; `None` unless they are in order and apart.
    pub fn from_bounds(memory: usize, by: Actor, evidence: Evidence, ranges: Vec<(u32, u32)>) -> Option<WrittenRanges> {
        let is_sound = ranges.iter().all(|(first, last)| first <= last)
            && ranges.windows(2).all(|pair| u64::from(pair[0].1) + 1 < u64::from(pair[1].0));
        is_sound.then(|| WrittenRanges { memory, by, evidence, ranges: ranges.into() })
    }

    /// First and last address of each.
    pub fn bounds(&self) -> &[(u32, u32)] {
        &self.ranges
    }

    /// The ranges that have bytes of another one.
    pub fn overlapping<'a>(&'a self, range: &'a Range<u64>) -> impl Iterator<Item = Range<u64>> + 'a {
        let first = self.ranges.partition_point(|&(_, last)| u64::from(last) < range.start);
        let ranges = self.ranges[first..].iter().map(|&(first, last)| u64::from(first)..u64::from(last) + 1);
        ranges.take_while(|other| other.start < range.end)
    }

    /// Number of bytes in them.
    pub fn bytes(&self) -> u64 {
        self.ranges.iter().map(|&(first, last)| u64::from(last - first) + 1).sum()
    }

    /// Memory cost in bytes.
    pub(super) fn cost(&self) -> usize {
        size_of::<WrittenRanges>() + size_of_val(&*self.ranges)
    }
}

/// The ranges in order of address, adjacent and overlapping ones joined.
pub fn joined(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The same bytes in as few ranges as possible, in order.
fn merged(mut ranges: Vec<(u32, u32)>) -> Arc<[(u32, u32)]> {
    ranges.sort_unstable();
    ranges.dedup_by(|next, (_, last)| {
        let joins = u64::from(next.0) <= u64::from(*last) + 1;
        if joins {
            *last = next.1.max(*last);
        }
        joins
    });
    ranges.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_touch_are_one_and_actors_are_told_apart() {
        let change = |addr, len: usize, by| Change::bytes(0, addr, &vec![0; len], &vec![1; len], by, Evidence::Written);
        let changes = [
            change(0x20, 4, Actor::Guest),
            change(0x10, 4, Actor::Guest),
            change(0x14, 4, Actor::Guest),
            change(0x11, 2, Actor::Guest),
            change(0x16, 1, Actor::Host),
            change(0xffff_fffe, 2, Actor::Guest),
        ];
        let written = WrittenRanges::of(&changes);
        let told: Vec<_> =
            written.iter().map(|written| (written.by, written.bounds().to_vec(), written.bytes())).collect();
        let guest = vec![(0x10, 0x17), (0x20, 0x23), (0xffff_fffe, u32::MAX)];
        assert_eq!(told, [(Actor::Host, vec![(0x16, 0x16)], 1), (Actor::Guest, guest.clone(), 14)]);
        let found = |range: Range<u64>| written[1].overlapping(&range).collect::<Vec<_>>();
        assert_eq!(found(0x17..0x21), [0x10..0x18, 0x20..0x24]);
        assert_eq!((found(0x18..0x20), found(0x24..0x30)), (vec![], vec![]));
        let read = |ranges| WrittenRanges::from_bounds(0, Actor::Guest, Evidence::Written, ranges);
        assert_eq!(read(guest), Some(written[1].clone()));
        for unsound in [vec![(2, 1)], vec![(1, 2), (3, 4)], vec![(5, 6), (1, 2)]] {
            assert_eq!(read(unsound), None);
        }
    }
}
