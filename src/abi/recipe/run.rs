//! Running a bound recipe: one exchange after the other, with no look-up and no allocation for a line.

use std::borrow::Cow;

use super::bind::{Bound, Bytes, Do, Len, Op, Test, Val, Words};
use super::{Comparison, Encoding, Part, Width};
use crate::guest::{Boundary, Func, Guest, Type};
use crate::record::{Failure, Value};

/// A recipe at work on one guest.
pub struct Exchange {
    bound: Bound,
    funcs: Vec<Func>,
    globals: Vec<u64>,
    values: Vec<Option<u64>>,
    /// The arguments of the call that is being made.
    args: Vec<Value>,
}

/// The line that crosses.
struct Line<'a> {
    /// As it was typed.
    raw: &'a [u8],
    /// As it is written.
    encoded: Cow<'a, [u8]>,
}

/// Whether the answer is settled.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Settled,
}

impl Exchange {
    /// Resolves what the recipe calls in a guest.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] if the guest is not one of the module that the recipe was bound to.
    pub fn new(bound: Bound, guest: &mut Guest) -> Result<Exchange, Failure> {
        let missing = |name: &str| Failure::Mismatch(format!("the guest does not export `{name}`"));
        let mut funcs = Vec::new();
        for name in &bound.exports {
            funcs.push(guest.func(name).ok_or_else(|| missing(name))?);
        }
        let mut globals = Vec::new();
        for name in &bound.globals {
            globals.push(guest.global(name).and_then(Value::unsigned).ok_or_else(|| missing(name))?);
        }
        let values = vec![None; bound.names.len()];
        Ok(Exchange { bound, funcs, globals, values, args: Vec::new() })
    }

    /// What is done once for a fresh guest, before any line.
    ///
    /// # Errors
    /// A line of the recipe failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary) -> Result<(), Failure> {
        let nothing = Line { raw: &[], encoded: Cow::Borrowed(&[]) };
        let mut unread = Vec::new();
        let (mut runner, bound) = self.runner(boundary, &nothing, &mut unread);
        runner.all(&bound.once).map_err(|failure| *failure)
    }

    /// One exchange: the answer is appended to `answer`.
    ///
    /// # Errors
    /// Why there is no answer; `answer` is as it was then.
    pub fn exchange(&mut self, boundary: &mut impl Boundary, line: &[u8], answer: &mut Vec<u8>) -> Result<(), Failure> {
        let line = Line { raw: line, encoded: encode(line, self.bound.encoding).map_err(|failure| *failure)? };
        let start = answer.len();
        self.values[self.bound.kept..].fill(None);
        let (mut runner, bound) = self.runner(boundary, &line, answer);
        let mut outcome = runner.all(&bound.line);
        if !outcome.as_ref().is_err_and(|failure| failure.leaves_guest_suspect()) {
            outcome = outcome.and(runner.tidy(&bound.finally));
        }
        outcome.map_err(|failure| {
            answer.truncate(start);
            *failure
        })
    }

    fn runner<'a, B: Boundary>(
        &'a mut self,
        boundary: &'a mut B,
        line: &'a Line<'a>,
        answer: &'a mut Vec<u8>,
    ) -> (Runner<'a, B>, &'a Bound) {
        let start = answer.len();
        let Exchange { bound, funcs, globals, values, args } = self;
        args.clear();
        (Runner { bound, funcs, globals, values, args, boundary, line, answer, start, last: None }, bound)
    }
}

/// One pass over the lines of a recipe.
struct Runner<'a, B> {
    bound: &'a Bound,
    funcs: &'a [Func],
    globals: &'a [u64],
    values: &'a mut [Option<u64>],
    args: &'a mut Vec<Value>,
    boundary: &'a mut B,
    line: &'a Line<'a>,
    answer: &'a mut Vec<u8>,
    /// Where in `answer` this line's answer begins.
    start: usize,
    /// The last call: the export's number, and what it returned first.
    last: Option<(usize, Value)>,
}

impl<B: Boundary> Runner<'_, B> {
    fn all(&mut self, body: &[Op]) -> Result<(), Box<Failure>> {
        for op in body {
            if self.op(op).map_err(|failure| placed(*failure, op.at))? == Next::Settled {
                break;
            }
        }
        Ok(())
    }

    /// The section `finally`: of it, the lines all of whose values were set. One that fails does not keep the
    /// others from being done.
    fn tidy(&mut self, body: &[Op]) -> Result<(), Box<Failure>> {
        let mut outcome = Ok(());
        for op in body {
            if op.names_are_set(self.values) {
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
        if op.transform {
            self.boundary.transform_next();
        }
        match &op.action {
            Do::Let(slots, value) => self.assign(slots, value)?,
            Do::Write { parts, at, within } => self.write(parts, at, *within)?,
            Do::Store(width, at, value) => {
                let at = self.value(at)?;
                let bytes = self.value(value)?.to_le_bytes();
                self.boundary.write(self.bound.memory, at, &bytes[..width.bytes()])?;
            }
            Do::Read { span, append } => {
                if !append {
                    self.answer.truncate(self.start);
                }
                self.read(span)?;
            }
            Do::AnswerLine => {
                self.answer.truncate(self.start);
                self.answer.extend_from_slice(self.line.raw);
                return Ok(Next::Settled);
            }
            Do::Fail(words) => return Err(Failure::Refused(self.words(words)?).into()),
        }
        Ok(Next::GoOn)
    }

    #[inline(always)]
    fn assign(&mut self, slots: &[usize], value: &Val) -> Result<(), Box<Failure>> {
        match (slots, value) {
            (_, Val::Call(number, args)) => {
                self.gather(args)?;
                let results = self.boundary.call(&self.funcs[*number], self.args)?;
                self.args.clear();
                self.last = results.first().map(|result| (*number, *result));
                for (slot, result) in slots.iter().zip(results) {
                    self.values[*slot] = result.unsigned();
                }
            }
            ([slot], Val::Missing) => self.values[*slot] = None,
            ([slot], value) => self.values[*slot] = Some(self.value(value)?),
            _ => (),
        }
        Ok(())
    }

    /// Computes the arguments of a call, in which a call may stand only as the argument of another.
    #[inline(always)]
    fn gather(&mut self, args: &[(Type, Val)]) -> Result<(), Box<Failure>> {
        for (ty, arg) in args {
            let number = match arg {
                Val::Call(..) => {
                    let outer = std::mem::take(self.args);
                    let number = self.value(arg);
                    *self.args = outer;
                    number?
                }
                arg => self.value(arg)?,
            };
            self.args.push(typed(*ty, number));
        }
        Ok(())
    }

    /// The first result of a call.
    fn call(&mut self, number: usize, args: &[(Type, Val)]) -> Result<u64, Box<Failure>> {
        self.gather(args)?;
        let result = self.boundary.call(&self.funcs[number], self.args)?.first().copied();
        self.args.clear();
        self.last = result.map(|result| (number, result));
        Ok(result.and_then(Value::unsigned).unwrap_or(0))
    }

    #[inline(always)]
    fn value(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        match value {
            Val::Const(n) => Ok(n.cast_unsigned()),
            // What the recipe sets only under a condition is 0 until then.
            Val::Slot(slot) => Ok(self.values[*slot].unwrap_or(0)),
            Val::LineLen => Ok(self.line.encoded.len() as u64),
            value => self.compute(value),
        }
    }

    /// A value that takes more than a look.
    fn compute(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        Ok(match value {
            Val::Const(_) | Val::Slot(_) | Val::LineLen => self.value(value)?,
            Val::Call(number, args) => self.call(*number, args)?,
            Val::Missing => 0,
            Val::Load(width, at) => self.load(*width, at)?,
            Val::Low(inner) => self.value(inner)? & 0xffff_ffff,
            Val::High(inner) => self.value(inner)? >> 32,
            Val::Sum(a, b) => self.value(a)?.wrapping_add(self.value(b)?),
            Val::Difference(a, b) => self.value(a)?.wrapping_sub(self.value(b)?),
            Val::Global(number) => self.globals[*number],
        })
    }

    fn load(&mut self, width: Width, at: &Val) -> Result<u64, Box<Failure>> {
        let at = self.value(at)?;
        let mut bytes = Vec::with_capacity(8);
        self.boundary.read(self.bound.memory, at, width.bytes() as u64, &mut bytes)?;
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
    fn write(&mut self, parts: &[Part], at: &Val, within: Option<usize>) -> Result<(), Box<Failure>> {
        let addr = self.value(at)?;
        let len = parts.iter().map(|part| self.line.part(part).len() as u64).sum();
        if let Some(room) = within.and_then(|slot| self.values[slot]).filter(|&room| len > room) {
            return Err(Failure::NoRoom { len, room, addr }.into());
        }
        if let [part] = parts {
            return self.boundary.write(self.bound.memory, addr, self.line.part(part));
        }
        let whole: Vec<u8> = parts.iter().flat_map(|part| self.line.part(part)).copied().collect();
        self.boundary.write(self.bound.memory, addr, &whole)
    }

    #[inline(always)]
    fn read(&mut self, span: &Bytes) -> Result<(), Box<Failure>> {
        if span.encoding != Encoding::Utf16 {
            let (addr, len) = self.extent(span)?;
            return self.boundary.read(self.bound.memory, addr, len, self.answer);
        }
        let text = self.bytes(span)?;
        self.answer.extend_from_slice(&text);
        Ok(())
    }

    /// The bytes of a span, decoded.
    fn bytes(&mut self, span: &Bytes) -> Result<Vec<u8>, Box<Failure>> {
        let (addr, len) = self.extent(span)?;
        let mut bytes = Vec::new();
        self.boundary.read(self.bound.memory, addr, len, &mut bytes)?;
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
        let bytes = self.boundary.bytes(self.bound.memory);
        let behind = usize::try_from(at).ok().and_then(|at| bytes.get(at..));
        let found = behind.and_then(|bytes| memchr::memchr(0, bytes));
        found.map(|len| len as u64).ok_or_else(|| {
            refused(format!("no zero byte ends the text at {at:#x}: the memory ends at {:#x}", bytes.len()))
        })
    }

    fn words(&mut self, words: &Words) -> Result<String, Box<Failure>> {
        let (parts, last) = match words {
            Words::Bytes(span) => return Ok(String::from_utf8_lossy(&self.bytes(span)?).into_owned()),
            Words::Text(parts, last) => (parts, last),
        };
        let mut text = String::new();
        for (before, slot) in parts {
            text.push_str(before);
            let value = match slot {
                Some(slot) => self.values[*slot],
                None => Some(self.line.encoded.len() as u64),
            };
            text.push_str(&value.map_or("?".to_owned(), |value| value.to_string()));
        }
        text.push_str(last);
        if let Some((number, result)) = self.last {
            text.push_str(&format!(": {} returned {result}", self.funcs[number].name));
        }
        Ok(text)
    }
}

impl<'a> Line<'a> {
    fn part<'p>(&'p self, part: &'p Part) -> &'p [u8] {
        match part {
            Part::Line => &self.encoded,
            Part::Byte(byte) => std::slice::from_ref(byte),
            Part::Text(text) => text.as_bytes(),
        }
    }
}

/// The low 32 bits.
#[allow(clippy::cast_possible_truncation, reason = "it is what is asked for")]
fn low(number: u64) -> u32 {
    number as u32
}

/// A number as a value of that type; of what is too wide for it, the low bits.
fn typed(ty: Type, number: u64) -> Value {
    match ty {
        Type::I32 => Value::I32(low(number).cast_signed()),
        Type::I64 => Value::I64(number.cast_signed()),
        Type::F32 => Value::F32((number.cast_signed() as f32).to_bits()),
        Type::F64 => Value::F64((number.cast_signed() as f64).to_bits()),
        Type::Other => Value::Opaque,
    }
}

#[cold]
fn placed(failure: Failure, at: usize) -> Box<Failure> {
    Box::new(failure.in_recipe(at))
}

#[cold]
fn refused(words: String) -> Box<Failure> {
    Box::new(Failure::Refused(words))
}

/// A line as the guest gets it.
fn encode(line: &[u8], encoding: Encoding) -> Result<Cow<'_, [u8]>, Box<Failure>> {
    if encoding == Encoding::Bytes {
        return Ok(line.into());
    }
    let text = std::str::from_utf8(line).map_err(|error| {
        let at = error.valid_up_to();
        refused(format!("the guest takes text, and the line is no UTF-8 from its byte {at} on; nothing was written"))
    })?;
    match encoding {
        Encoding::Utf16 => Ok(text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().into()),
        _ => Ok(line.into()),
    }
}

/// An answer as the user gets it.
fn decode(bytes: Vec<u8>, encoding: Encoding) -> Result<Vec<u8>, Box<Failure>> {
    if encoding != Encoding::Utf16 {
        return Ok(bytes);
    }
    if !bytes.len().is_multiple_of(2) {
        return Err(refused(format!("{} bytes are no UTF-16: each unit has two", bytes.len())));
    }
    let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    let text = text.map_err(|error| {
        refused(format!("the text is no UTF-16: the unit {:#06x} stands alone", error.unpaired_surrogate()))
    })?;
    Ok(text.into_bytes())
}
