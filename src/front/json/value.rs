//! Bytes and numbers in JSON. Many readers keep JSON numbers as 64-bit floats, which have whole numbers up to 2^53 only:
//! what may be larger is a string of its decimal digits.

use serde::{Serialize, Serializer};

use crate::record::{self, Hex};

/// Bytes as hexadecimal digits, beside the text that they are, if they are UTF-8.
#[derive(Serialize)]
pub(super) struct Bytes<'a> {
    len: usize,
    #[serde(serialize_with = "digits")]
    hex: Hex<'a>,
    text: Option<&'a str>,
}

impl Bytes<'_> {
    pub(super) fn new(bytes: &[u8]) -> Bytes<'_> {
        Bytes { len: bytes.len(), hex: Hex(bytes), text: std::str::from_utf8(bytes).ok() }
    }
}

fn digits<S: Serializer>(hex: &Hex<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hex)
}

/// A WebAssembly value. Every i64 is a string, so that all have one form.
#[derive(Serialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
pub(super) enum Value {
    I32(i32),
    I64(String),
    F32(serde_json::Value),
    F64(serde_json::Value),
    Other(()),
}

impl From<record::Value> for Value {
    fn from(value: record::Value) -> Value {
        // JSON has no number for infinities and NaN: they are strings.
        let float = |float: f64| match serde_json::Number::from_f64(float) {
            Some(number) => number.into(),
            None => value.to_string().into(),
        };
        match value {
            record::Value::I32(n) => Value::I32(n),
            record::Value::I64(n) => Value::I64(n.to_string()),
            record::Value::F32(bits) => Value::F32(float(f32::from_bits(bits).into())),
            record::Value::F64(bits) => Value::F64(float(f64::from_bits(bits))),
            record::Value::Opaque => Value::Other(()),
        }
    }
}

/// An address or a length as the guest gave it: a number, or a string where a float could not hold it.
pub(super) struct Integer(pub(super) u64);

/// The largest number that every reader of JSON keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            exact @ ..=EXACT => serializer.serialize_u64(exact),
            large => serializer.collect_str(&large),
        }
    }
}
