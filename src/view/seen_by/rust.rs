//! A host in Rust, with wasmtime or wasmer.

use super::Seen;
use super::facts::{Facts, Number, in_hex, quoted};
use crate::record::Value;
use crate::view::counted;

pub(super) fn sees(facts: &Facts) -> Vec<Seen> {
    let mut seen: Vec<_> = facts.numbers.iter().map(number).collect();
    seen.extend(range(facts));
    if let Some(growth) = &facts.growth {
        let text = format!(
            "cannot be kept across {}, which grew memory from {} to {} pages: the call borrows the store",
            growth.step, growth.from, growth.to
        );
        seen.push(Seen::new("a slice from before", text));
    }
    seen.extend(facts.later.as_ref().map(|later| {
        let text = format!("after {}: read what you need before that step", later.after);
        Seen::new("the bytes change", text)
    }));
    seen
}

fn number(number: &Number) -> Seen {
    let text = match (number.value, number.packed) {
        (Value::I32(signed @ ..0), _) => format!(
            "{signed}_i32; `as usize` sign-extends it: {}; `as u32 as usize` = {}",
            i64::from(signed).cast_unsigned(),
            signed.cast_unsigned()
        ),
        (Value::I32(value), _) => format!("{value}_i32"),
        (Value::I64(value), Some((addr, len, high))) => {
            let (of_addr, of_len) =
                if high { ("(r as u64 >> 32) as u32", "r as u32") } else { ("r as u32", "(r as u64 >> 32) as u32") };
            format!("{value}_i64: {of_addr} = {addr:#x}, {of_len} = {len}")
        }
        (Value::I64(value), None) => format!("{value}_i64"),
        (value, _) => value.to_string(),
    };
    Seen::new(&number.what, text)
}

fn range(facts: &Facts) -> Vec<Seen> {
    let (addr, len) = (facts.addr, facts.len);
    let end = addr.saturating_add(len);
    let slice = format!("memory.data(&store).get({addr:#x}..{end:#x})");
    let Some(bytes) = &facts.bytes else {
        return vec![Seen::new(slice, "None: it ends outside memory; indexing with [..] panics")];
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => format!("Ok({})", quoted(text)),
        Err(error) => {
            let len = error.error_len().map_or("None".to_owned(), |len| format!("Some({len})"));
            format!("Err(Utf8Error {{ valid_up_to: {}, error_len: {len} }})", error.valid_up_to())
        }
    };
    let characters = facts.lossy().chars().count();
    vec![
        Seen::new(slice, format!("Some: {}", in_hex(bytes))),
        Seen::new("std::str::from_utf8(it)", text),
        Seen::new(
            "len() and chars().count()",
            format!("{}, {}", counted(bytes.len() as u64, "byte"), counted(characters as u64, "character")),
        ),
    ]
}
