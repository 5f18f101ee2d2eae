//! Comparing memories with their images, where they may differ.

use std::ops::Range;

use super::{Recorder, RecorderId};
use crate::record::{Actor, Change, Evidence, Patience};

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
    /// by `by`. If there is no more time, the rest stays unknown.
    pub fn compare_all<'a>(
        &mut self,
        live: impl Iterator<Item = (&'a [u8], Suspects)>,
        by: Actor,
        patience: Patience<'_>,
    ) {
        // What was not compared the last time may differ anywhere.
        let is_anywhere = self.is_partial;
        let mut is_whole = true;
        for (memory, (live, suspects)) in live.enumerate() {
            let suspects = if is_anywhere { Suspects::All } else { suspects };
            is_whole &= self.compare_where(memory, live, suspects, by, patience);
        }
        (self.outdated, self.is_partial) = (!is_whole, !is_whole);
    }

    /// Compares a memory with its live bytes, and records growth and differences as made by `by`. Returns whether it was
    /// compared as a whole.
    pub fn compare(&mut self, memory: usize, live: &[u8], by: Actor, patience: Patience<'_>) -> bool {
        self.compare_where(memory, live, Suspects::All, by, patience)
    }

    fn compare_where(
        &mut self,
        memory: usize,
        live: &[u8],
        suspects: Suspects,
        by: Actor,
        patience: Patience<'_>,
    ) -> bool {
        self.fit(memory, live, by);
        let mut image = std::mem::take(&mut self.present[memory]);
        let found =
            |addr, old: &[u8], new: &[u8]| self.push(Change::bytes(memory, addr, old, new, by, Evidence::Found));
        let is_whole = match suspects {
            Suspects::All => image.absorb(live, patience, found),
            Suspects::Populated(ranges) => image.absorb_pages(live, &ranges, patience, found),
            Suspects::Written(ranges) => image.absorb_ranges(live, &ranges, patience, found),
        };
        self.present[memory] = image;
        if is_whole {
            self.is_compared(memory);
        }
        is_whole
    }
}
