//! Fills blocks of the guest's allocator with a byte when they are allocated and just before they are freed, so that
//! reads of what nobody wrote are seen.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::check::{Facts, poison_note};
use crate::guest::{Boundary, Func, GlobalRef, Host};
use crate::record::{Collector, Failure, FocusTarget, Value};

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

impl<B: Boundary> Boundary for Poisoned<'_, B> {
    fn call(&mut self, func: &Func, args: &[Value], host: &mut dyn Host) -> Result<&[Value], Box<Failure>> {
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

    fn write(&mut self, memory: usize, addr: u64, bytes: &[u8]) -> Result<(), Box<Failure>> {
        self.inner.write(memory, addr, bytes)
    }

    fn read(&mut self, memory: usize, addr: u64, len: u64, into: &mut Vec<u8>) -> Result<(), Box<Failure>> {
        self.inner.read(memory, addr, len, into)
    }

    fn load(&mut self, memory: usize, addr: u64, len: u64) -> Result<u64, Box<Failure>> {
        self.inner.load(memory, addr, len)
    }

    fn grow(&mut self, memory: usize, pages: u64) -> Result<u64, Box<Failure>> {
        self.inner.grow(memory, pages)
    }

    fn accesses(&mut self) -> Option<Arc<Mutex<Collector>>> {
        self.inner.accesses()
    }

    fn data(&self) -> Option<Vec<Vec<Range<u64>>>> {
        self.inner.data()
    }

    fn global(&mut self, variable: &GlobalRef) -> Value {
        self.inner.global(variable)
    }

    fn memories(&self) -> usize {
        self.inner.memories()
    }

    fn bytes(&self, memory: usize) -> &[u8] {
        self.inner.bytes(memory)
    }

    fn instantiated(&mut self, elapsed: Duration) {
        self.inner.instantiated(elapsed);
    }

    fn transform_next(&mut self, wanted: FocusTarget) {
        self.inner.transform_next(wanted);
    }

    fn repeat_next(&mut self) {
        self.inner.repeat_next();
    }

    fn say(&mut self, text: &[u8]) {
        self.inner.say(text);
    }

    fn unterminated(&mut self, memory: usize, addr: u64) {
        self.inner.unterminated(memory, addr);
    }

    fn note(&mut self, text: &str) {
        self.inner.note(text);
    }
}
