//! A host in JavaScript, with the API of browsers and Node.

use super::Seen;
use super::facts::{Facts, Number, in_hex, quoted, quoted_bytes};
use crate::record::Value;
use crate::view::counted;

pub(super) fn sees(facts: &Facts) -> Vec<Seen> {
    let mut seen: Vec<_> = facts.numbers.iter().map(number).collect();
    seen.extend(range(facts));
    if let Some(growth) = &facts.growth {
        let text = format!(
            "detached by {}, which grew memory from {} to {} pages: length 0, each element undefined; create a new one",
            growth.step, growth.from, growth.to
        );
        seen.push(Seen::new("a view from before", text));
    }
    seen.extend(facts.later.as_ref().map(|later| {
        let text =
            format!("{} after {}: a view is not a copy (`.slice()` is)", quoted_bytes(&later.bytes), later.after);
        Seen::new("the same view", text)
    }));
    seen
}

fn number(number: &Number) -> Seen {
    let text = match (number.value, number.packed) {
        (Value::I32(signed @ ..0), _) => {
            format!("{signed}: an i32 is signed; as an address {signed} >>> 0 = {}", signed.cast_unsigned())
        }
        (Value::I64(value), Some((addr, len, high))) => {
            let upper = "Number(BigInt.asUintN(32, r >> 32n))";
            let lower = "Number(BigInt.asUintN(32, r))";
            let (of_addr, of_len) = if high { (upper, lower) } else { (lower, upper) };
            format!("{value}n, a BigInt: {of_addr} = {addr}, {of_len} = {len}")
        }
        (Value::I64(value), None) => format!("{value}n, a BigInt"),
        (value, _) => value.to_string(),
    };
    Seen::new(&number.what, text)
}

fn range(facts: &Facts) -> Vec<Seen> {
    let (addr, len) = (facts.addr, facts.len);
    let view = format!("new Uint8Array(memory.buffer, {addr:#x}, {len})");
    let Some(bytes) = &facts.bytes else {
        return vec![Seen::new(view, "throws a RangeError: it ends outside memory")];
    };
    let mut text = facts.lossy();
    let mut notes = String::new();
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        text = rest.to_owned();
        notes.push_str("; it drops the byte order mark");
    }
    if std::str::from_utf8(bytes).is_err() {
        notes.push_str("; not UTF-8: U+FFFD stands for what is invalid, and with {fatal: true} it throws a TypeError");
    }
    let (units, characters) = (text.encode_utf16().count(), text.chars().count());
    let counts = format!(
        "{units} UTF-16 units; {}, {}",
        counted(characters as u64, "character"),
        counted(bytes.len() as u64, "byte")
    );
    vec![
        Seen::new(view, in_hex(bytes)),
        Seen::new("new TextDecoder().decode(it)", quoted(&text) + &notes),
        Seen::new("its length", counts),
    ]
}
