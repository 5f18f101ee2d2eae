//! Ranges of pages for which something was done already.

use std::ops::Range;

/// How many ranges are remembered. A guest that works on more of them in turn has the work done again.
const MOST: usize = 256;

/// Some ranges of page numbers: in order, and apart from each other.
#[derive(Debug, Default)]
pub(super) struct PageRanges(Vec<Range<u32>>);

impl PageRanges {
    /// Adds a range. Returns those parts of it, in order, that were missing.
    pub(super) fn add(&mut self, range: Range<u32>) -> Vec<Range<u32>> {
        let joined = self.0.partition_point(|known| known.end < range.start)
            ..self.0.partition_point(|known| known.start <= range.end);
        let known = &self.0[joined.clone()];
        let starts = std::iter::once(range.start).chain(known.iter().map(|known| known.end));
        let ends = known.iter().map(|known| known.start).chain([range.end]);
        let missing = starts.zip(ends).map(|(start, end)| start.max(range.start)..end.min(range.end));
        let missing = missing.filter(|part| !part.is_empty()).collect();
        let start = known.first().map_or(range.start, |first| first.start.min(range.start));
        let end = known.last().map_or(range.end, |last| last.end.max(range.end));
        self.0.splice(joined, std::iter::once(start..end));
        if self.0.len() > MOST {
            self.0.clear();
            self.0.push(start..end);
        }
        missing
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_missing_was_not_added(added in prop::collection::vec((0..60_u32, 1..9_u32), 0..20)) {
            let (mut ranges, mut known) = (PageRanges::default(), [false; 80]);
            for (start, len) in added {
                let range = start..start + len;
                let mut at = range.start;
                for missing in ranges.add(range.clone()) {
                    prop_assert!(missing.start >= at && missing.end <= range.end && !missing.is_empty());
                    prop_assert!((at..missing.start).all(|page| known[page as usize]));
                    for page in missing.clone() {
                        prop_assert!(!std::mem::replace(&mut known[page as usize], true));
                    }
                    at = missing.end;
                }
                prop_assert!((at..range.end).all(|page| known[page as usize]));
            }
        }
    }

    #[test]
    fn only_so_many_are_remembered() {
        let mut ranges = PageRanges::default();
        (0..10_000).for_each(|place| drop(ranges.add(2 * place..2 * place + 1)));
        assert!(ranges.0.len() <= MOST);
        assert_eq!(ranges.add(19_998..20_000).as_slice(), std::slice::from_ref(&(19_999..20_000)));
    }
}
