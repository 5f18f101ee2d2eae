//! Kinds of values, and how values are shown in words.

use crate::guest::Type;

/// What is known of a value before it is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A number of that type.
    Of(Type),
    /// A number that fits any type.
    Literal,
    /// The result of an export that may be missing.
    Perhaps,
}

/// How a value is shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    Unsigned,
    Signed(Type),
    /// Hexadecimal digits, that many at least.
    Hex(usize),
    /// The bits of a float.
    Float(Type),
}

/// The most digits that a number is filled up to.
const DIGITS: usize = 16;

impl Form {
    /// The form of a value of that kind that a recipe writes as `{x}`, `{x:i}`, `{x:x}` or `{x:08x}`; here what stands
    /// behind the colon.
    pub(super) fn new(kind: Kind, form: &str) -> Result<Form, String> {
        let wrong = || format!("`{form}` is no form for a value: i with a sign, x in hexadecimal, 08x in eight digits");
        Ok(match (kind, form) {
            (Kind::Of(ty @ (Type::F32 | Type::F64)), "") => Form::Float(ty),
            (_, "") => Form::Unsigned,
            (Kind::Of(Type::I64), "i") => Form::Signed(Type::I64),
            (_, "i") => Form::Signed(Type::I32),
            (_, form) => {
                let digits = form.strip_suffix('x').ok_or_else(wrong)?;
                let digits = if digits.is_empty() { Ok(1) } else { digits.parse() };
                Form::Hex(digits.ok().filter(|&digits| digits <= DIGITS).ok_or_else(wrong)?)
            }
        })
    }

    /// The value as text.
    #[allow(clippy::cast_possible_truncation, reason = "a value of 32 bits is kept in 64")]
    pub(super) fn show(self, bits: u64) -> String {
        match self {
            Form::Unsigned => bits.to_string(),
            Form::Signed(Type::I64) => bits.cast_signed().to_string(),
            Form::Signed(_) => (bits as i32).to_string(),
            Form::Hex(digits) => format!("{bits:0digits$x}"),
            Form::Float(Type::F32) => f32::from_bits(bits as u32).to_string(),
            Form::Float(_) => f64::from_bits(bits).to_string(),
        }
    }
}
