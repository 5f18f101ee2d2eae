//! A host in Go, with wazero.

use super::Seen;
use super::facts::{Facts, Number, in_hex, quoted, quoted_bytes};
use crate::record::Value;
use crate::view::counted;

pub(super) fn sees(facts: &Facts) -> Vec<Seen> {
    let mut seen: Vec<_> = facts.numbers.iter().map(number).collect();
    seen.extend(range(facts));
    if let Some(growth) = &facts.growth {
        let text = format!(
            "may refer to the old memory since {}, which grew it from {} to {} pages: call Read again",
            growth.step, growth.from, growth.to
        );
        seen.push(Seen::new("a slice from before", text));
    }
    seen.extend(facts.later.as_ref().map(|later| {
        let text = format!(
            "{} after {}: Read returns a view, not a copy (bytes.Clone or string makes one)",
            quoted_bytes(&later.bytes),
            later.after
        );
        Seen::new("the same slice", text)
    }));
    seen
}

/// Arguments and results are of type uint64.
fn number(number: &Number) -> Seen {
    let text = match (number.value, number.packed) {
        (Value::I64(value), Some((addr, len, high))) => {
            let (of_addr, of_len) =
                if high { ("uint32(r >> 32)", "uint32(r)") } else { ("uint32(r)", "uint32(r >> 32)") };
            format!("uint64 {}: {of_addr} = {addr:#x}, {of_len} = {len}", value.cast_unsigned())
        }
        (Value::I32(signed @ ..0), _) => {
            let unsigned = signed.cast_unsigned();
            format!("uint64 {unsigned}; as an address uint32(r) = {unsigned}; as a signed number int32(r) = {signed}")
        }
        (Value::I32(value), _) => format!("uint64 {value}"),
        (Value::I64(value), None) => format!("uint64 {}; int64(r) = {value}", value.cast_unsigned()),
        (Value::F32(bits), _) => format!("uint64 {bits:#x}; api.DecodeF32(r) = {}", number.value),
        (Value::F64(bits), _) => format!("uint64 {bits:#x}; api.DecodeF64(r) = {}", number.value),
        (Value::Opaque, _) => "uint64, a reference".to_owned(),
    };
    Seen::new(&number.what, text)
}

fn range(facts: &Facts) -> Vec<Seen> {
    let (addr, len) = (facts.addr, facts.len);
    let view = format!("buf, ok := mem.Read({addr:#x}, {len})");
    let Some(bytes) = &facts.bytes else {
        return vec![Seen::new(view, "nil, false: it ends outside memory")];
    };
    let is_valid = std::str::from_utf8(bytes).is_ok();
    let runes = facts.lossy().chars().count();
    let text =
        format!("{}; {}, {}", quoted_bytes(bytes), counted(bytes.len() as u64, "byte"), counted(runes as u64, "rune"));
    let valid = match is_valid {
        true => "true".to_owned(),
        false => format!(
            "false: the string keeps the bytes, and ranging over it gives U+FFFD, as in {}",
            quoted(&facts.lossy())
        ),
    };
    vec![
        Seen::new(view, format!("{}, true", in_hex(bytes))),
        Seen::new("string(buf)", text),
        Seen::new("utf8.Valid(buf)", valid),
    ]
}
