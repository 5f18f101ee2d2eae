//! What an exchange is made of: the recipe as it is resolved in a guest, what changes with a line, and the line itself.

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
    /// Which of the functions is the program itself.
    pub(super) program: Option<usize>,
}

/// An exported global.
pub(super) enum ResolvedGlobal {
    /// It never changes.
    Constant(u64),
    Variable(GlobalRef),
}

/// What an exchange changes, beside the guest.
pub(super) struct State {
    pub(super) values: Vec<Option<u64>>,
    /// The last call: the export's number, and the bits of what it returned first.
    pub(super) last: Option<(usize, u64)>,
    /// What was freed by the lines right before this one.
    pub(super) freed: Vec<Block>,
    /// Whether it was told that a block is not freed.
    pub(super) left_out: bool,
    pub(super) program_end: ProgramEnd,
    /// What was in the slots of handlers that are called again before they are done.
    pub(super) aside: Vec<Option<u64>>,
    /// Where the line was written.
    pub(super) line_at: Option<LineAt>,
    /// The answer was settled by a handler, while the guest goes on.
    pub(super) settled: Option<Result<(), Box<Failure>>>,
    /// Room for bytes that are read or put together on the way, used again and again.
    pub(super) whole: Vec<u8>,
    pub(super) messages: Messages,
    pub(super) wasi: Wasi,
}

/// What a host function works with, while the guest's call of it waits.
pub(super) struct ImportContext<'a, 'l> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a mut State,
    pub(super) io: &'a mut LineIo<'l>,
}

/// A line while it crosses, and its answer.
pub(super) struct LineIo<'a> {
    /// As it was typed.
    pub(super) raw: &'a [u8],
    /// As it is written.
    pub(super) encoded: Cow<'a, [u8]>,
    pub(super) answer: &'a mut Vec<u8>,
    /// Where in `answer` this line's answer begins.
    pub(super) start: usize,
}

impl Plan {
    /// The steps of a line by their numbers: those of the section `each line`, then those of `finally`.
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

    /// Whether `finally` frees something only if the allocator may have returned it.
    pub(super) fn is_guarded(&self) -> bool {
        self.bound.finally.iter().any(|op| matches!(&op.action, OpKind::Call(call) if call.guarded))
    }

    /// The numbers of the steps that take memory back.
    pub(super) fn freeing(&self) -> impl Iterator<Item = usize> {
        let steps = self.bound.line.iter().chain(&self.bound.finally).enumerate();
        steps.filter(|(_, op)| matches!(&op.action, OpKind::Call(call) if call.frees)).map(|(number, _)| number)
    }
}

impl State {
    /// Forgets what was before.
    pub(super) fn begin(&mut self) {
        self.settled = None;
        self.line_at = None;
        self.last = None;
        self.freed.clear();
        self.messages.clear();
    }

    /// Does the work of a handler whose own slots these are. What another activation of it, whose work waits for this
    /// one's, has in them is kept, and so is what the last call before returned.
    pub(super) fn activate<T>(&mut self, own: &[usize], work: impl FnOnce(&mut State) -> T) -> T {
        let (before, last) = (self.aside.len(), self.last);
        self.aside.extend(own.iter().map(|&slot| self.values[slot]));
        let result = work(self);
        own.iter().zip(self.aside.drain(before..)).for_each(|(&slot, value)| self.values[slot] = value);
        self.last = last;
        result
    }

    /// Notes that the guest exited, if that is what failed.
    #[cold]
    pub(super) fn note_exit(&mut self, failure: &Failure) {
        if let Failure::Exit(status) = failure.root() {
            self.program_end.exited(*status);
        }
    }

    /// What comes of a call that did not return: a program that exits with status 0 returned, so to speak.
    #[cold]
    pub(super) fn ended(&mut self, failure: Box<Failure>) -> Result<u64, Box<Failure>> {
        self.note_exit(&failure);
        if *failure == Failure::Exit(0) { Ok(0) } else { Err(failure) }
    }

    /// Whether the guest said something, or is about to.
    pub(super) fn is_told(&self) -> bool {
        self.messages.is_any() || self.wasi.is_writing()
    }

    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        self.wasi.end(&mut self.messages, boundary);
        self.messages.end(boundary);
    }

    /// How the exchange ended, given how the recipe's own lines did: what a handler settled stands, and is what a guest
    /// that trapped behind it had to say.
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
