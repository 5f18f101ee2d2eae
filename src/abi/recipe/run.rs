//! The interpreter: runs the steps of a recipe.

use super::Encoding;
use super::failures::{placed, refused};
use super::leb::push_leb;
use super::ops::{Bytes, Call, MOST_ARGS, MessageExpr, Op, OpKind, Val, Written};
use super::state::{ImportContext, LineIo, Plan, State};
use crate::guest::{Boundary, Type};
use crate::record::{Failure, Limit, LinePart, Value, WASM_PAGE};

/// One run over the steps of a recipe.
pub(super) struct Runner<'a, 'l, B: ?Sized> {
    pub(super) plan: &'a Plan,
    pub(super) state: &'a mut State,
    pub(super) io: &'a mut LineIo<'l>,
    pub(super) boundary: &'a mut B,
}

/// The outcome of steps.
pub(super) type Done = Result<(), Box<Failure>>;

/// Whether the guest was interrupted in the middle of a call.
fn is_suspect(outcome: &Done) -> bool {
    outcome.as_ref().is_err_and(|failure| failure.leaves_guest_suspect())
}

/// Whether the answer is settled.
#[derive(PartialEq, Eq)]
pub(super) enum Flow {
    GoOn,
    Settled,
}

impl<B: Boundary + ?Sized> Runner<'_, '_, B> {
    pub(super) fn all(&mut self, body: &[Op]) -> Result<(), Box<Failure>> {
        for op in body {
            if self.op(op).map_err(|failure| placed(*failure, op.at))? == Flow::Settled {
                break;
            }
        }
        Ok(())
    }

    /// Given the outcome of an exchange's lines, runs the section `finally` unless the guest is in no state for it.
    #[inline(always)]
    pub(super) fn finish(&mut self, mut outcome: Done, finally: &[Op]) -> (Done, Done) {
        if self.plan.bound.has_host {
            outcome = self.state.outcome(outcome);
        }
        let cleanup = if is_suspect(&outcome) { Ok(()) } else { self.clean_up(Ok(()), finally) };
        if outcome.is_err() && self.plan.bound.answers_stdout {
            // The output is then no answer, and usually explains the failure.
            let State { wasi, messages, .. } = &mut *self.state;
            let lines = wasi.stdout.split_inclusive(|&byte| byte == b'\n');
            lines.for_each(|line| messages.say(line.strip_suffix(b"\n").unwrap_or(line), self.boundary));
        }
        self.state.end(self.boundary);
        (outcome, cleanup)
    }

    /// Runs the section `finally`, or the rest of it, skipping lines with unset values. A failed line does not prevent
    /// the others from running, unless the guest was interrupted in it.
    #[inline(always)]
    pub(super) fn clean_up(&mut self, before: Done, body: &[Op]) -> Done {
        let mut outcome = before;
        for op in body {
            if is_suspect(&outcome) {
                break;
            }
            if op.needs.iter().all(|&slot| self.state.values[slot].is_some())
                && let Err(failure) = self.op(op)
            {
                let failure = Err(placed(*failure, op.at));
                outcome = if is_suspect(&failure) { failure } else { outcome.and(failure) };
            }
        }
        if self.plan.bound.has_host { self.state.outcome(outcome) } else { outcome }
    }

    #[inline(always)]
    pub(super) fn op(&mut self, op: &Op) -> Result<Flow, Box<Failure>> {
        if let Some(test) = &op.condition
            && !self.holds(test)?
        {
            return Ok(Flow::GoOn);
        }
        if !self.state.freed.is_empty() && !matches!(&op.action, OpKind::Call(call) if call.frees) {
            self.state.freed.clear();
        }
        if let Some(wanted) = op.transform {
            self.boundary.transform_next(wanted);
        }
        match &op.action {
            OpKind::Call(call) => {
                if call.repeats {
                    self.boundary.repeat_next();
                }
                self.call(call, op.at)?;
                if let ([slot], true) = (&call.into[..], op.transform.is_some()) {
                    self.judge_result(*slot)?;
                }
            }
            OpKind::Set(slot, value) => self.state.values[*slot] = Some(self.value(value)?),
            OpKind::Unset(slot) => self.state.values[*slot] = None,
            OpKind::Write { parts, at, within } => self.write(parts, at, within.as_ref())?,
            OpKind::Store(width, at, value) => {
                let at = self.value(at)?;
                let bytes = self.value(value)?.to_le_bytes();
                self.boundary.write(self.plan.bound.memory, at, &bytes[..width.bytes()])?;
            }
            OpKind::Read(span) => {
                self.io.settle(&[]);
                self.judge_answer(span)?;
                self.read(span)?;
            }
            OpKind::Append(MessageExpr::Bytes(span)) => {
                self.read(span)?;
                self.bounded()?;
            }
            // The parser rejects it.
            OpKind::Append(MessageExpr::Answer) => (),
            OpKind::Append(MessageExpr::Words(words)) => {
                let words = self.words(words)?;
                self.io.answer.extend_from_slice(words.as_bytes());
                self.bounded()?;
            }
            OpKind::AnswerLine => {
                let raw = self.io.raw;
                self.io.settle(raw);
                return Ok(Flow::Settled);
            }
            OpKind::AnswerStdout => {
                let Runner { state, io, .. } = self;
                io.settle(&state.wasi.stdout);
            }
            OpKind::Answer(words) => {
                let words = self.words(words)?;
                self.io.settle(words.as_bytes());
                return Ok(Flow::Settled);
            }
            OpKind::Fail(saying) => return Err(refused(self.saying(saying)?)),
            OpKind::Say(saying) => self.say(saying)?,
            OpKind::Grow(pages) => {
                let pages = self.value(pages)?;
                self.boundary.grow(self.plan.bound.memory, pages)?;
            }
            OpKind::GrowTo(size) => {
                let wanted = self.value(size)?;
                let memory = self.plan.bound.memory;
                let missing = wanted.saturating_sub(self.boundary.bytes(memory).len() as u64);
                if missing > 0 {
                    self.boundary.grow(memory, missing.div_ceil(WASM_PAGE))?;
                }
            }
            // These occur only in handlers.
            OpKind::Stop | OpKind::Return(_) => (),
        }
        Ok(Flow::GoOn)
    }

    #[inline(always)]
    fn call(&mut self, call: &Call, at: usize) -> Result<(), Box<Failure>> {
        if call.into.len() > 1 {
            return self.call_for_several(call);
        }
        let first = self.gather(&call.args, |runner, args| {
            if call.frees && !runner.may_free(call, args, at)? {
                return Ok(0);
            }
            runner.enter(call.export, args)
        })?;
        if let [slot] = call.into[..] {
            self.state.values[slot] = Some(first);
        }
        Ok(())
    }

    /// Computes the arguments of a call, and passes their bits to a closure.
    #[inline(always)]
    fn gather<T>(
        &mut self,
        args: &[(Type, Val)],
        then: impl FnOnce(&mut Self, &[u64]) -> Result<T, Box<Failure>>,
    ) -> Result<T, Box<Failure>> {
        match args {
            [] => then(self, &[]),
            [(_, a)] => {
                let args = [self.value(a)?];
                then(self, &args)
            }
            [(_, a), (_, b)] => {
                let args = [self.value(a)?, self.value(b)?];
                then(self, &args)
            }
            [(_, a), (_, b), (_, c)] => {
                let args = [self.value(a)?, self.value(b)?, self.value(c)?];
                then(self, &args)
            }
            args => {
                let mut bits = [0; MOST_ARGS];
                for (bits, (_, arg)) in bits.iter_mut().zip(args) {
                    *bits = self.value(arg)?;
                }
                then(self, &bits[..args.len()])
            }
        }
    }

    #[inline(always)]
    fn enter(&mut self, number: usize, args: &[u64]) -> Result<u64, Box<Failure>> {
        if self.state.program_end.is_news() {
            self.tell_end();
        }
        let Runner { plan, state, io, boundary } = self;
        match boundary.call_bits(&plan.funcs[number], args, &mut ImportContext { plan, state, io }) {
            Ok(first) => {
                state.last = Some((number, first));
                if plan.program == Some(number) {
                    state.program_end.returned();
                }
                Ok(first)
            }
            Err(failure) => state.ended(failure),
        }
    }

    /// Prints a note that the program whose export is called has ended.
    #[cold]
    fn tell_end(&mut self) {
        if let Some(text) = self.state.program_end.tell() {
            self.state.messages.note(text, self.boundary);
        }
    }

    /// A call with several results.
    fn call_for_several(&mut self, call: &Call) -> Result<(), Box<Failure>> {
        if self.state.program_end.is_news() {
            self.tell_end();
        }
        let mut values = Vec::with_capacity(call.args.len());
        for (ty, arg) in &call.args {
            values.push(Value::new(*ty, self.value(arg)?));
        }
        let Runner { plan, state, io, boundary } = self;
        match boundary.call(&plan.funcs[call.export], &values, &mut ImportContext { plan, state, io }) {
            Ok(results) => {
                state.last = results.first().map(|first| (call.export, first.bits()));
                for (slot, result) in call.into.iter().zip(results) {
                    state.values[*slot] = Some(result.bits());
                }
                Ok(())
            }
            Err(failure) => state.ended(failure).map(|_| ()),
        }
    }

    #[inline(always)]
    fn write(&mut self, parts: &[Written], at: &Val, within: Option<&Val>) -> Result<(), Box<Failure>> {
        let addr = self.value(at)?;
        let room = match within {
            None => None,
            Some(Val::Slot(slot)) => self.state.values[*slot],
            Some(room) => Some(self.value(room)?),
        };
        if parts.iter().any(|part| matches!(part, Written::Line)) {
            self.state.line_at = Some((addr, self.io.encoded.len() as u64));
        }
        if let [Written::Line] = parts {
            self.fits(self.io.encoded.len() as u64, room, addr)?;
            let line = LinePart { at: 0, start: 0, len: self.io.encoded.len() as u64 };
            return self.boundary.write_line(self.plan.bound.memory, addr, &self.io.encoded, line);
        }
        let (whole, line) = self.assembled(parts)?;
        let memory = self.plan.bound.memory;
        let written = self.fits(whole.len() as u64, room, addr).and_then(|()| match line {
            Some(line) => self.boundary.write_line(memory, addr, &whole, line),
            None => self.boundary.write(memory, addr, &whole),
        });
        self.state.whole = whole;
        written
    }

    /// The bytes of several parts, in the reusable buffer, and which of them are the first part of the line.
    fn assembled(&mut self, parts: &[Written]) -> Result<(Vec<u8>, Option<LinePart>), Box<Failure>> {
        let mut whole = std::mem::take(&mut self.state.whole);
        let mut line = None;
        whole.clear();
        for part in parts {
            match part {
                Written::Line => {
                    let of_line = || LinePart { at: whole.len() as u64, start: 0, len: self.io.encoded.len() as u64 };
                    line = line.or_else(|| Some(of_line()));
                    whole.extend_from_slice(&self.io.encoded);
                }
                Written::Text(number) => {
                    let text = self.text(*number);
                    let start = text.as_ptr().addr().checked_sub(self.io.encoded.as_ptr().addr());
                    let of_line = |start| LinePart { at: whole.len() as u64, start, len: text.len() as u64 };
                    line = line.or_else(|| start.filter(|_| !text.is_empty()).map(|start| of_line(start as u64)));
                    whole.extend_from_slice(text);
                }
                Written::Bytes(bytes) => whole.extend_from_slice(bytes),
                Written::Number(width, value) => {
                    whole.extend_from_slice(&self.value(value)?.to_le_bytes()[..width.bytes()]);
                }
                Written::Leb(value) => push_leb(self.value(value)?, &mut whole),
            }
        }
        Ok((whole, line))
    }

    /// Checks the output size limit while an answer is assembled piece by piece.
    fn bounded(&self) -> Result<(), Box<Failure>> {
        let (len, most) = ((self.io.answer.len() - self.io.start) as u64, self.state.wasi.longest);
        if len > most { Err(Failure::Limit(Limit::Output(len, most)).into()) } else { Ok(()) }
    }

    fn fits(&self, len: u64, room: Option<u64>, addr: u64) -> Result<(), Box<Failure>> {
        match room.filter(|&room| len > room) {
            Some(room) => Err(Failure::NoRoom { len, room, addr }.into()),
            None => Ok(()),
        }
    }

    /// Fails if the transform's result is implausible under the assumed convention.
    #[inline(always)]
    fn judge_result(&self, slot: usize) -> Result<(), Box<Failure>> {
        let (Some(plausible), Some(value)) = (&self.plan.bound.plausible, self.state.values[slot]) else {
            return Ok(());
        };
        plausible.doubts_result(value, self.state.line_at).map_or(Ok(()), |words| Err(Failure::Mismatch(words).into()))
    }

    /// The same for the answer's location.
    #[inline(always)]
    fn judge_answer(&mut self, span: &Bytes) -> Result<(), Box<Failure>> {
        if self.plan.bound.plausible.is_none() {
            return Ok(());
        }
        let (at, len) = self.extent(span)?;
        let doubt =
            self.plan.bound.plausible.as_ref().and_then(|judge| judge.doubts_answer(at, len, self.state.line_at));
        doubt.map_or(Ok(()), |words| Err(Failure::Mismatch(words).into()))
    }

    #[inline(always)]
    fn read(&mut self, span: &Bytes) -> Result<(), Box<Failure>> {
        if matches!(span.encoding, Encoding::Bytes | Encoding::Utf8) {
            let (addr, len) = self.extent(span)?;
            return self.boundary.read(self.plan.bound.memory, addr, len, self.io.answer);
        }
        let text = self.bytes(span)?;
        self.io.answer.extend_from_slice(&text);
        Ok(())
    }
}
