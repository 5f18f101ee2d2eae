//! One change of a linear memory: bytes with their old and new values, or growth.

use std::ops::Range;
use std::sync::Arc;

use super::{Image, Memories, WASM_PAGE};

/// Maximum number of memories of a guest in a file.
pub const MEMORIES: usize = 100;
/// Maximum number of pages in a memory.
const PAGES: u64 = 65_536;

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

impl Change {
    /// A change of bytes from `old` to `new`, which must have the same length.
    pub fn bytes(memory: usize, addr: u64, old: &[u8], new: &[u8], by: Actor, evidence: Evidence) -> Change {
        assert_eq!(old.len(), new.len(), "a change replaces bytes one for one");
        Change::Bytes { memory, addr, old_then_new: [old, new].concat().into(), by, evidence, mask: None }
    }

    /// The same change, restricted to the bytes in the mask, if any.
    pub fn with_mask(mut self, of: Option<Mask>) -> Change {
        if let Change::Bytes { mask, .. } = &mut self {
            *mask = of;
        }
        self
    }

    /// Number of bytes known to be written.
    pub fn written(&self) -> usize {
        match self {
            Change::Bytes { old_then_new, evidence: Evidence::Written, mask: None, .. } => old_then_new.len() / 2,
            Change::Bytes { old_then_new, .. } => {
                (0..old_then_new.len() / 2).filter(|&place| self.is_written(place)).count()
            }
            Change::Growth { .. } => 0,
        }
    }

    /// The runs of bytes known to be written, as addresses.
    pub fn runs(&self) -> impl Iterator<Item = Range<u64>> {
        let (addr, len) = match self {
            Change::Bytes { addr, old_then_new, .. } => (*addr, old_then_new.len() / 2),
            Change::Growth { .. } => (0, 0),
        };
        // Without a look at each byte where all were written.
        let is_whole = matches!(self, Change::Bytes { evidence: Evidence::Written, mask: None, .. });
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = (at..len).find(|&place| self.is_written(place))?;
            let end = if is_whole { None } else { (start..len).find(|&place| !self.is_written(place)) };
            let end = end.unwrap_or(len);
            at = end;
            Some(addr + start as u64..addr + end as u64)
        })
    }

    /// Whether the byte at this index is known to be written.
    pub fn is_written(&self, place: usize) -> bool {
        let Change::Bytes { old_then_new, evidence, mask, .. } = self else { return false };
        let len = old_then_new.len() / 2;
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
            Change::Growth { .. } => 0,
        };
        bytes + size_of::<Change>()
    }

    /// Who wrote the byte at this address, if this change is known to have written it.
    pub fn writer(&self, of: usize, at: u64) -> Option<Actor> {
        let Change::Bytes { memory, addr, by, .. } = self else { return None };
        let place = usize::try_from(at.checked_sub(*addr)?).ok()?;
        (*memory == of && self.is_written(place)).then_some(*by)
    }

    /// Redoes the change in `memories`, which must be in the state before it.
    pub fn redo(&self, memories: &mut Memories) {
        match self {
            Change::Bytes { memory, addr, old_then_new, .. } => {
                memories[*memory].write(*addr, &old_then_new[old_then_new.len() / 2..]);
            }
            Change::Growth { memory, to, .. } => memories[*memory].resize(to * WASM_PAGE),
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
            Change::Growth { memory, from, .. } => memories[*memory].resize(from * WASM_PAGE),
        }
    }
}
