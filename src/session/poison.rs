//! Fills blocks of the guest's allocator with a byte when they are allocated and just before they are freed, so that
//! reads of what nobody wrote are seen.

use std::collections::HashMap;

use crate::check::{Facts, poison_note};
use crate::guest::{Boundary, CallLayer, Func, Host};
use crate::record::{Failure, Value};

/// Maximum number of blocks whose sizes are remembered.
const MOST: usize = 1 << 16;

/// The byte, and the blocks that were filled.
pub(super) struct Poison {
    byte: u8,
    facts: Facts,
    /// The sizes of the blocks in use, by address.
    blocks: HashMap<u64, u64>,
}

impl Poison {
    pub(super) fn new(byte: u8, facts: Facts) -> Poison {
        Poison { byte, facts, blocks: HashMap::new() }
    }

    /// Forgets the blocks: a fresh guest begins.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
    }

    /// The same byte for a fresh guest whose allocators are these.
    pub(super) fn renewed(&self, facts: Facts) -> Poison {
        Poison::new(self.byte, facts)
    }
}

/// A guest whose blocks are filled.
pub(super) struct Poisoned<'a, B> {
    inner: &'a mut B,
    poison: &'a mut Poison,
    /// The results of the last call.
    results: Vec<Value>,
}

impl<'a, B: Boundary> Poisoned<'a, B> {
    pub(super) fn new(inner: &'a mut B, poison: &'a mut Poison) -> Poisoned<'a, B> {
        Poisoned { inner, poison, results: Vec::new() }
    }

    /// Fills a block, if it is inside memory: an allocator may return anything.
    fn fill(&mut self, addr: u64, len: u64) -> Result<(), Box<Failure>> {
        let Poison { byte, facts, .. } = &*self.poison;
        let memory = facts.memory();
        let size = self.inner.bytes(memory).len() as u64;
        let Some(len) = usize::try_from(len).ok().filter(|_| addr.checked_add(len).is_some_and(|end| end <= size))
        else {
            return Ok(());
        };
        if len == 0 || addr == 0 {
            return Ok(());
        }
        self.inner.note(&poison_note(*byte, addr, len as u64));
        self.inner.write(memory, addr, &vec![*byte; len])
    }
}

impl<B: Boundary> CallLayer for Poisoned<'_, B> {
    type Inner = B;

    fn inner(&self) -> &B {
        self.inner
    }

    fn inner_mut(&mut self) -> &mut B {
        self.inner
    }

    fn call_through(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
        if let Some(addr) = self.poison.facts.freed(&func.name, args)
            && let Some(len) = self.poison.blocks.remove(&addr)
        {
            self.fill(addr, len)?;
        }
        self.results = self.inner.call(func, args, host)?.to_vec();
        if let Some((addr, len, is_empty)) = self.poison.facts.allocated(&func.name, args, &self.results) {
            if self.poison.blocks.len() < MOST {
                self.poison.blocks.insert(addr, len);
            }
            if is_empty {
                self.fill(addr, len)?;
            }
        }
        Ok(&self.results)
    }
}
