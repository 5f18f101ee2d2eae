//! The pages that are not as in the guest's memory, because there was no time to copy them: very many, and mostly in a
//! row.

use std::collections::BTreeMap;

/// A set of pages, by memory and number.
#[derive(Debug, Default)]
pub(super) struct StalePages {
    /// The ranges of numbers, by memory and first number, with the number after the last. They are apart from each other.
    ranges: BTreeMap<(usize, u64), u64>,
}

impl StalePages {
    pub(super) fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    pub(super) fn contains(&self, memory: usize, number: u64) -> bool {
        self.range_at(memory, number).is_some_and(|(_, end)| number < end)
    }

    pub(super) fn insert(&mut self, memory: usize, number: u64) {
        let before = self.range_at(memory, number);
        if before.is_some_and(|(_, end)| number < end) {
            return;
        }
        let start = before.filter(|&(_, end)| end == number).map_or(number, |(start, _)| start);
        let end = self.ranges.remove(&(memory, number + 1)).unwrap_or(number + 1);
        self.ranges.insert((memory, start), end);
    }

    pub(super) fn remove(&mut self, memory: usize, number: u64) {
        let Some((start, end)) = self.range_at(memory, number).filter(|&(_, end)| number < end) else { return };
        self.ranges.remove(&(memory, start));
        for (start, end) in [(start, number), (number + 1, end)] {
            if start < end {
                self.ranges.insert((memory, start), end);
            }
        }
    }

    /// Takes the first page out.
    pub(super) fn pop_first(&mut self) -> Option<(usize, u64)> {
        let ((memory, number), end) = self.ranges.pop_first()?;
        if number + 1 < end {
            self.ranges.insert((memory, number + 1), end);
        }
        Some((memory, number))
    }

    /// Takes all pages of a memory out.
    pub(super) fn forget(&mut self, memory: usize) {
        self.ranges.retain(|&(of, _), _| of != memory);
    }

    /// The last range that begins at a page or before.
    fn range_at(&self, memory: usize, number: u64) -> Option<(u64, u64)> {
        let (&(_, start), &end) = self.ranges.range((memory, 0)..=(memory, number)).next_back()?;
        Some((start, end))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set_of_pages(steps in prop::collection::vec((any::<bool>(), 0..2_usize, 0..12_u64), 0..80)) {
            let (mut stale, mut expected) = (StalePages::default(), BTreeSet::new());
            for (adds, memory, number) in steps {
                if adds {
                    stale.insert(memory, number);
                    expected.insert((memory, number));
                } else {
                    stale.remove(memory, number);
                    expected.remove(&(memory, number));
                }
                for memory in 0..2 {
                    for number in 0..13 {
                        prop_assert_eq!(stale.contains(memory, number), expected.contains(&(memory, number)));
                    }
                }
            }
            prop_assert!(stale.ranges.iter().all(|(&(memory, _), &end)| !stale.ranges.contains_key(&(memory, end))));
            while let Some(page) = expected.pop_first() {
                prop_assert_eq!(stale.pop_first(), Some(page));
            }
            prop_assert!(stale.is_empty());
        }
    }

    #[test]
    fn pages_in_a_row_are_one_range() {
        let mut stale = StalePages::default();
        (0..100_000).for_each(|number| stale.insert(0, number));
        stale.insert(1, 3);
        assert_eq!(stale.ranges.len(), 2);
        stale.forget(0);
        assert_eq!((stale.pop_first(), stale.pop_first()), (Some((1, 3)), None));
    }
}
