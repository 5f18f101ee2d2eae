//! Blocks that a recipe freed, and static memory that an allocator never returns.

use crate::guest::Interface;

/// A block that a line of the recipe freed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) addr: u64,
    /// Its minimum length in bytes.
    pub(super) len: u64,
    /// The recipe line that freed it.
    pub(super) freed_at: usize,
}

impl Block {
    /// Whether an address is inside the block but not its start.
    pub(super) fn is_around(self, addr: u64) -> bool {
        addr > self.addr && addr - self.addr < self.len
    }
}

/// The static memory of a module, as far as it is known: data segments and everything below `__heap_base`. Sorted and
/// disjoint.
#[derive(Clone, Debug, Default)]
pub(super) struct StaticMemory(Vec<(u64, u64)>);

impl StaticMemory {
    pub(super) fn of(interface: &Interface, memory: usize) -> StaticMemory {
        let segments = interface.segments.iter().filter(|segment| u32::try_from(memory) == Ok(segment.memory));
        let data = segments.filter_map(|segment| Some((segment.addr?, segment.addr?.saturating_add(segment.len))));
        let base = interface.globals.iter().filter(|variable| memory == 0 && variable.name == "__heap_base");
        let below_heap = base.filter_map(|variable| Some((0, variable.start?)));
        let mut ranges: Vec<_> = data.chain(below_heap).collect();
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::new();
        for (start, end) in ranges.into_iter().filter(|(start, end)| start < end) {
            match merged.last_mut().filter(|last| start <= last.1) {
                Some(last) => last.1 = last.1.max(end),
                None => merged.push((start, end)),
            }
        }
        StaticMemory(merged)
    }

    pub(super) fn ranges(&self) -> &[(u64, u64)] {
        &self.0
    }

    /// Whether a block of at least one byte overlaps a range that does not contain the line: an allocator that returned
    /// the line's block may return that one too.
    pub(super) fn meets(&self, addr: u64, len: u64, line: Option<u64>) -> bool {
        let before = self.0.partition_point(|(start, _)| *start < addr.saturating_add(len.max(1)));
        let met = self.0[..before].iter().rev().take_while(|(_, end)| addr < *end);
        met.into_iter().any(|(start, end)| line.is_none_or(|line| !(*start..*end).contains(&line)))
    }
}
