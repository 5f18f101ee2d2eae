//! Evaluates values, conditions, spans and messages.

use std::cmp::Ordering;

use super::encoding::decode;
use super::ops::{Bytes, Interpolation, Len, MessageExpr, Test, Val, Words};
use super::run::Runner;
use super::state::ResolvedGlobal;
use super::{Comparison, Width};
use crate::guest::{Boundary, Func, Type};
use crate::record::{Failure, Value};

impl<B: Boundary + ?Sized> Runner<'_, '_, B> {
    #[inline(always)]
    pub(super) fn value(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        match value {
            Val::Const(n) => Ok(n.cast_unsigned()),
            // A name set only under a condition is 0 until then.
            Val::Slot(slot) => Ok(self.state.values[*slot].unwrap_or(0)),
            Val::LineLen => Ok(self.io.encoded.len() as u64),
            Val::LowSlot(slot) => Ok(self.state.values[*slot].unwrap_or(0) & 0xffff_ffff),
            Val::HighSlot(slot) => Ok(self.state.values[*slot].unwrap_or(0) >> 32),
            value => self.compute(value),
        }
    }

    /// Evaluates a value that is not a constant or a slot.
    fn compute(&mut self, value: &Val) -> Result<u64, Box<Failure>> {
        Ok(match value {
            Val::Const(_) | Val::Slot(_) | Val::LineLen | Val::LowSlot(_) | Val::HighSlot(_) => self.value(value)?,
            Val::LineUnits => self.io.encoded.len() as u64 / 2,
            Val::TextLen(number) => self.text(*number).len() as u64,
            Val::Load(width, at) => self.load(*width, at)?,
            Val::Leb(at) => self.leb(at)?.0,
            Val::PastLeb(at) => self.leb(at)?.1,
            Val::HighLow(high, low) => self.value(high)? << 32 | self.value(low)? & 0xffff_ffff,
            Val::Low(inner) => self.value(inner)? & 0xffff_ffff,
            Val::High(inner) => self.value(inner)? >> 32,
            Val::Sum(a, b) => self.value(a)?.wrapping_add(self.value(b)?),
            Val::Difference(a, b) => self.value(a)?.wrapping_sub(self.value(b)?),
            Val::Global(number) => match &self.plan.globals[*number] {
                ResolvedGlobal::Constant(value) => *value,
                ResolvedGlobal::Variable(variable) => self.boundary.global(variable).bits(),
            },
            Val::ToFloat(ty, inner) => to_float(*ty, self.value(inner)?.cast_signed()),
            Val::FromFloat(ty, inner) => from_float(*ty, self.value(inner)?)?,
        })
    }

    /// The number in LEB128 at an address, and the address after it.
    fn leb(&mut self, at: &Val) -> Result<(u64, u64), Box<Failure>> {
        let at = self.value(at)?;
        let mut number = 0_u64;
        for place in 0..LEB_BYTES {
            let addr = at.wrapping_add(place);
            let byte = self.boundary.load(self.plan.bound.memory, addr, 1)?;
            let (bits, shift) = (byte & 0x7f, 7 * place);
            if bits << shift >> shift != bits {
                break;
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok((number, addr.wrapping_add(1)));
            }
        }
        Err(Failure::Mismatch(format!("the bytes at {at:#x} are not a 64-bit number in LEB128")).into())
    }

    /// A text of the line.
    pub(super) fn text(&self, number: usize) -> &[u8] {
        match &self.plan.bound.split {
            Some(split) => split.text(&self.io.encoded, number),
            None => &self.io.encoded,
        }
    }

    fn load(&mut self, width: Width, at: &Val) -> Result<u64, Box<Failure>> {
        let at = self.value(at)?;
        self.boundary.load(self.plan.bound.memory, at, width.bytes() as u64)
    }

    #[inline(always)]
    pub(super) fn holds(&mut self, test: &Test) -> Result<bool, Box<Failure>> {
        let (left, right) = (self.value(&test.left)?, self.value(&test.right)?);
        let ordering = match test.ty {
            Type::I32 => Some(low(left).cast_signed().cmp(&low(right).cast_signed())),
            Type::F32 => f32::from_bits(low(left)).partial_cmp(&f32::from_bits(low(right))),
            Type::F64 => f64::from_bits(left).partial_cmp(&f64::from_bits(right)),
            _ => Some(left.cast_signed().cmp(&right.cast_signed())),
        };
        Ok(match test.comparison {
            Comparison::Equal => ordering == Some(Ordering::Equal),
            Comparison::NotEqual => ordering != Some(Ordering::Equal),
            Comparison::Less => ordering == Some(Ordering::Less),
            Comparison::Greater => ordering == Some(Ordering::Greater),
        })
    }

    /// The bytes of a span, decoded.
    pub(super) fn bytes(&mut self, span: &Bytes) -> Result<Vec<u8>, Box<Failure>> {
        let (addr, len) = self.extent(span)?;
        let mut bytes = Vec::new();
        self.boundary.read(self.plan.bound.memory, addr, len, &mut bytes)?;
        decode(bytes, span.encoding)
    }

    /// The address and length of a span.
    #[inline(always)]
    pub(super) fn extent(&mut self, span: &Bytes) -> Result<(u64, u64), Box<Failure>> {
        let len = match &span.len {
            Len::Bytes(len) => self.value(len)?,
            Len::To(end) => {
                let (end, at) = (self.value(end)?, self.value(&span.at)?);
                return Ok((at, end.checked_sub(at).ok_or(Failure::Backwards { start: at, end })?));
            }
            Len::UntilZero => {
                let at = self.value(&span.at)?;
                return Ok((at, self.until_zero(at)?));
            }
        };
        Ok((self.value(&span.at)?, len))
    }

    /// The number of bytes before the first zero byte.
    fn until_zero(&mut self, at: u64) -> Result<u64, Box<Failure>> {
        let bytes = self.boundary.bytes(self.plan.bound.memory);
        let (rest, memory) = (usize::try_from(at).ok().and_then(|at| bytes.get(at..)), bytes.len() as u64);
        let found = rest.and_then(|rest| memchr::memchr(0, rest));
        Ok(found.map(|len| len as u64).ok_or_else(|| {
            self.boundary.unterminated(self.plan.bound.memory, at);
            Failure::Unterminated { addr: at, memory }
        })?)
    }

    pub(super) fn say(&mut self, saying: &MessageExpr) -> Result<(), Box<Failure>> {
        let text = match saying {
            MessageExpr::Words(words) => self.words(words)?.into_bytes(),
            MessageExpr::Bytes(span) => self.bytes(span)?,
            MessageExpr::Answer => self.io.answer[self.io.start..].to_vec(),
        };
        self.state.messages.say(&text, self.boundary);
        Ok(())
    }

    /// Builds the message of a failure, including the last call's result if the recipe gives text.
    pub(super) fn saying(&mut self, saying: &MessageExpr) -> Result<String, Box<Failure>> {
        let words = match saying {
            MessageExpr::Bytes(span) => return Ok(String::from_utf8_lossy(&self.bytes(span)?).into_owned()),
            MessageExpr::Answer => {
                return Ok(String::from_utf8_lossy(&self.io.answer[self.io.start..]).into_owned());
            }
            MessageExpr::Words(words) => self.words(words)?,
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

    pub(super) fn words(&mut self, words: &Words) -> Result<String, Box<Failure>> {
        let mut text = String::new();
        for piece in &words.pieces {
            text.push_str(&piece.before);
            match &piece.held {
                Interpolation::Number(Val::Slot(slot), _) if self.state.values[*slot].is_none() => {
                    text.push_str("unknown");
                }
                Interpolation::Number(value, form) => text.push_str(&form.show(self.value(value)?)),
                Interpolation::Bytes(span) => text.push_str(&String::from_utf8_lossy(&self.bytes(span)?)),
            }
        }
        text.push_str(&words.last);
        Ok(text)
    }
}

/// The maximum number of bytes of a 64-bit number in LEB128.
const LEB_BYTES: u64 = 10;

/// A float as an integer, given its bits. Beyond 2^53, floats skip integers.
fn from_float(ty: Type, bits: u64) -> Result<u64, Box<Failure>> {
    let float = if ty == Type::F32 { f64::from(f32::from_bits(low(bits))) } else { f64::from_bits(bits) };
    let most = if ty == Type::F32 { 1_i64 << 24 } else { 1 << 53 };
    if float.fract() == 0.0 && float.abs() <= most as f64 {
        #[allow(clippy::cast_possible_truncation, reason = "it is an integer of at most 53 bits")]
        return Ok((float as i64).cast_unsigned());
    }
    Err(Failure::Mismatch(format!("{float} is not an address, a length or another whole number")).into())
}

/// The bits of an integer as a float of that type.
pub(super) fn to_float(ty: Type, number: i64) -> u64 {
    match ty {
        Type::F32 => u64::from((number as f32).to_bits()),
        _ => (number as f64).to_bits(),
    }
}

/// The low 32 bits.
#[allow(clippy::cast_possible_truncation, reason = "it is what is asked for")]
pub(super) fn low(number: u64) -> u32 {
    number as u32
}
