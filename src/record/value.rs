//! A WebAssembly value: an argument or a result of a call.

use std::fmt;

/// A WebAssembly value. Floats are kept as their bits, so that equality is bitwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A 32-bit integer, address or length.
    I32(i32),
    /// A 64-bit integer.
    I64(i64),
    /// The bits of a 32-bit float.
    F32(u32),
    /// The bits of a 64-bit float.
    F64(u64),
    /// A value that is not a number: a vector or a reference.
    Opaque,
}

impl Value {
    /// The bits of a number, zero-extended; zero for other values.
    pub fn bits(self) -> u64 {
        match self {
            Value::I32(n) => u64::from(n.cast_unsigned()),
            Value::I64(n) => n.cast_unsigned(),
            Value::F32(bits) => u64::from(bits),
            Value::F64(bits) => bits,
            Value::Opaque => 0,
        }
    }

    /// The value as an unsigned address or length; `None` for anything but an integer.
    pub fn unsigned(self) -> Option<u64> {
        match self {
            Value::I32(n) => Some(u64::from(n.cast_unsigned())),
            Value::I64(n) => Some(n.cast_unsigned()),
            _ => None,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::I32(n) => write!(f, "{n}"),
            Value::I64(n) => write!(f, "{n}"),
            Value::F32(bits) => write!(f, "{}", f32::from_bits(*bits)),
            Value::F64(bits) => write!(f, "{}", f64::from_bits(*bits)),
            Value::Opaque => write!(f, "?"),
        }
    }
}
