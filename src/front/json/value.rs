//! Bytes and numbers in JSON. Many readers store JSON numbers as 64-bit floats, which are exact up to 2^53 only: larger
//! integers are strings of decimal digits.

use serde::{Serialize, Serializer};

use crate::record::{self, Hex};

/// Bytes as hexadecimal digits, and as text if they are UTF-8.
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

/// A WebAssembly value. Every i64 is a string, for uniformity.
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
        // JSON has no numbers for infinities and NaN; they are strings.
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

/// An address or a length from the guest: a number, or a string if a float could not hold it.
pub(super) struct Integer(pub(super) u64);

/// The largest integer that every JSON reader keeps exactly.
const EXACT: u64 = (1 << 53) - 1;

impl Serialize for Integer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            exact @ ..=EXACT => serializer.serialize_u64(exact),
            large => serializer.collect_str(&large),
        }
    }
}
