//! Static types of values, and how values are formatted.

use crate::guest::Type;

/// What is known statically about a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StaticType {
    /// A number of that type.
    Of(Type),
    /// A number that fits any type.
    Literal,
    /// The result of an optional call.
    Perhaps,
}

/// How a value is formatted.
#[derive(Clone, Copy, Debug)]
pub(super) enum ValueFormat {
    Unsigned,
    Signed(Type),
    /// Hexadecimal digits, padded to that many.
    Hex(usize),
    /// The bits of a float.
    Float(Type),
}

/// The maximum number of padding digits.
const DIGITS: usize = 16;

impl ValueFormat {
    /// Parses the format after the colon in `{x:i}`, `{x:x}` or `{x:08x}`; empty for `{x}`.
    pub(super) fn new(kind: StaticType, form: &str) -> Result<ValueFormat, String> {
        let wrong = || {
            format!("unknown format `{form}`: expected i (signed), x (hexadecimal) or 08x (eight hexadecimal digits)")
        };
        Ok(match (kind, form) {
            (StaticType::Of(ty @ (Type::F32 | Type::F64)), "" | "i") => ValueFormat::Float(ty),
            (_, "") => ValueFormat::Unsigned,
            (StaticType::Of(Type::I64), "i") => ValueFormat::Signed(Type::I64),
            (_, "i") => ValueFormat::Signed(Type::I32),
            (_, form) => {
                let digits = form.strip_suffix('x').ok_or_else(wrong)?;
                let digits = if digits.is_empty() { Ok(1) } else { digits.parse() };
                ValueFormat::Hex(digits.ok().filter(|&digits| digits <= DIGITS).ok_or_else(wrong)?)
            }
        })
    }

    /// Formats the value.
    #[allow(clippy::cast_possible_truncation, reason = "a value of 32 bits is kept in 64")]
    pub(super) fn show(self, bits: u64) -> String {
        match self {
            ValueFormat::Unsigned => bits.to_string(),
            ValueFormat::Signed(Type::I64) => bits.cast_signed().to_string(),
            ValueFormat::Signed(_) => (bits as i32).to_string(),
            ValueFormat::Hex(digits) => format!("{bits:0digits$x}"),
            ValueFormat::Float(Type::F32) => f32::from_bits(bits as u32).to_string(),
            ValueFormat::Float(_) => f64::from_bits(bits).to_string(),
        }
    }
}
