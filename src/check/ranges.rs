//! A set of addresses, as ranges.

use std::collections::BTreeMap;
use std::ops::Range;

/// Maximum number of ranges where nothing else is said.
const MOST: usize = 1 << 16;

/// A set of addresses. Adjacent ranges are joined.
#[derive(Clone, Debug)]
pub(super) struct Ranges {
    /// Maximum number of ranges.
    most: usize,
    /// The ends, by start.
    ends: BTreeMap<u64, u64>,
    /// Whether some were left out, because there were too many.
    incomplete: bool,
}

impl Default for Ranges {
    fn default() -> Ranges {
        Ranges::bounded(MOST)
    }
}

impl Ranges {
    /// An empty set that keeps no more than so many ranges.
    pub(super) fn bounded(most: usize) -> Ranges {
        Ranges { most, ends: BTreeMap::new(), incomplete: false }
    }

    /// Adds a range.
    pub(super) fn add(&mut self, range: Range<u64>) {
        if range.is_empty() {
            return;
        }
        if self.ends.len() >= self.most {
            self.incomplete = true;
            return;
        }
        let (mut start, mut end) = (range.start, range.end);
        while let Some((&other, &other_end)) = self.ends.range(..=end).next_back().filter(|(_, other)| **other >= start)
        {
            self.ends.remove(&other);
            (start, end) = (start.min(other), end.max(other_end));
        }
        self.ends.insert(start, end);
    }

    /// Whether all ranges were kept.
    pub(super) fn is_complete(&self) -> bool {
        !self.incomplete
    }

    /// The joined range that contains an address.
    pub(super) fn around(&self, addr: u64) -> Option<Range<u64>> {
        let (&start, &end) = self.ends.range(..=addr).next_back()?;
        (addr < end).then_some(start..end)
    }

    /// Whether the whole range is in the set.
    pub(super) fn covers(&self, range: &Range<u64>) -> bool {
        range.is_empty() || self.around(range.start).is_some_and(|around| around.end >= range.end)
    }

    /// Whether any address of the range is in the set.
    pub(super) fn meets(&self, range: &Range<u64>) -> bool {
        !range.is_empty() && self.ends.range(..range.end).next_back().is_some_and(|(_, end)| *end > range.start)
    }

    /// How many addresses of the range are in the set.
    pub(super) fn count(&self, range: &Range<u64>) -> u64 {
        let before = self.ends.range(..range.start).next_back().into_iter();
        let inside = self.ends.range(range.start..range.end.max(range.start));
        let part = |(&start, &end): (&u64, &u64)| end.min(range.end).saturating_sub(start.max(range.start));
        before.chain(inside).map(part).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_counted() {
        let mut ranges = Ranges::default();
        [10..20, 30..40, 20..25, 5..6, 0..0].into_iter().for_each(|range| ranges.add(range));
        assert_eq!((ranges.around(12), ranges.around(25), ranges.around(4)), (Some(10..25), None, None));
        assert!(ranges.covers(&(12..25)) && !ranges.covers(&(12..26)) && ranges.covers(&(7..7)));
        assert!(ranges.meets(&(24..26)) && !ranges.meets(&(25..30)) && !ranges.meets(&(10..10)));
        assert_eq!(ranges.count(&(0..100)), 26);
        assert_eq!(ranges.count(&(12..32)), 15);
        ranges.add(0..50);
        assert_eq!(ranges.around(3), Some(0..50));
    }
}
