//! Ways to read an answer: its bytes are in memory, and what is known explains their address and their length.

use super::entries::{Entry, result_names};
use super::survey::{Survey, number, number_at, unsigned};
use super::trial::{Handed, Observed, Specimen};
use crate::abi::quoted;
use crate::abi::recipe::Encoding;
use crate::guest::{Extern, Interface, Type};
use crate::record::{Hex, Value};

/// How many addresses and lengths are combined.
const ADDRESSES: usize = 5;
const LENGTHS: usize = 7;
/// Minimum number of bytes that hexadecimal digits may stand for, where the line is not of that kind.
const DIGEST: usize = 4;
/// How many functions are asked about a result.
const ACCESSORS: usize = 24;

/// A way to read the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The statements after the transform.
    pub(super) after: Vec<String>,
    /// The handlers of imports.
    pub(super) handlers: Vec<String>,
    /// The address and the length, as values of a recipe; `None` if an import hands the answer over.
    pub(super) place: Option<(String, String)>,
    pub(super) cost: u32,
}

/// The answer that is looked for.
pub(super) struct Answer<'a> {
    /// As the user gave it.
    pub(super) typed: &'a [u8],
    /// As it is in memory.
    pub(super) wanted: &'a [u8],
    /// How many bytes were written for the line.
    pub(super) line: u64,
}

/// A number that is known after the call, as a value of a recipe.
#[derive(Clone, Debug)]
struct Known {
    text: String,
    value: u64,
    cost: u32,
    /// What it was loaded from, if it was.
    base: Option<String>,
    is_getter: bool,
}

/// The statement that makes the values of an entry's names the answer.
pub(super) fn show_names(entry: &Entry) -> Vec<String> {
    let shown: Vec<_> = entry.names.iter().map(|name| format!("{{{name}:x}}")).collect();
    vec![format!("answer \"{}\"", shown.join(" "))]
}

/// The ways to read the answer, cheapest first, from a guest that has just been sent the line.
pub(super) fn readings(
    entry: &Entry,
    specimen: &mut Specimen<'_>,
    observed: &Observed,
    survey: &Survey,
    interface: &Interface,
    answer: &Answer<'_>,
) -> Vec<Reading> {
    let mut found: Vec<_> = observed.handed.iter().filter_map(|handed| by_import(handed, interface)).collect();
    found.extend(numbers(entry, observed, answer.typed));
    let known = known(entry, specimen, observed, survey, answer.line);
    let memory = specimen.memory(survey.memory);
    found.extend(spans(&known, memory, answer.wanted, entry.encoding));
    // A digest: the digits stand for bytes.
    if entry.encoding == Encoding::Bytes
        && let Some(bytes) = Hex::read(answer.typed).filter(|bytes| bytes.len() >= DIGEST)
    {
        found.extend(spans(&known, memory, &bytes, Encoding::Hex));
    }
    found.sort_by_key(|reading| reading.cost);
    found
}

/// The ways to read these bytes from memory, in this encoding.
fn spans(known: &[Known], memory: &[u8], wanted: &[u8], encoding: Encoding) -> Vec<Reading> {
    let mut addresses = addresses(known, memory, wanted);
    addresses.sort_by_key(|address| address.cost);
    addresses.truncate(ADDRESSES);
    let mut found = Vec::new();
    for address in &addresses {
        let mut lengths = lengths(known, address, memory, wanted, encoding);
        lengths.sort_by_key(|(_, cost)| *cost);
        lengths.truncate(LENGTHS);
        found.extend(lengths.into_iter().map(|(length, cost)| span(address, length, cost, encoding)));
    }
    found
}

/// The reading of one span.
fn span(address: &Known, length: String, cost: u32, encoding: Encoding) -> Reading {
    let mut after = Vec::new();
    let is_result = !address.is_getter && !matches!(&*address.text, "ptr" | "buffer" | "area");
    if is_result {
        after.push(format!("fail \"the guest returned a null pointer\" if {} == 0", address.text));
    }
    let hex = if encoding == Encoding::Hex { "hex " } else { "" };
    after.push(format!("read {hex}{length} at {}", address.text));
    let place = Some((address.text.clone(), length));
    Reading { after, handlers: Vec::new(), place, cost: address.cost + cost }
}

/// The readings of a result as a number: decimal, with a sign, or hexadecimal.
fn numbers(entry: &Entry, observed: &Observed, typed: &[u8]) -> Vec<Reading> {
    let mut found = Vec::new();
    for (name, value) in result_names(entry.results).into_iter().zip(&observed.results) {
        let Some(bits) = value.unsigned() else { continue };
        let signed = if let Value::I32(n) = value { i64::from(*n) } else { bits.cast_signed() };
        let shown = [
            (format!("{{{name}}}"), bits.to_string(), 2),
            (format!("{{{name}:i}}"), signed.to_string(), 3),
            (format!("{{{name}:08x}}"), format!("{bits:08x}"), 4),
            (format!("{{{name}:016x}}"), format!("{bits:016x}"), 4),
            (format!("{{{name}:x}}"), format!("{bits:x}"), 5),
        ];
        let fits = shown.into_iter().filter(|(_, text, _)| text.as_bytes() == typed);
        found.extend(fits.map(|(text, _, cost)| Reading {
            after: vec![format!("answer \"{text}\"")],
            handlers: Vec::new(),
            place: None,
            cost,
        }));
    }
    found
}

/// The reading of what an import was handed.
fn by_import(handed: &Handed, interface: &Interface) -> Option<Reading> {
    let import = interface.imports.get(handed.import).filter(|import| !crate::abi::is_wasi(import))?;
    let Extern::Func(ty) = &import.what else { return None };
    let params: Vec<_> = (0..ty.params.len()).map(|place| format!("a{place}")).collect();
    let length = handed.len.map_or("until 0".to_owned(), |len| format!("a{len}"));
    let title = format!("on {}.{}({})", quoted(&import.module), quoted(&import.name), params.join(", "));
    let handlers = vec![title, format!("  read {length} at a{}", handed.addr)];
    Some(Reading { after: Vec::new(), handlers, place: None, cost: if handed.len.is_some() { 1 } else { 3 } })
}

/// What is known after a call.
fn known(entry: &Entry, specimen: &mut Specimen<'_>, observed: &Observed, survey: &Survey, len: u64) -> Vec<Known> {
    let plain = |text: String, value, cost| Known { text, value, cost, base: None, is_getter: false };
    let mut known = Vec::new();
    for (name, value) in result_names(entry.results).into_iter().zip(&observed.results) {
        match *value {
            Value::I64(wide) => {
                let wide = wide.cast_unsigned();
                known.push(plain(format!("hi({name})"), wide >> 32, 0));
                known.push(plain(format!("lo({name})"), wide & 0xffff_ffff, 0));
                known.push(plain(name, wide, 0));
            }
            value => known.extend(value.unsigned().map(|value| plain(name, value, 0))),
        }
    }
    let shown = observed.outcome.as_ref().ok().and_then(|answer| std::str::from_utf8(answer).ok()).unwrap_or("");
    for (name, value) in entry.names.iter().zip(shown.split(' ')) {
        let cost = match *name {
            "buffer" => 1,
            "area" | "pair" => 2,
            _ => 3,
        };
        known.extend(u64::from_str_radix(value, 16).ok().map(|value| plain((*name).to_owned(), value, cost)));
    }
    for (name, _) in &survey.getters {
        let value = specimen.call(name, &[]).as_deref().and_then(unsigned);
        let text = format!("{}()", quoted(name));
        known.extend(value.map(|value| Known { is_getter: true, ..plain(text, value, 2) }));
    }
    if let [out] = observed.results[..]
        && let Some(value) = out.unsigned()
    {
        for name in survey.accessors.iter().take(ACCESSORS) {
            let told = specimen.call(name, &[number(type_of(out), value)]).as_deref().and_then(unsigned);
            let text = format!("{}(out)", quoted(name));
            known.extend(told.map(|told| Known { is_getter: true, ..plain(text, told, 4) }));
        }
    }
    for (name, _) in &survey.globals {
        let value = specimen.global(name).and_then(Value::unsigned);
        known.extend(value.map(|value| plain(format!("@{}", quoted(name)), value, 4)));
    }
    let memory = specimen.memory(survey.memory);
    let mut loaded = Vec::new();
    for base in &known {
        for (offset, price) in [(0, 1), (4, 1), (8, 2), (12, 3), (16, 3), (-4, 3), (-8, 4)] {
            let Some(addr) = base.value.checked_add_signed(offset) else { continue };
            let Some(value) = number_at(memory, addr, 4).filter(|_| base.value > 0) else { continue };
            let text = format!("u32[{}]", offset_text(&base.text, offset));
            let from_area = matches!(&*base.text, "area" | "pair");
            let cost = if from_area { price - 1 } else { base.cost + price };
            let base = Some(base.text.clone());
            loaded.push(Known { text, value, cost, base, is_getter: false });
        }
    }
    known.extend(loaded);
    known.push(plain("n".to_owned(), len, 5));
    known
}

fn type_of(value: Value) -> Type {
    match value {
        Value::I64(_) => Type::I64,
        Value::F32(_) => Type::F32,
        Value::F64(_) => Type::F64,
        _ => Type::I32,
    }
}

fn offset_text(base: &str, offset: i64) -> String {
    match offset {
        0 => base.to_owned(),
        1.. => format!("{base} + {offset}"),
        _ => format!("{base} - {}", -offset),
    }
}

/// The values that are the address of `wanted`, or of what precedes it.
fn addresses(known: &[Known], memory: &[u8], wanted: &[u8]) -> Vec<Known> {
    let is_there = |addr: u64| {
        let rest = usize::try_from(addr).ok().and_then(|addr| memory.get(addr..));
        addr > 0 && rest.is_some_and(|rest| rest.starts_with(wanted))
    };
    let mut found = Vec::new();
    for value in known.iter().filter(|value| value.text != "n") {
        for (offset, price) in [(0, 0), (4, 3), (8, 4), (2, 4), (1, 4), (16, 5)] {
            if let Some(addr) = value.value.checked_add_signed(offset).filter(|&addr| is_there(addr)) {
                let text = offset_text(&value.text, offset);
                found.push(Known { text, value: addr, cost: value.cost + price, ..value.clone() });
            }
        }
    }
    found
}

/// What says that the answer at an address has its length, with the cost.
fn lengths(known: &[Known], address: &Known, memory: &[u8], wanted: &[u8], encoding: Encoding) -> Vec<(String, u32)> {
    let is_utf16 = encoding == Encoding::Utf16;
    let len = wanted.len() as u64;
    let mut found = Vec::new();
    for value in known.iter().filter(|value| value.text != address.text) {
        let is_near = value.base.is_some() && value.base == address.base;
        let cost = if is_near { value.cost.saturating_sub(1) } else { value.cost };
        if value.value == len {
            found.push((value.text.clone(), cost));
        }
        if is_utf16 && value.value.checked_mul(2) == Some(len) {
            found.push((format!("{0} + {0}", value.text), cost + 1));
        }
        if value.value == address.value + len {
            found.push((format!("to {}", value.text), cost + 1));
        }
    }
    // In front of the answer.
    for (width, name, offset) in [(4, "u32", 4), (4, "u32", 8), (2, "u16", 2), (1, "u8", 1), (8, "u64", 8)] {
        let Some(addr) = address.value.checked_sub(offset) else { continue };
        let Some(value) = number_at(memory, addr, width) else { continue };
        let text = format!("{name}[{}]", offset_text(&address.text, -offset.cast_signed()));
        if value == len {
            found.push((text.clone(), 3));
        }
        if is_utf16 && value * 2 == len {
            found.push((format!("{text} + {text}"), 4));
        }
        if value == len + offset {
            found.push((format!("{text} - {offset}"), 5));
        }
    }
    if encoding == Encoding::Hex {
        // A digest has the same length for every line.
        found.push((len.to_string(), 6));
    }
    let end = usize::try_from(address.value + len).unwrap_or(usize::MAX);
    if encoding == Encoding::Bytes && memory.get(end) == Some(&0) && !wanted.contains(&0) {
        found.push(("until 0".to_owned(), 6));
    }
    found
}
