//! One change of a linear memory: bytes with their old and new values, or growth.

use std::ops::Range;
use std::sync::Arc;

use super::{Image, Memories, WASM_PAGE};

/// Maximum number of memories of a guest in a file.
pub const MEMORIES: usize = 100;
/// Maximum number of pages in a memory.
const PAGES: u64 = 65_536;
/// What an allocation costs besides its bytes: two counts, and what the allocator needs.
const ALLOCATION: usize = 32;

/// Who changed a byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Actor {
    /// The module, during instantiation: its data segments.
    Module,
    /// The host: linmem, for the user.
    Host,
    /// The guest's own code.
    Guest,
}

impl Actor {
    /// The actor's name.
    pub fn word(self) -> &'static str {
        match self {
            Actor::Module => "module",
            Actor::Host => "host",
            Actor::Guest => "guest",
        }
    }
}

/// How a change is known, which determines what an equal byte in it means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The write was seen: every byte was written, equal ones too.
    Written,
    /// Found by comparing memory before and after: differing bytes were written; equal bytes may have been.
    Found,
}

/// One change of one memory, with everything needed to undo and redo it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Bytes were written, or found to differ.
    Bytes {
        /// The memory's index.
        memory: usize,
        /// The address of the first byte.
        addr: u64,
        /// The old bytes, then the same number of new ones, in one allocation.
        old_then_new: Arc<[u8]>,
        /// Who wrote them.
        by: Actor,
        /// How the change is known.
        evidence: Evidence,
        /// Which bytes were written, if not all.
        mask: Option<Mask>,
    },
    /// Bytes were written, or found to differ, and their values are not kept: they would exceed the limit on recorded
    /// data. To undo or redo it does nothing, so memory before it is unknown.
    Bare {
        /// The memory's index.
        memory: usize,
        /// The address of the first byte.
        addr: u64,
        /// How many bytes.
        len: u64,
        /// Who wrote them.
        by: Actor,
        /// How the change is known.
        evidence: Evidence,
        /// Which bytes were written, if not all.
        mask: Option<Mask>,
    },
    /// The memory grew by zeroed pages; or a fresh guest began with fewer pages, and the removed pages were zero.
    Growth {
        /// The memory's index.
        memory: usize,
        /// Size before, in WebAssembly pages.
        from: u64,
        /// Size after, in WebAssembly pages.
        to: u64,
        /// Who grew it.
        by: Actor,
    },
}

/// A set of the bytes of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask(
    /// One bit per byte, lowest first.
    Arc<[u8]>,
);

impl Mask {
    /// The set of all indices below `len` for which `has` returns true.
    pub(super) fn new(len: usize, has: impl Fn(usize) -> bool) -> Mask {
        let byte = |first: usize| {
            (first..len.min(first + 8)).fold(0, |byte, place| byte | u8::from(has(place)) << (place - first))
        };
        Mask((0..len).step_by(8).map(byte).collect())
    }

    /// The bits, lowest of the first byte first.
    pub fn bits(&self) -> &[u8] {
        &self.0
    }

    /// A set from these bits. `None` if their length does not match `len`.
    pub fn from_bits(bits: &[u8], len: usize) -> Option<Mask> {
        (bits.len() == len.div_ceil(8)).then(|| Mask(bits.into()))
    }

    /// Whether the byte at this index is in the set.
    pub fn has(&self, place: usize) -> bool {
        self.0.get(place / 8).is_some_and(|byte| byte >> (place % 8) & 1 == 1)
    }
}

/// Whether two slices of equal length differ in every byte.
pub fn differ_throughout(old: &[u8], new: &[u8]) -> bool {
    // Written so that it vectorizes.
    old.iter().zip(new).fold(u8::MAX, |least, (old, new)| least.min(old ^ new)) != 0
}

/// How many bytes at the start can be skipped, in whole blocks, when one that differs is sought, or one that does not.
fn skipped(old: &[u8], new: &[u8], differs: bool) -> usize {
    const BLOCK: usize = 64;
    let mut blocks = old.chunks_exact(BLOCK).zip(new.chunks_exact(BLOCK));
    let stops = |(old, new): (&[u8], &[u8])| if differs { old != new } else { !differ_throughout(old, new) };
    blocks.position(stops).unwrap_or(old.len() / BLOCK) * BLOCK
}

impl Change {
    /// A change of bytes from `old` to `new`, which must have the same length.
    pub fn bytes(memory: usize, addr: u64, old: &[u8], new: &[u8], by: Actor, evidence: Evidence) -> Change {
        assert_eq!(old.len(), new.len(), "a change replaces bytes one for one");
        Change::Bytes { memory, addr, old_then_new: [old, new].concat().into(), by, evidence, mask: None }
    }

    /// The same change, restricted to the bytes in the mask, if any.
    pub fn with_mask(mut self, of: Option<Mask>) -> Change {
        if let Change::Bytes { mask, .. } | Change::Bare { mask, .. } = &mut self {
            *mask = of;
        }
        self
    }

    /// The same change without the values of its bytes.
    pub(super) fn bare(&self) -> Change {
        let &Change::Bytes { memory, addr, ref old_then_new, by, evidence, ref mask } = self else {
            return self.clone();
        };
        let len = old_then_new.len() / 2;
        let is_whole = evidence == Evidence::Written || (0..len).all(|place| self.is_written(place));
        let mask = if is_whole { mask.clone() } else { Some(Mask::new(len, |place| self.is_written(place))) };
        Change::Bare { memory, addr, len: len as u64, by, evidence, mask }
    }

    /// Whether the values of its bytes are not kept.
    pub fn is_bare(&self) -> bool {
        matches!(self, Change::Bare { .. })
    }

    /// The memory, the range and the writer; `None` for growth.
    pub fn place(&self) -> Option<(usize, Range<u64>, Actor)> {
        match self {
            Change::Bytes { memory, addr, old_then_new, by, .. } => {
                Some((*memory, *addr..addr.saturating_add(old_then_new.len() as u64 / 2), *by))
            }
            Change::Bare { memory, addr, len, by, .. } => Some((*memory, *addr..addr.saturating_add(*len), *by)),
            Change::Growth { .. } => None,
        }
    }

    /// How its bytes are known; `None` for growth.
    pub fn evidence(&self) -> Option<Evidence> {
        match self {
            Change::Bytes { evidence, .. } | Change::Bare { evidence, .. } => Some(*evidence),
            Change::Growth { .. } => None,
        }
    }

    /// Number of bytes in its range.
    fn len(&self) -> usize {
        match self {
            Change::Bytes { old_then_new, .. } => old_then_new.len() / 2,
            Change::Bare { len, .. } => usize::try_from(*len).unwrap_or(usize::MAX),
            Change::Growth { .. } => 0,
        }
    }

    /// Whether every byte of its range is known to be written, without a look at each.
    fn is_whole(&self) -> bool {
        matches!(self, Change::Bytes { evidence: Evidence::Written, mask: None, .. } | Change::Bare { mask: None, .. })
    }

    /// Number of bytes known to be written.
    pub fn written(&self) -> usize {
        match self.is_whole() {
            true => self.len(),
            false => self.runs().map(|run| usize::try_from(run.end - run.start).unwrap_or(usize::MAX)).sum(),
        }
    }

    /// The runs of bytes known to be written, as addresses.
    pub fn runs(&self) -> impl Iterator<Item = Range<u64>> {
        let (addr, len) = (self.place().map_or(0, |(_, range, _)| range.start), self.len());
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.find(at, true)?;
            let end = self.find(start, false).unwrap_or(len);
            at = end;
            Some(addr + start as u64..addr + end as u64)
        })
    }

    /// The first index at or after `from` whose byte is known to be written, or is not.
    fn find(&self, from: usize, written: bool) -> Option<usize> {
        let len = self.len();
        if self.is_whole() {
            return (written && from < len).then_some(from);
        }
        let from = match self {
            Change::Bytes { old_then_new, evidence: Evidence::Found, .. } => {
                let (old, new) = old_then_new.split_at(len);
                from + skipped(&old[from..], &new[from..], written)
            }
            _ => from,
        };
        (from..len).find(|&place| self.is_written(place) == written)
    }

    /// Whether the byte at this index is known to be written.
    pub fn is_written(&self, place: usize) -> bool {
        let len = self.len();
        let (old_then_new, evidence, mask) = match self {
            Change::Bytes { old_then_new, evidence, mask, .. } => (old_then_new, evidence, mask),
            Change::Bare { mask, .. } => return place < len && mask.as_ref().is_none_or(|mask| mask.has(place)),
            Change::Growth { .. } => return false,
        };
        place < len
            && match (evidence, mask) {
                (Evidence::Written, Some(mask)) => mask.has(place),
                (Evidence::Written, None) => true,
                (Evidence::Found, _) => old_then_new[place] != old_then_new[len + place],
            }
    }

    /// Memory cost in bytes.
    pub fn cost(&self) -> usize {
        let bytes = match self {
            Change::Bytes { old_then_new, mask, .. } => {
                old_then_new.len() + mask.as_ref().map_or(0, |mask| mask.0.len())
            }
            Change::Bare { mask, .. } => mask.as_ref().map_or(0, |mask| mask.0.len()),
            Change::Growth { .. } => 0,
        };
        let allocations = match self {
            Change::Bytes { mask, .. } => 1 + usize::from(mask.is_some()),
            Change::Bare { mask, .. } => usize::from(mask.is_some()),
            Change::Growth { .. } => 0,
        };
        bytes + allocations * ALLOCATION + size_of::<Change>()
    }

    /// Who wrote the byte at this address, if this change is known to have written it.
    pub fn writer(&self, of: usize, at: u64) -> Option<Actor> {
        let (memory, range, by) = self.place()?;
        let place = usize::try_from(at.checked_sub(range.start)?).ok()?;
        (memory == of && self.is_written(place)).then_some(by)
    }

    /// Redoes the change in `memories`, which must be in the state before it.
    pub fn redo(&self, memories: &mut Memories) {
        match self {
            Change::Bytes { memory, addr, old_then_new, .. } => {
                memories[*memory].write(*addr, &old_then_new[old_then_new.len() / 2..]);
            }
            Change::Bare { .. } => (),
            Change::Growth { memory, to, .. } => memories[*memory].resize(to * WASM_PAGE),
        }
    }

    /// Whether its range or its sizes are within the memories that a file claims.
    pub(super) fn is_inside(&self, memories: &Memories) -> bool {
        let end = self.place().map_or(0, |(_, range, _)| range.end);
        match *self {
            Change::Bytes { memory, .. } | Change::Bare { memory, .. } => {
                memories.get(memory).is_some_and(|image| end <= image.len())
            }
            Change::Growth { memory, from, to, .. } => memory < memories.len() && from.max(to) <= PAGES,
        }
    }

    /// Redoes a change that may not fit. Returns `None` and does nothing unless `memories` are in the state before it.
    pub(super) fn apply(&self, memories: &mut Memories) -> Option<()> {
        match *self {
            Change::Bytes { memory, addr, ref old_then_new, .. } => {
                let (old, _) = old_then_new
                    .split_at_checked(old_then_new.len() / 2)
                    .filter(|(old, new)| old.len() == new.len())?;
                let mut found = vec![0; old.len()];
                (memories.get(memory)?.read(addr, &mut found) == old.len() && found == old).then_some(())?;
            }
            Change::Bare { .. } => return None,
            Change::Growth { memory, from, to, .. } => {
                (memory <= memories.len() && memory < MEMORIES && from.max(to) <= PAGES).then_some(())?;
                memories.resize_with(memories.len().max(memory + 1), Image::default);
                (memories[memory].len() == from * WASM_PAGE).then_some(())?;
            }
        }
        self.redo(memories);
        Some(())
    }

    /// Undoes the change in `memories`, which must be in the state after it.
    pub fn undo(&self, memories: &mut Memories) {
        match self {
            Change::Bytes { memory, addr, old_then_new, .. } => {
                memories[*memory].write(*addr, &old_then_new[..old_then_new.len() / 2]);
            }
            Change::Bare { .. } => (),
            Change::Growth { memory, from, .. } => memories[*memory].resize(from * WASM_PAGE),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Long runs of bytes that differ and of bytes that do not, so that whole blocks are skipped.
    fn pairs() -> impl Strategy<Value = Vec<bool>> {
        vec((any::<bool>(), 0_usize..200), 0..8)
            .prop_map(|runs| runs.into_iter().flat_map(|(differs, len)| vec![differs; len]).collect())
    }

    proptest! {
        #[test]
        fn runs_are_the_bytes_that_are_written(differ in pairs(), is_masked: bool) {
            let (old, new) = (vec![7; differ.len()], differ.iter().map(|&differs| 7 + u8::from(differs)).collect::<Vec<_>>());
            let change = match is_masked {
                true => Change::bytes(0, 100, &new, &new, Actor::Module, Evidence::Written)
                    .with_mask(Some(Mask::new(differ.len(), |place| differ[place]))),
                false => Change::bytes(0, 100, &old, &new, Actor::Module, Evidence::Found),
            };
            let mut written = vec![false; differ.len()];
            for run in change.runs() {
                let run = usize::try_from(run.start - 100)?..usize::try_from(run.end - 100)?;
                prop_assert!(!run.is_empty() && (run.start == 0 || !written[run.start - 1]));
                written[run].fill(true);
            }
            prop_assert_eq!(change.written(), differ.iter().filter(|&&differs| differs).count());
            prop_assert_eq!(written, differ);
        }
    }
}
