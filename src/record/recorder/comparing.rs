//! Comparing memories with their images, where they may differ.

use std::ops::Range;

use super::{Recorder, RecorderId};
use crate::record::{Actor, Change, Evidence};

/// Where a memory may differ from its image, which equalled it when the same recorder asked last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspects {
    /// Anywhere.
    All,
    /// The memory is zero except in these ranges.
    Populated(Vec<Range<u64>>),
    /// Only in these ranges.
    Written(Vec<Range<u64>>),
}

impl Recorder {
    /// Which recorder this is.
    pub fn id(&self) -> RecorderId {
        self.id
    }

    /// Compares all memories with their live bytes, where they may differ, and records growth and differences as made
    /// by `by`.
    pub fn compare_all<'a>(&mut self, live: impl Iterator<Item = (&'a [u8], Suspects)>, by: Actor) {
        live.enumerate().for_each(|(memory, (live, suspects))| self.compare_where(memory, live, suspects, by));
        self.outdated = false;
    }

    /// Compares a memory with its live bytes, and records growth and differences as made by `by`.
    pub fn compare(&mut self, memory: usize, live: &[u8], by: Actor) {
        self.compare_where(memory, live, Suspects::All, by);
    }

    fn compare_where(&mut self, memory: usize, live: &[u8], suspects: Suspects, by: Actor) {
        self.fit(memory, live, by);
        let mut image = std::mem::take(&mut self.present[memory]);
        let found =
            |addr, old: &[u8], new: &[u8]| self.push(Change::bytes(memory, addr, old, new, by, Evidence::Found));
        match suspects {
            Suspects::All => image.absorb(live, found),
            Suspects::Populated(ranges) => image.absorb_pages(live, &ranges, found),
            Suspects::Written(ranges) => image.absorb_ranges(live, &ranges, found),
        }
        self.present[memory] = image;
        self.is_compared(memory);
    }
}
