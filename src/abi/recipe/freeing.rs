//! Checks what a recipe frees: detects double frees, and skips frees in `finally` of blocks that no allocator returned.

use super::blocks::Block;
use super::ops::Call;
use super::run::Runner;
use crate::guest::Boundary;
use crate::record::Failure;

/// Why a block cannot come from the allocator.
#[derive(Clone, Copy, Debug)]
enum Reason {
    Outside { memory: u64 },
    Inside(Block),
    Static,
}

impl<B: Boundary + ?Sized> Runner<'_, '_, B> {
    /// Whether to make a call that frees a block. `args` are the block's address and, if there are several, its length.
    /// Records the block as freed.
    ///
    /// # Errors
    /// The block was freed before, and nothing was allocated since. Several empty blocks may share an address.
    #[inline(always)]
    pub(super) fn may_free(&mut self, call: &Call, args: &[u64], at: usize) -> Result<bool, Box<Failure>> {
        let Some((&addr, rest)) = args.split_first() else { return Ok(true) };
        let len = rest.first().copied();
        if call.guarded {
            if addr == 0 {
                return Ok(false);
            }
            if let Some(reason) = self.why_not(addr, len.unwrap_or(0)) {
                self.leave_out(call, args, reason);
                return Ok(false);
            }
        }
        if addr == 0 || len == Some(0) {
            return Ok(true);
        }
        if let Some(block) = self.state.freed.iter().find(|block| block.addr == addr) {
            let export = self.plan.funcs[call.export].name.to_string();
            return Err(Failure::DoubleFree { export, ptr: addr, freed_at: block.freed_at }.into());
        }
        let line = self.state.line_at.filter(|(line, _)| *line == addr).map_or(0, |(_, len)| len);
        self.state.freed.push(Block { addr, len: len.unwrap_or(0).max(line), freed_at: at });
        Ok(true)
    }

    /// Why a block cannot come from the allocator, if it cannot.
    fn why_not(&self, addr: u64, len: u64) -> Option<Reason> {
        let memory = self.boundary.bytes(self.plan.bound.memory).len() as u64;
        if addr >= memory || memory - addr < len {
            return Some(Reason::Outside { memory });
        }
        let freed = self.state.freed.iter().find(|block| block.is_around(addr));
        let line = self.state.line_at.map(|(line, _)| line);
        freed
            .map(|&block| Reason::Inside(block))
            .or_else(|| self.plan.bound.statics.meets(addr, len, line).then_some(Reason::Static))
    }

    /// Notes a skipped free: always when recording, otherwise once. An empty block leaks nothing.
    #[cold]
    fn leave_out(&mut self, call: &Call, args: &[u64], reason: Reason) {
        if args.get(1) == Some(&0) {
            return;
        }
        let name = &self.plan.funcs[call.export].name;
        let rest: String = args[1..].iter().map(|arg| format!(", {arg}")).collect();
        let reason = match reason {
            Reason::Outside { memory } => format!("memory ends at {memory:#x}"),
            Reason::Inside(Block { addr, freed_at, .. }) => {
                format!("the address is inside the block at {addr:#x}, which line {freed_at} of the recipe freed")
            }
            Reason::Static => "the address is in static memory, which no allocator returns".to_owned(),
        };
        let text = format!("{name}({:#x}{rest}) was skipped: {reason}", args[0]);
        match std::mem::replace(&mut self.state.left_out, true) {
            true => self.boundary.note(&text),
            false => self.state.messages.note(text, self.boundary),
        }
    }
}
