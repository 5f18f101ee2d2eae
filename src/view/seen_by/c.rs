//! A host in C, with wasm.h.

use super::Seen;
use super::facts::{Facts, Number, in_hex, quoted_bytes};
use crate::record::Value;
use crate::view::counted;

pub(super) fn sees(facts: &Facts) -> Vec<Seen> {
    let mut seen: Vec<_> = facts.numbers.iter().map(number).collect();
    seen.extend(range(facts));
    if let Some(growth) = &facts.growth {
        let text = format!(
            "may dangle since {}, which grew memory from {} to {} pages: call wasm_memory_data again",
            growth.step, growth.from, growth.to
        );
        seen.push(Seen::new("a pointer from before", text));
    }
    seen.extend(facts.later.as_ref().map(|later| {
        let text = format!("{} after {}: it points into memory", quoted_bytes(&later.bytes), later.after);
        Seen::new("the same pointer", text)
    }));
    seen
}

fn number(number: &Number) -> Seen {
    let text = match (number.value, number.packed) {
        (Value::I32(signed @ ..0), _) => {
            format!("int32_t {signed}; as an address (uint32_t) {}", signed.cast_unsigned())
        }
        (Value::I64(value), Some((addr, len, high))) => {
            let (of_addr, of_len) =
                if high { ("(uint32_t)(r >> 32)", "(uint32_t)r") } else { ("(uint32_t)r", "(uint32_t)(r >> 32)") };
            format!("int64_t {value}: {of_addr} = {addr:#x}, {of_len} = {len}")
        }
        (value, _) => value.to_string(),
    };
    Seen::new(&number.what, text)
}

fn range(facts: &Facts) -> Vec<Seen> {
    let (addr, len) = (facts.addr, facts.len);
    let pointer = format!("p = wasm_memory_data(memory) + {addr:#x}");
    let Some(bytes) = &facts.bytes else {
        return vec![Seen::new(
            pointer,
            format!("{} from there would end outside memory: undefined behavior, not checked", counted(len, "byte")),
        )];
    };
    let until = facts.to_zero.len() as u64;
    let string = quoted_bytes(&facts.to_zero);
    let (all, ended) = (counted(until, "byte"), addr + until);
    let text = match (facts.has_zero, until) {
        (false, _) => format!("no zero byte up to the end of memory ({all}): it reads past it, undefined behavior"),
        (true, until) if until < len => {
            let rest = counted(len - until, "byte");
            format!("{until}: {string}; it stops at the zero byte at {ended:#x}, {rest} before the end")
        }
        (true, until) if until == len => format!("{until}: {string}; a zero byte follows the range"),
        (true, until) => {
            let past = counted(until - len, "byte");
            format!("{until}: {string}; no zero byte in the range, so it reads {past} past the end, to {ended:#x}")
        }
    };
    vec![
        Seen::new(pointer, in_hex(bytes)),
        Seen::new("strlen(p)", text),
        Seen::new(format!("printf(\"%.*s\", {len}, p)"), printed(bytes)),
    ]
}

/// What `printf` prints with a precision: up to that many bytes, and no further than a zero byte.
fn printed(bytes: &[u8]) -> String {
    quoted_bytes(bytes.split(|&byte| byte == 0).next().unwrap_or_default())
}
