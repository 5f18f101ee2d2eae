//! The addresses that a value may stand for.

use crate::record::Value;

/// The addresses that a value may stand for: it, or its halves.
pub(super) fn addresses(value: Value) -> [Option<u64>; 3] {
    match value {
        Value::I32(_) => [value.unsigned(), None, None],
        Value::I64(n) => {
            let n = n.cast_unsigned();
            [Some(n), Some(n >> 32), Some(n & 0xffff_ffff)]
        }
        Value::F64(bits) => {
            let number = f64::from_bits(bits);
            let is_address = (0.0..4_294_967_296.0).contains(&number) && number.fract() == 0.0;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let addr = is_address.then_some(number as u64);
            [addr, None, None]
        }
        Value::F32(_) | Value::Opaque => [None; 3],
    }
}
