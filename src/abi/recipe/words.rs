//! Words in which values stand: what an answer or a message of a recipe's own says.

use super::bind::{Kind, Val};
use crate::guest::Type;

/// Words, and the values between them.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Each value, with the words before it.
    pub(super) pieces: Vec<Piece>,
    /// The words behind them.
    pub(super) last: String,
}

/// A value, and how it is shown.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) before: String,
    pub(super) value: Val,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Unsigned,
    Signed(Type),
    /// Hexadecimal digits, that many at least.
    Hex(usize),
    /// The bits of a float.
    Float(Type),
}

/// The most digits that a number is filled up to.
const DIGITS: usize = 16;

impl Piece {
    /// A value of that kind behind `before`, shown in the form that a recipe writes as `{x}`, `{x:i}`, `{x:x}` or
    /// `{x:08x}`.
    pub(super) fn new(before: &str, value: Val, kind: Kind, form: &str) -> Result<Piece, String> {
        let wrong = || format!("`{form}` is no form for a value: i with a sign, x in hexadecimal, 08x in eight digits");
        let form = match (kind, form) {
            (Kind::Of(ty @ (Type::F32 | Type::F64)), "") => Form::Float(ty),
            (_, "") => Form::Unsigned,
            (Kind::Of(Type::I64), "i") => Form::Signed(Type::I64),
            (_, "i") => Form::Signed(Type::I32),
            (_, form) => {
                let digits = form.strip_suffix('x').ok_or_else(wrong)?;
                let digits = if digits.is_empty() { Ok(1) } else { digits.parse() };
                Form::Hex(digits.ok().filter(|&digits| digits <= DIGITS).ok_or_else(wrong)?)
            }
        };
        Ok(Piece { before: before.to_owned(), value, form })
    }

    /// The value as text.
    #[allow(clippy::cast_possible_truncation, reason = "a value of 32 bits is kept in 64")]
    pub(super) fn show(&self, bits: u64) -> String {
        match self.form {
            Form::Unsigned => bits.to_string(),
            Form::Signed(Type::I64) => bits.cast_signed().to_string(),
            Form::Signed(_) => (bits as i32).to_string(),
            Form::Hex(digits) => format!("{bits:0digits$x}"),
            Form::Float(Type::F32) => f32::from_bits(bits as u32).to_string(),
            Form::Float(_) => f64::from_bits(bits).to_string(),
        }
    }
}
