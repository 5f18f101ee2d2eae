//! Running a bound recipe: one exchange after the other, with no look-up of names for a line.

use std::borrow::Cow;
use std::sync::Arc;

use super::bind::Bound;
use super::encoding::{decode, encode};
use super::imports::Answerer;
use super::ops::{Bytes, Do, Len, MOST_ARGS, Op, Saying, Test, Val, Written};
use super::say::Messages;
use super::wasi::{self, Wasi};
use super::words::{Held, Words};
use super::{Comparison, Encoding, Width};
use crate::guest::{Boundary, Func, GlobalRef, Guest, Host, Limits, Type};
use crate::record::{Failure, Limit, Value, WASM_PAGE};

/// A recipe at work on one guest.
pub struct Exchange {
    plan: Plan,
    state: State,
}

/// A recipe resolved in a guest.
struct Plan {
    bound: Bound,
    funcs: Vec<Func>,
    globals: Vec<Known>,
}

/// An exported global.
enum Known {
    /// It never changes.
    Constant(u64),
    Variable(GlobalRef),
}

/// What an exchange changes, beside the guest.
struct State {
    values: Vec<Option<u64>>,
    /// The last call: the export's number, and the bits of what it returned first.
    last: Option<(usize, u64)>,
    /// What was taken back by the lines right before this one: pointers, and the recipe's lines.
    freed: Vec<(u64, usize)>,
    /// The answer was settled by a handler, while the guest goes on.
    settled: Option<Result<(), Box<Failure>>>,
    messages: Messages,
    wasi: Wasi,
}

/// The line that crosses.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// As it was typed.
    pub bytes: &'a [u8],
    /// Whether a line feed ended it; a program that reads lines gets it too.
    pub ended: bool,
}

/// A line while it crosses, and its answer.
struct Crossing<'a> {
    /// As it was typed.
    raw: &'a [u8],
    /// As it is written.
    encoded: Cow<'a, [u8]>,
    answer: &'a mut Vec<u8>,
    /// Where in `answer` this line's answer begins.
    start: usize,
}

/// Whether the answer is settled.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Settled,
}

impl Exchange {
    /// Resolves what the recipe calls in a guest, which is given `args` if it is a program.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] if the guest is not one of the module that the recipe was bound to.
    pub fn new(bound: Bound, guest: &mut Guest, args: &[String], limits: &Limits) -> Result<Exchange, Failure> {
        let missing = |name: &str| Failure::Mismatch(format!("the guest does not export `{name}`"));
        let mut funcs = Vec::new();
        for name in &bound.exports {
            funcs.push(guest.func(name).ok_or_else(|| missing(name))?);
        }
        let mut globals = Vec::new();
        for name in &bound.globals {
            let variable = guest.variable(name).ok_or_else(|| missing(name))?;
            globals.push(match variable.mutable {
                true => Known::Variable(variable),
                false => Known::Constant(guest.global(&variable).bits()),
            });
        }
        let state = State {
            values: vec![None; bound.names.len()],
            last: None,
            freed: Vec::new(),
            settled: None,
            messages: Messages::default(),
            wasi: Wasi::new(args.to_vec(), bound.answers_stdout, limits.output),
        };
        Ok(Exchange { plan: Plan { bound, funcs, globals }, state })
    }

    /// Changes the longest answer, in bytes.
    pub fn set_longest(&mut self, longest: u64) {
        self.state.wasi.longest = longest;
    }

    /// What is done for a fresh guest, before any line: its start function is called, then what the recipe does once.
    ///
    /// # Errors
    /// The start function, or a line of the recipe, failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary, start: Option<&Func>) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            if let Some(start) = start {
                let mut scene = Scene { plan: runner.plan, state: runner.state, crossing: runner.crossing };
                runner.boundary.call(start, &[], &mut scene)?;
            }
            runner.all(&runner.plan.bound.once)
        })
    }

    /// Calls an export by hand, while the recipe answers the imports.
    ///
    /// # Errors
    /// Why the call did not return.
    pub fn call(&mut self, boundary: &mut impl Boundary, func: &Func, args: &[Value]) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            let mut scene = Scene { plan: runner.plan, state: runner.state, crossing: runner.crossing };
            runner.boundary.call(func, args, &mut scene).map(|_| ())
        })
    }

    /// Does something to the guest that is no exchange.
    fn aside<B: Boundary>(
        &mut self,
        boundary: &mut B,
        act: impl FnOnce(&mut Runner<'_, '_, B>) -> Result<(), Box<Failure>>,
    ) -> Result<(), Failure> {
        let mut unread = Vec::new();
        let mut crossing = Crossing { raw: &[], encoded: Cow::Borrowed(&[]), answer: &mut unread, start: 0 };
        let Exchange { plan, state } = self;
        state.begin();
        state.wasi.begin(&[], false);
        let outcome = act(&mut Runner { plan, state, crossing: &mut crossing, boundary });
        state.end(boundary);
        state.outcome(outcome).map_err(|failure| *failure)
    }

    /// One exchange: the answer is appended to `answer`.
    ///
    /// # Errors
    /// Why there is no answer; `answer` is as it was then.
    pub fn exchange(
        &mut self,
        boundary: &mut impl Boundary,
        line: Line<'_>,
        answer: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let start = answer.len();
        let Exchange { plan, state } = self;
        let bound = &plan.bound;
        state.begin();
        let encoded = encode(line.bytes, bound.encoding).map_err(|failure| *failure)?;
        state.values[bound.kept..].fill(None);
        if bound.has_host {
            state.wasi.begin(&encoded, line.ended);
        }
        let mut crossing = Crossing { raw: line.bytes, encoded, answer, start };
        let mut runner = Runner { plan, state, crossing: &mut crossing, boundary };
        let mut outcome = runner.all(&bound.line);
        if bound.has_host {
            outcome = runner.state.outcome(outcome);
        }
        if !outcome.as_ref().is_err_and(|failure| failure.leaves_guest_suspect()) {
            outcome = outcome.and(runner.tidy(&bound.finally));
        }
        if bound.has_host {
            state.end(boundary);
            if bound.answers_stdout && line.ended && answer.len() > start && answer.ends_with(b"\n") {
                answer.pop();
            }
        }
        outcome.map_err(|failure| {
            answer.truncate(start);
            *failure
        })
    }

    /// What the guest said during the last exchange, or the start.
    pub fn messages(&self) -> &Messages {
        &self.state.messages
    }
}

impl State {
    /// Forgets what was before.
    fn begin(&mut self) {
        self.settled = None;
        self.last = None;
        self.freed.clear();
        self.messages.clear();
    }

    fn end(&mut self, boundary: &mut impl Boundary) {
        self.wasi.end(&mut self.messages, boundary);
        self.messages.end(boundary);
    }

    /// Notes that memory is about to be taken back.
    ///
    /// # Errors
    /// It was taken back before. Of no bytes there may be many at one address.
    fn free(&mut self, name: &str, args: &[u64], line: usize) -> Result<(), Box<Failure>> {
        let Some((&ptr, rest)) = args.split_first() else { return Ok(()) };
        if ptr == 0 || rest.first() == Some(&0) {
            return Ok(());
        }
        match self.freed.iter().find(|(freed, _)| *freed == ptr) {
            Some((_, at)) => Err(refused(format!(
                "{name} would free {ptr:#x} twice: line {at} of the recipe freed it already, and nothing was handed out \
                 since"
            ))),
            None => {
                self.freed.push((ptr, line));
                Ok(())
            }
        }
    }

    /// How the exchange ended, given how the recipe's own lines did: what a handler settled stands, and is what a guest
    /// that trapped behind it had to say.
    fn outcome(&mut self, outcome: Result<(), Box<Failure>>) -> Result<(), Box<Failure>> {
        match (self.settled.take(), outcome) {
            (Some(Err(words)), Err(failure)) if !failure.leaves_guest_suspect() => Err(words),
            (Some(Err(words)), Err(failure)) => Err(said(words.root().to_string(), *failure)),
            (Some(settled), Ok(())) => settled,
            (_, outcome) => outcome,
        }
    }
}

/// The failure of a guest that had said something before.
fn said(words: String, failure: Failure) -> Box<Failure> {
    Box::new(match failure {
        Failure::Trap { call, cause, trace, .. } => Failure::Trap { call, cause, said: Some(words), trace },
        Failure::InRecipe { at, failure } => Failure::InRecipe { at, failure: said(words, *failure) },
        other => other,
    })
}

/// One pass over the lines of a recipe.
struct Runner<'a, 'l, B: ?Sized> {
    plan: &'a Plan,
    state: &'a mut State,
    crossing: &'a mut Crossing<'l>,
    boundary: &'a mut B,
}

/// What a host function works with, while the guest's call of it waits.
struct Scene<'a, 'l> {
    plan: &'a Plan,
    state: &'a mut State,
    crossing: &'a mut Crossing<'l>,
}

impl Host for Scene<'_, '_> {
    fn import(
        &mut self,
        place: usize,
        args: &[Value],
        boundary: &mut dyn Boundary,
    ) -> Result<Vec<Value>, Box<Failure>> {
        let Scene { plan, state, crossing } = self;
        // The guest ran in between, and may have handed out again what was taken back.
        state.freed.clear();
        let bound = &plan.bound;
        match bound.answerers.get(place).copied().unwrap_or(Answerer::Nobody) {
            Answerer::Handler(number) => {
                let handler = &bound.handlers[number];
                for (slot, arg) in handler.params.iter().zip(args) {
                    state.values[*slot] = Some(arg.bits());
                }
                Runner { plan, state, crossing, boundary }.handle(&handler.body)
            }
            Answerer::Wasi(function) => {
                let State { wasi, messages, .. } = &mut **state;
                wasi::Call { wasi, messages, boundary, memory: bound.memory, args }.answer(function)
            }
            Answerer::Stub | Answerer::Nobody => Ok(Vec::new()),
        }
    }

    fn name(&self, place: usize) -> Arc<str> {
        self.plan.bound.imports.get(place).cloned().unwrap_or_else(|| "".into())
    }
}

impl<B: Boundary + ?Sized> Runner<'_, '_, B> {
    fn all(&mut self, body: &[Op]) -> Result<(), Box<Failure>> {
        for op in body {
            if self.op(op).map_err(|failure| placed(*failure, op.at))? == Next::Settled {
                break;
            }
        }
        Ok(())
    }

    /// A host function: its results. What it says about the answer is kept until the guest is done.
    fn handle(&mut self, body: &[Op]) -> Result<Vec<Value>, Box<Failure>> {
        for op in body {
            if let Some(test) = &op.condition
                && !self.holds(test)?
            {
                continue;
            }
            match &op.action {
                Do::Return(values) => {
                    let number = |(ty, value): &(Type, Val)| Ok(typed(*ty, self.value(value)?));
                    return values.iter().map(number).collect();
                }
                Do::Fail(saying) => {
                    // What the last call returned says nothing here: the guest is in the middle of one.
                    self.state.last = None;
                    let words = self.saying(saying)?;
                    self.state.settled = Some(Err(placed(*refused(words), op.at)));
                }
                Do::Stop => {
                    let told = self.state.settled.take().and_then(Result::err);
                    return Err(told
                        .unwrap_or_else(|| placed(Failure::Refused("the recipe stops the guest".to_owned()), op.at)));
                }
                _ => {
                    let settles = matches!(op.action, Do::Read(_) | Do::Append(_) | Do::Answer(_) | Do::AnswerLine);
                    self.op(op).map_err(|failure| placed(*failure, op.at))?;
                    if settles {
                        self.state.settled = Some(Ok(()));
                    }
                }
            }
        }
        Ok(Vec::new())
    }

    /// The section `finally`: of it, the lines all of whose values were set. One that fails does not keep the
    /// others from being done.
    fn tidy(&mut self, body: &[Op]) -> Result<(), Box<Failure>> {
        let mut outcome = Ok(());
        for op in body {
            if op.needs.iter().all(|&slot| self.state.values[slot].is_some()) {
                let done = self.op(op).map_err(|failure| placed(*failure, op.at));
                outcome = outcome.and(done.map(|_| ()));
            }
        }
        outcome
    }

    #[inline(always)]
    fn op(&mut self, op: &Op) -> Result<Next, Box<Failure>> {
        if let Some(test) = &op.condition
            && !self.holds(test)?
        {
            return Ok(Next::GoOn);
        }
        if !self.state.freed.is_empty() && !op.frees {
            self.state.freed.clear();
        }
        if let Some(wanted) = op.transform {
            self.boundary.transform_next(wanted);
        }
        match &op.action {
            Do::Let(_, Val::Call(number, args)) if op.frees => self.take_back(*number, args, op.at)?,
            Do::Let(slots, value) => self.assign(slots, value)?,
            Do::Write { parts, at, within } => self.write(parts, at, within.as_ref())?,
            Do::Store(width, at, value) => {
                let at = self.value(at)?;
                let bytes = self.value(value)?.to_le_bytes();
                self.boundary.write(self.plan.bound.memory, at, &bytes[..width.bytes()])?;
            }
            Do::Read(span) => {
                self.crossing.settle(&[]);
                self.read(span)?;
            }
            Do::Append(Saying::Bytes(span)) => {
                self.read(span)?;
                self.bounded()?;
            }
            // The reader of recipes does not let it through.
            Do::Append(Saying::Answer) => (),
            Do::Append(Saying::Words(words)) => {
                let words = self.words(words)?;
                self.crossing.answer.extend_from_slice(words.as_bytes());
                self.bounded()?;
            }
            Do::AnswerLine => {
                let raw = self.crossing.raw;
                self.crossing.settle(raw);
                return Ok(Next::Settled);
            }
            Do::AnswerStdout => {
                let Runner { state, crossing, .. } = self;
                crossing.settle(&state.wasi.stdout);
            }
            Do::Answer(words) => {
                let words = self.words(words)?;
                self.crossing.settle(words.as_bytes());
                return Ok(Next::Settled);
            }
            Do::Fail(saying) => return Err(refused(self.saying(saying)?)),
            Do::Say(saying) => self.say(saying)?,
            Do::Grow(pages) => {
                let pages = self.value(pages)?;
                self.boundary.grow(self.plan.bound.memory, pages)?;
            }
            Do::GrowTo(size) => {
                let wanted = self.value(size)?;
                let memory = self.plan.bound.memory;
                let missing = wanted.saturating_sub(self.boundary.bytes(memory).len() as u64);
                if missing > 0 {
                    self.boundary.grow(memory, missing.div_ceil(WASM_PAGE))?;
                }
            }
            // They stand in handlers only.
            Do::Stop | Do::Return(_) => (),
        }
        Ok(Next::GoOn)
    }

    #[inline(always)]
    fn assign(&mut self, slots: &[usize], value: &Val) -> Result<(), Box<Failure>> {
        match (slots, value) {
            ([], Val::Call(number, args)) => self.call(*number, args).map(|_| ()),
            ([slot], Val::Missing) => {
                self.state.values[*slot] = None;
                Ok(())
            }
            ([slot], Val::Call(number, args)) => {
                self.state.values[*slot] = Some(self.call(*number, args)?);
                Ok(())
            }
            (slots, Val::Call(number, args)) => self.call_for_several(*number, args, slots),
            ([slot], value) => {
                self.state.values[*slot] = Some(self.value(value)?);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An argument, as the bits that are passed.
    #[inline(always)]
    fn argument(&mut self, (ty, arg): &(Type, Val)) -> Result<u64, Box<Failure>> {
        let number = self.value(arg)?;
        Ok(match ty {
            Type::I32 | Type::I64 | Type::Other => number,
            Type::F32 | Type::F64 => typed(*ty, number).bits(),
        })
    }

    /// Computes the arguments of a call, and does something with their bits.
    #[inline(always)]
    fn gather<T>(
        &mut self,
        args: &[(Type, Val)],
        then: impl FnOnce(&mut Self, &[u64]) -> Result<T, Box<Failure>>,
    ) -> Result<T, Box<Failure>> {
        match args {
            [] => then(self, &[]),
            [a] => {
                let args = [self.argument(a)?];
                then(self, &args)
            }
            [a, b] => {
                let args = [self.argument(a)?, self.argument(b)?];
                then(self, &args)
            }
            [a, b, c] => {
                let args = [self.argument(a)?, self.argument(b)?, self.argument(c)?];
                then(self, &args)
            }
            args => {
                let mut bits = [0; MOST_ARGS];
                for (bits, arg) in bits.iter_mut().zip(args) {
                    *bits = self.argument(arg)?;
                }
                then(self, &bits[..args.len()])
            }
        }
    }

    /// The first result of a call, or 0.
    #[inline(always)]
    fn call(&mut self, number: usize, args: &[(Type, Val)]) -> Result<u64, Box<Failure>> {
        self.gather(args, |runner, args| runner.enter(number, args))
    }

    /// A call that takes memory back, as a line of the recipe does.
    fn take_back(&mut self, number: usize, args: &[(Type, Val)], line: usize) -> Result<(), Box<Failure>> {
        self.gather(args, |runner, args| {
            runner.state.free(&runner.plan.funcs[number].name, args, line)?;
            runner.enter(number, args).map(|_| ())
        })
    }

    #[inline(always)]
    fn enter(&mut self, number: usize, args: &[u64]) -> Result<u64, Box<Failure>> {
        let Runner { plan, state, crossing, boundary } = self;
        match boundary.call_bits(&plan.funcs[number], args, &mut Scene { plan, state, crossing }) {
            Ok(first) => {
                state.last = Some((number, first));
                Ok(first)
            }
            Err(failure) => ended(failure),
        }
    }

    /// A call that returns several values.
    fn call_for_several(&mut self, number: usize, args: &[(Type, Val)], slots: &[usize]) -> Result<(), Box<Failure>> {
        let mut values = Vec::with_capacity(args.len());
        for (ty, arg) in args {
            values.push(typed(*ty, self.value(arg)?));
        }
        let Runner { plan, state, crossing, boundary } = self;
        match boundary.call(&plan.funcs[number], &values, &mut Scene { plan, state, crossing }) {
            Ok(results) => {
                state.last = results.first().map(|first| (number, first.bits()));
                for (slot, result) in slots.iter().zip(results) {
                    state.values[*slot] = Some(result.bits());
                }
                Ok(())
            }
            Err(failure) => ended(failure).map(|_| ()),
        }
    }

    #[inline(always)]
    fn value(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        match value {
            Val::Const(n) => Ok(n.cast_unsigned()),
            // What the recipe sets only under a condition is 0 until then.
            Val::Slot(slot) => Ok(self.state.values[*slot].unwrap_or(0)),
            Val::LineLen => Ok(self.crossing.encoded.len() as u64),
            Val::LowSlot(slot) => Ok(self.state.values[*slot].unwrap_or(0) & 0xffff_ffff),
            Val::HighSlot(slot) => Ok(self.state.values[*slot].unwrap_or(0) >> 32),
            value => self.compute(value),
        }
    }

    /// A value that takes more than a look.
    fn compute(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        Ok(match value {
            Val::Const(_) | Val::Slot(_) | Val::LineLen | Val::LowSlot(_) | Val::HighSlot(_) => self.value(value)?,
            Val::Call(number, args) => self.call(*number, args)?,
            Val::Missing => 0,
            Val::LineUnits => self.crossing.encoded.len() as u64 / 2,
            Val::Load(width, at) => self.load(*width, at)?,
            Val::Low(inner) => self.value(inner)? & 0xffff_ffff,
            Val::High(inner) => self.value(inner)? >> 32,
            Val::Sum(a, b) => self.value(a)?.wrapping_add(self.value(b)?),
            Val::Difference(a, b) => self.value(a)?.wrapping_sub(self.value(b)?),
            Val::Global(number) => match &self.plan.globals[*number] {
                Known::Constant(value) => *value,
                Known::Variable(variable) => self.boundary.global(variable).bits(),
            },
        })
    }

    fn load(&mut self, width: Width, at: &Val) -> Result<u64, Box<Failure>> {
        let at = self.value(at)?;
        let mut bytes = Vec::with_capacity(8);
        self.boundary.read(self.plan.bound.memory, at, width.bytes() as u64, &mut bytes)?;
        bytes.resize(8, 0);
        Ok(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
    }

    #[inline(always)]
    fn holds(&mut self, test: &Test) -> Result<bool, Box<Failure>> {
        let signed = |n: u64| if test.narrow { i64::from(low(n).cast_signed()) } else { n.cast_signed() };
        let (left, right) = (signed(self.value(&test.left)?), signed(self.value(&test.right)?));
        Ok(match test.comparison {
            Comparison::Equal => left == right,
            Comparison::NotEqual => left != right,
            Comparison::Less => left < right,
            Comparison::Greater => left > right,
        })
    }

    #[inline(always)]
    fn write(&mut self, parts: &[Written], at: &Val, within: Option<&Val>) -> Result<(), Box<Failure>> {
        let addr = self.value(at)?;
        let room = match within {
            None => None,
            Some(Val::Slot(slot)) => self.state.values[*slot],
            Some(room) => Some(self.value(room)?),
        };
        if let [Written::Line] = parts {
            self.fits(self.crossing.encoded.len() as u64, room, addr)?;
            return self.boundary.write(self.plan.bound.memory, addr, &self.crossing.encoded);
        }
        let len = |part: &Written| match part {
            Written::Line => self.crossing.encoded.len() as u64,
            Written::Bytes(bytes) => bytes.len() as u64,
            Written::Number(width, _) => width.bytes() as u64,
        };
        let len = parts.iter().map(len).sum();
        self.fits(len, room, addr)?;
        let memory = self.boundary.bytes(self.plan.bound.memory).len() as u64;
        if len > memory {
            return Err(Failure::OutOfBounds { attempt: "writing".into(), addr, len, memory }.into());
        }
        let mut whole = Vec::new();
        for part in parts {
            match part {
                Written::Line => whole.extend_from_slice(&self.crossing.encoded),
                Written::Bytes(bytes) => whole.extend_from_slice(bytes),
                Written::Number(width, value) => {
                    whole.extend_from_slice(&self.value(value)?.to_le_bytes()[..width.bytes()]);
                }
            }
        }
        self.boundary.write(self.plan.bound.memory, addr, &whole)
    }

    /// An answer that is put together bit by bit is as long as one that is read at once may be.
    fn bounded(&self) -> Result<(), Box<Failure>> {
        let (len, most) = ((self.crossing.answer.len() - self.crossing.start) as u64, self.state.wasi.longest);
        if len > most { Err(Failure::Limit(Limit::Output(len, most)).into()) } else { Ok(()) }
    }

    fn fits(&self, len: u64, room: Option<u64>, addr: u64) -> Result<(), Box<Failure>> {
        match room.filter(|&room| len > room) {
            Some(room) => Err(Failure::NoRoom { len, room, addr }.into()),
            None => Ok(()),
        }
    }

    #[inline(always)]
    fn read(&mut self, span: &Bytes) -> Result<(), Box<Failure>> {
        if matches!(span.encoding, Encoding::Bytes | Encoding::Utf8) {
            let (addr, len) = self.extent(span)?;
            return self.boundary.read(self.plan.bound.memory, addr, len, self.crossing.answer);
        }
        let text = self.bytes(span)?;
        self.crossing.answer.extend_from_slice(&text);
        Ok(())
    }

    /// The bytes of a span, decoded.
    fn bytes(&mut self, span: &Bytes) -> Result<Vec<u8>, Box<Failure>> {
        let (addr, len) = self.extent(span)?;
        let mut bytes = Vec::new();
        self.boundary.read(self.plan.bound.memory, addr, len, &mut bytes)?;
        decode(bytes, span.encoding)
    }

    /// Where a span begins, and how many bytes it has.
    #[inline(always)]
    fn extent(&mut self, span: &Bytes) -> Result<(u64, u64), Box<Failure>> {
        let len = match &span.len {
            Len::Bytes(len) => self.value(len)?,
            Len::To(end) => {
                let (end, at) = (self.value(end)?, self.value(&span.at)?);
                let backwards = || refused(format!("the end, {end:#x}, lies before the beginning, {at:#x}"));
                return Ok((at, end.checked_sub(at).ok_or_else(backwards)?));
            }
            Len::UntilZero => {
                let at = self.value(&span.at)?;
                return Ok((at, self.until_zero(at)?));
            }
        };
        Ok((self.value(&span.at)?, len))
    }

    /// How many bytes there are before the first zero byte.
    fn until_zero(&self, at: u64) -> Result<u64, Box<Failure>> {
        let bytes = self.boundary.bytes(self.plan.bound.memory);
        let behind = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
        let found = behind.and_then(|bytes| memchr::memchr(0, bytes));
        found.map(|len| len as u64).ok_or_else(|| {
            refused(format!("no zero byte ends the text at {at:#x}: the memory ends at {:#x}", bytes.len()))
        })
    }

    fn say(&mut self, saying: &Saying) -> Result<(), Box<Failure>> {
        let text = match saying {
            Saying::Words(words) => self.words(words)?.into_bytes(),
            Saying::Bytes(span) => self.bytes(span)?,
            Saying::Answer => self.crossing.answer[self.crossing.start..].to_vec(),
        };
        self.state.messages.say(&text, self.boundary);
        Ok(())
    }

    /// Why an exchange fails, with what the last call returned where the recipe has the words.
    fn saying(&mut self, saying: &Saying) -> Result<String, Box<Failure>> {
        let words = match saying {
            Saying::Bytes(span) => return Ok(String::from_utf8_lossy(&self.bytes(span)?).into_owned()),
            Saying::Answer => {
                return Ok(String::from_utf8_lossy(&self.crossing.answer[self.crossing.start..]).into_owned());
            }
            Saying::Words(words) => self.words(words)?,
        };
        Ok(match self.state.last.filter(|_| !saying.holds_bytes()) {
            Some((number, bits)) => {
                let Func { name, signature, .. } = &self.plan.funcs[number];
                let returned =
                    signature.results.first().map(|&ty| format!(": {name} returned {}", Value::new(ty, bits)));
                words + &returned.unwrap_or_default()
            }
            None => words,
        })
    }

    fn words(&mut self, words: &Words) -> Result<String, Box<Failure>> {
        let mut text = String::new();
        for piece in &words.pieces {
            text.push_str(&piece.before);
            match &piece.held {
                Held::Number(Val::Missing, _) => text.push('?'),
                Held::Number(Val::Slot(slot), _) if self.state.values[*slot].is_none() => text.push('?'),
                Held::Number(value, form) => text.push_str(&form.show(self.value(value)?)),
                Held::Bytes(span) => text.push_str(&String::from_utf8_lossy(&self.bytes(span)?)),
            }
        }
        text.push_str(&words.last);
        Ok(text)
    }
}

impl Crossing<'_> {
    /// Makes `bytes` the answer.
    fn settle(&mut self, bytes: &[u8]) {
        self.answer.truncate(self.start);
        self.answer.extend_from_slice(bytes);
    }
}

/// The low 32 bits.
#[allow(clippy::cast_possible_truncation, reason = "it is what is asked for")]
fn low(number: u64) -> u32 {
    number as u32
}

/// A whole number as a value of that type; of what is too wide for it, the low bits.
fn typed(ty: Type, number: u64) -> Value {
    match ty {
        Type::F32 => Value::F32((number.cast_signed() as f32).to_bits()),
        Type::F64 => Value::F64((number.cast_signed() as f64).to_bits()),
        ty => Value::new(ty, number),
    }
}

/// What comes of a call that did not return: a program that ends itself in peace returned, so to speak.
#[cold]
fn ended(failure: Box<Failure>) -> Result<u64, Box<Failure>> {
    if *failure == Failure::Exit(0) { Ok(0) } else { Err(failure) }
}

#[cold]
fn placed(failure: Failure, at: usize) -> Box<Failure> {
    Box::new(failure.in_recipe(at))
}

/// The longest words of a failure that are kept, in bytes: a guest's own can be as long as its memory.
const LONGEST: usize = 64 << 10;

#[cold]
fn refused(mut words: String) -> Box<Failure> {
    if words.len() > LONGEST {
        words.truncate(words.floor_char_boundary(LONGEST));
        words.push_str(" ...");
    }
    Box::new(Failure::Refused(words))
}
