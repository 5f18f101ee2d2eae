//! The lives of the blocks that the host got from the guest's allocator, followed by the calls that the host makes. What
//! the guest allocates and frees itself is not visible; where it may have, nothing is claimed.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::addresses::addresses;
use super::facts::{Facts, Part, number, product};
use super::ranges::Ranges;
use crate::record::{Actor, Change, Image, Step, StepKind, Value};

/// Maximum number of blocks followed.
const MOST: usize = 1 << 14;
/// Maximum number of ranges remembered of what was written in a block.
const PARTS: usize = 256;
/// What the host writes and reads is searched for addresses of blocks up to this length.
const STRUCT: u64 = 256;

/// A block that an allocator returned.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) addr: u64,
    /// The requested size.
    pub(super) len: u64,
    /// The export that returned it.
    pub(super) by: Arc<str>,
    /// The number of the cause.
    pub(super) cause: usize,
    /// Whether the allocator clears its blocks.
    pub(super) zeroed: bool,
    /// Whether the guest got its address, so that it may use, keep or free it.
    pub(super) given: bool,
    /// Whether the guest returned its address since it got it.
    pub(super) returned: bool,
    /// What was written there since.
    pub(super) written: Ranges,
    /// What the host wrote there and the guest has not changed.
    pub(super) by_host: Ranges,
}

impl Block {
    pub(super) fn range(&self) -> Range<u64> {
        self.addr..self.addr.saturating_add(self.len)
    }

    /// `the block malloc(12) at 0x500`.
    pub(super) fn name(&self) -> String {
        format!("the block {}({}) at {:#x}", crate::record::plain(&self.by), self.len, self.addr)
    }
}

/// A call that frees a block.
#[derive(Clone, Debug)]
pub(super) struct Freed {
    pub(super) addr: u64,
    /// The size, if the function takes one.
    pub(super) size: Option<u64>,
    /// The export.
    pub(super) by: Arc<str>,
}

/// The followed blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    live: BTreeMap<u64, Block>,
    /// What was freed since the guest last ran otherwise: until then no block can be there again. With the export.
    freed: Vec<(Range<u64>, Arc<str>)>,
    /// The addresses of blocks without bytes, of which there may be many at one address, each with their number.
    empty: HashMap<u64, usize>,
}

impl Blocks {
    /// The live block that contains an address.
    pub(super) fn around(&self, addr: u64) -> Option<&Block> {
        let (_, block) = self.live.range(..=addr).next_back()?;
        (addr < block.range().end).then_some(block)
    }

    /// The live block at an address.
    pub(super) fn at(&self, addr: u64) -> Option<&Block> {
        self.live.get(&addr)
    }

    /// The live blocks that begin before an address, last first.
    pub(super) fn before(&self, addr: u64) -> impl Iterator<Item = &Block> {
        self.live.range(..addr).rev().map(|(_, block)| block)
    }

    /// All live blocks.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Block> {
        self.live.values()
    }

    /// The freed block that contains an address, and what freed it.
    pub(super) fn freed(&self, addr: u64) -> Option<&(Range<u64>, Arc<str>)> {
        self.freed.iter().rev().find(|(range, _)| range.contains(&addr))
    }

    pub(super) fn clear(&mut self) {
        *self = Blocks::default();
    }

    /// Notes the beginning of a step: which blocks the guest gets.
    pub(super) fn enter(&mut self, step: &Step, facts: &Facts) {
        match &step.kind {
            StepKind::Call { export, args, .. } if facts.part(export).is_none() => {
                self.freed.clear();
                self.give(args);
            }
            StepKind::Set { value, .. } => self.give(&[*value]),
            _ => (),
        }
    }

    /// Notes the end of a step: which blocks the guest got or returned, in results or in memory that the host reads.
    pub(super) fn leave(&mut self, step: &Step, facts: &Facts, image: &Image) {
        match &step.kind {
            StepKind::Read { memory, addr, len: len @ ..=STRUCT, .. } if *memory == facts.memory => {
                let mut bytes = vec![0; usize::try_from(*len).unwrap_or(0)];
                image.read(*addr, &mut bytes);
                for word in bytes.chunks_exact(4) {
                    let addr = u32::from_le_bytes(word.try_into().unwrap_or_default());
                    self.return_at(addr.into());
                }
            }
            StepKind::Import { results: Some(results), .. } => self.give(results),
            StepKind::Call { export, results: Some(results), .. } if facts.part(export).is_none() => {
                results.iter().flat_map(|&value| addresses(value)).flatten().for_each(|addr| self.return_at(addr));
            }
            _ => (),
        }
    }

    fn return_at(&mut self, addr: u64) {
        if let Some(block) = self.live.get_mut(&addr) {
            block.returned = true;
        }
    }

    fn give(&mut self, values: &[Value]) {
        values.iter().flat_map(|&value| addresses(value)).flatten().for_each(|addr| self.give_at(addr));
    }

    fn give_at(&mut self, addr: u64) {
        if let Some((_, block)) = self.live.range_mut(..=addr).next_back()
            && block.range().contains(&addr)
        {
            block.given = true;
        }
    }

    /// Notes a change: what was written in blocks, and which addresses the host wrote.
    pub(super) fn change(&mut self, change: &Change, facts: &Facts) {
        let Some((memory, _, by)) = change.place() else { return };
        if memory != facts.memory || self.live.is_empty() {
            return;
        }
        let new = match change {
            Change::Bytes { old_then_new, .. } => &old_then_new[old_then_new.len() / 2..],
            _ => &[],
        };
        if by == Actor::Host && new.len() as u64 <= STRUCT {
            for word in new.chunks_exact(4) {
                let addr = u32::from_le_bytes(word.try_into().unwrap_or_default());
                self.give_at(addr.into());
            }
        }
        for run in change.runs() {
            let met = self.live.range_mut(..run.end).rev().take_while(|(_, block)| block.range().end > run.start);
            for (_, block) in met {
                let part = run.start.max(block.addr)..run.end.min(block.range().end);
                if by == Actor::Host {
                    block.by_host.add(part.clone());
                }
                block.written.add(part);
            }
        }
    }

    /// Adds a block. Blocks that it overlaps are no longer there: the guest must have freed them.
    pub(super) fn allocate(&mut self, block: Block) {
        let range = block.range();
        let overlapped: Vec<_> = self
            .live
            .range(..range.end.max(range.start.saturating_add(1)))
            .rev()
            .take_while(|(_, other)| other.range().end > range.start || other.addr == range.start)
            .map(|(&addr, _)| addr)
            .collect();
        overlapped.iter().for_each(|addr| {
            self.live.remove(addr);
        });
        self.freed.retain(|(freed, _)| freed.end <= range.start || range.end <= freed.start);
        if self.live.len() < MOST {
            self.live.insert(block.addr, block);
        }
    }

    /// Adds a block without bytes.
    pub(super) fn allocate_empty(&mut self, addr: u64) {
        if self.empty.len() < MOST {
            *self.empty.entry(addr).or_default() += 1;
        }
    }

    /// Whether the allocator returned a block without bytes at this address that is not freed yet.
    pub(super) fn has_empty(&self, addr: u64) -> bool {
        self.empty.contains_key(&addr)
    }

    /// Whether a block without bytes is freed at this address; it is removed.
    pub(super) fn free_empty(&mut self, addr: u64) -> bool {
        let Some(count) = self.empty.get_mut(&addr) else { return false };
        *count -= 1;
        if *count == 0 {
            self.empty.remove(&addr);
        }
        !self.live.contains_key(&addr)
    }

    /// Removes a block that is freed.
    pub(super) fn free(&mut self, freed: &Freed) {
        let known = self.live.remove(&freed.addr);
        let len = known.map_or(0, |block| block.len).max(freed.size.unwrap_or(0)).max(1);
        self.freed.push((freed.addr..freed.addr.saturating_add(len), freed.by.clone()));
    }
}

/// What a call of an allocator does: what it frees, and what it allocates.
pub(super) fn effects(step: &Step, facts: &Facts, cause: usize) -> (Option<Freed>, Option<Block>) {
    let StepKind::Call { export, args, results } = &step.kind else { return (None, None) };
    let (freed, len, zeroed) = match facts.part(export) {
        Some(Part::Free { addr, size }) => {
            let size = size.and_then(|size| number(args, size));
            let addr = number(args, *addr).filter(|&addr| addr != 0 && size != Some(0));
            return (addr.map(|addr| Freed { addr, size, by: export.clone() }), None);
        }
        Some(Part::Allocate { sizes, zeroed }) => (None, product(args, sizes), *zeroed),
        Some(Part::Reallocate { old, size }) => {
            let old = number(args, *old).filter(|&old| old != 0);
            let freed = old.map(|addr| Freed { addr, size: None, by: export.clone() });
            (freed, number(args, *size), false)
        }
        Some(Part::Serve) | None => return (None, None),
    };
    let addr = results.as_ref().and_then(|results| number(results, 0));
    let block = addr.zip(len).map(|(addr, len)| Block {
        addr,
        len,
        by: export.clone(),
        cause,
        zeroed,
        given: false,
        returned: false,
        written: Ranges::bounded(PARTS),
        by_host: Ranges::bounded(PARTS),
    });
    (freed, block)
}
