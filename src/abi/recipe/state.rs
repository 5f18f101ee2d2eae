//! The state of an exchange: the resolved recipe, what changes with a line, and the line itself.

use std::borrow::Cow;

use super::bind::Bound;
use super::blocks::Block;
use super::failures::said;
use super::ops::{Call, Op, OpKind};
use super::plausible::LineAt;
use super::program_end::ProgramEnd;
use super::say::Messages;
use super::wasi::Wasi;
use crate::guest::{Boundary, Func, GlobalRef};
use crate::record::Failure;

/// A recipe resolved in a guest.
pub(super) struct Plan {
    pub(super) bound: Bound,
    pub(super) funcs: Vec<Func>,
    pub(super) globals: Vec<ResolvedGlobal>,
    /// The number of the export that is the program, if any.
    pub(super) program: Option<usize>,
}

/// An exported global.
pub(super) enum ResolvedGlobal {
    /// An immutable global's value.
    Constant(u64),
    Variable(GlobalRef),
}

/// The mutable state of an exchange, apart from the guest.
pub(super) struct State {
    pub(super) values: Vec<Option<u64>>,
    /// The last call: the export's number, and the bits of its first result.
    pub(super) last: Option<(usize, u64)>,
    /// The blocks freed by the lines directly before this one.
    pub(super) freed: Vec<Block>,
    /// Whether a skipped free was already reported.
    pub(super) left_out: bool,
    /// Whether the guest has answered a line: then the convention is hardly why another one fails.
    pub(super) has_answered: bool,
    pub(super) program_end: ProgramEnd,
    /// Saved slots of handlers that were re-entered.
    pub(super) aside: Vec<Option<u64>>,
    /// Where the line was written.
    pub(super) line_at: Option<LineAt>,
    /// The outcome, if a handler settled it while the guest still runs.
    pub(super) settled: Option<Result<(), Box<Failure>>>,
    /// A reusable buffer for bytes that are read or assembled.
    pub(super) whole: Vec<u8>,
    pub(super) messages: Messages,
    pub(super) wasi: Wasi,
}

/// What a host function can access while the guest waits for it.
pub(super) struct ImportContext<'a, 'l> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a mut State,
    pub(super) io: &'a mut LineIo<'l>,
}

/// The current line and its answer.
pub(super) struct LineIo<'a> {
    /// As typed.
    pub(super) raw: &'a [u8],
    /// As written to the guest.
    pub(super) encoded: Cow<'a, [u8]>,
    pub(super) answer: &'a mut Vec<u8>,
    /// The offset in `answer` where this line's answer begins.
    pub(super) start: usize,
}

impl Plan {
    /// A step by its number: the steps of `each line`, then those of `finally`.
    pub(super) fn step(&self, number: usize) -> Option<&Op> {
        self.bound.line.iter().chain(&self.bound.finally).nth(number)
    }

    /// The call that a step makes.
    pub(super) fn call(&self, number: usize) -> Option<&Call> {
        match &self.step(number)?.action {
            OpKind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// Whether `finally` has a free that is skipped unless the block may come from the allocator.
    pub(super) fn is_guarded(&self) -> bool {
        self.bound.finally.iter().any(|op| matches!(&op.action, OpKind::Call(call) if call.guarded))
    }

    /// The numbers of the steps that free memory.
    pub(super) fn freeing(&self) -> impl Iterator<Item = usize> {
        let steps = self.bound.line.iter().chain(&self.bound.finally).enumerate();
        steps.filter(|(_, op)| matches!(&op.action, OpKind::Call(call) if call.frees)).map(|(number, _)| number)
    }
}

impl State {
    /// Resets the state for an exchange.
    pub(super) fn begin(&mut self) {
        self.settled = None;
        self.line_at = None;
        self.last = None;
        self.freed.clear();
        self.messages.clear();
    }

    /// Runs a handler that owns these slots. Saves and restores the slots of an outer activation, and the last call's
    /// result.
    pub(super) fn activate<T>(&mut self, own: &[usize], work: impl FnOnce(&mut State) -> T) -> T {
        let (before, last) = (self.aside.len(), self.last);
        self.aside.extend(own.iter().map(|&slot| self.values[slot]));
        let result = work(self);
        own.iter().zip(self.aside.drain(before..)).for_each(|(&slot, value)| self.values[slot] = value);
        self.last = last;
        result
    }

    /// Records the guest's exit, if that is the failure.
    #[cold]
    pub(super) fn note_exit(&mut self, failure: &Failure) {
        if let Failure::Exit(status) = failure.root() {
            self.program_end.exited(*status);
        }
    }

    /// The outcome of a call that did not return: exiting with status 0 counts as returning.
    #[cold]
    pub(super) fn ended(&mut self, failure: Box<Failure>) -> Result<u64, Box<Failure>> {
        self.note_exit(&failure);
        if *failure == Failure::Exit(0) { Ok(0) } else { Err(failure) }
    }

    /// Whether the guest printed something, or has buffered output.
    pub(super) fn is_told(&self) -> bool {
        self.messages.is_any() || self.wasi.is_writing()
    }

    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        self.wasi.end(&mut self.messages, boundary);
        self.messages.end(boundary);
    }

    /// The outcome of the exchange, given the outcome of the recipe's lines. An outcome that a handler settled takes
    /// precedence, as does the message of a guest that then trapped.
    pub(super) fn outcome(&mut self, outcome: Result<(), Box<Failure>>) -> Result<(), Box<Failure>> {
        match (self.settled.take(), outcome) {
            (Some(Err(words)), Err(failure)) if !failure.leaves_guest_suspect() => Err(words),
            (Some(Err(words)), Err(failure)) => Err(said(words.root().to_string(), *failure)),
            (Some(settled), Ok(())) => settled,
            (_, outcome) => outcome,
        }
    }
}

impl LineIo<'_> {
    /// Makes `bytes` the answer.
    pub(super) fn settle(&mut self, bytes: &[u8]) {
        self.answer.truncate(self.start);
        self.answer.extend_from_slice(bytes);
    }
}
