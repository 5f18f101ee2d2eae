//! Ways to read an answer: its bytes are in memory, and what is known explains their address and their length.

use std::ops::Range;

use super::draft::Draft;
use super::entry::Entry;
use super::handed::{Extent, Handed};
use super::passing::result_names;
use super::readable::is_text;
use super::survey::{Survey, number, number_at, unsigned, whole};
use super::trial::{Observed, Specimen};
use crate::abi::quoted;
use crate::abi::recipe::Encoding;
use crate::guest::{Extern, Interface, Type};
use crate::record::{Hex, Value, counted};

/// How many addresses and lengths are combined.
const ADDRESSES: usize = 5;
const LENGTHS: usize = 7;
/// Minimum number of bytes that hexadecimal digits may stand for, where the line is not of that kind.
pub(super) const DIGEST: usize = 4;
/// How many functions are asked about a result.
const ACCESSORS: usize = 24;
/// Maximum size of a memory that is copied, in bytes.
const COPIED: usize = 1 << 24;
/// Maximum length of an answer that is guessed, in bytes.
const GUESSED: u64 = 1 << 20;
/// How far into a structure a digest may be.
const STRUCTURE: u64 = 1024;
/// Of how many bytes a length in LEB128 may be.
const LEB: usize = 5;
/// How near a known value must be to an address to be worth mentioning.
const NEAR: u64 = 64;

/// A way to read the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// The statements after the transform.
    pub(super) after: Vec<String>,
    /// The handlers of imports.
    pub(super) handlers: Vec<String>,
    /// What each guest needs first.
    pub(super) once: Vec<String>,
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
    /// The line as it was written.
    pub(super) line: &'a [u8],
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

/// An exchange to look at: how the line was passed, and what was noted.
pub(super) struct Sight<'a> {
    pub(super) entry: &'a Entry,
    pub(super) observed: &'a Observed,
    pub(super) survey: &'a Survey,
    pub(super) interface: &'a Interface,
}

impl Reading {
    /// A draft that passes the line in this way, and reads the answer so.
    pub(super) fn draft(self, entry: &Entry) -> Draft {
        let mut draft = entry.draft.with_after(self.after);
        draft.handlers.extend(self.handlers);
        draft.once.splice(0..0, self.once);
        draft.cost += self.cost;
        draft.place = self.place;
        draft
    }
}

impl Sight<'_> {
    /// The sentence that the answer is there, but nothing says so.
    pub(super) fn unexplained(&self, specimen: &mut Specimen<'_>, (at, len): (u64, u64)) -> String {
        let call = self.entry.draft.transform.as_deref().unwrap_or_default();
        let near = self.near(specimen, at, len);
        format!("After `{call}` the answer was in memory at {at:#x}, but nothing gives its address and length: {near}")
    }

    /// What is known that is near an address where the answer is, as a sentence.
    fn near(&self, specimen: &mut Specimen<'_>, at: u64, len: u64) -> String {
        let known = known(self, specimen, 0, None);
        let beside = known.iter().filter(|value| value.value.abs_diff(at) <= NEAR && value.value > 0);
        let address = beside.min_by_key(|value| (value.value.abs_diff(at), value.cost));
        let length = known.iter().filter(|value| value.value == len).min_by_key(|value| value.cost);
        match (address, length) {
            (Some(address), length) => {
                let distance = match address.value.cmp(&at) {
                    std::cmp::Ordering::Equal => "there".to_owned(),
                    std::cmp::Ordering::Less => format!("{} before it", counted(at - address.value, "byte")),
                    std::cmp::Ordering::Greater => format!("{} after its start", counted(address.value - at, "byte")),
                };
                let length = length.map_or("no known value is its length".to_owned(), |length| {
                    format!("{} is its length", length.text)
                });
                format!("the nearest known value, {}, is {distance}, and {length}", address.text)
            }
            (None, Some(length)) => format!("no known value is near it, but {} is its length", length.text),
            (None, None) => "no known value is near it or is its length".to_owned(),
        }
    }
}

/// The ways to read the answer, cheapest first, from a guest that has just been sent the line, and where in memory the answer
/// or its digest is, with its length, if it is there.
pub(super) fn readings(
    sight: &Sight<'_>,
    specimen: &mut Specimen<'_>,
    answer: &Answer<'_>,
) -> (Vec<Reading>, Option<(u64, u64)>) {
    let Sight { entry, observed, survey, interface } = sight;
    let mut found: Vec<_> = observed.handed.iter().filter_map(|handed| by_import(handed, interface)).collect();
    found.extend(numbers(entry, observed, answer.typed));
    // A digest: the digits stand for bytes. The line's own bytes are in memory whatever the guest does.
    let digest = Hex::read(answer.typed)
        .filter(|bytes| entry.encoding == Encoding::Bytes && bytes.len() >= DIGEST && bytes != answer.line);
    let memory = specimen.memory(survey.memory);
    let at = |bytes: &[u8]| memchr::memmem::find(memory, bytes).map(|at| (at as u64, bytes.len() as u64));
    let place = at(answer.wanted).or_else(|| digest.as_deref().and_then(at));
    if place.is_some() {
        // What is called to find out more may change it.
        let copy = if memory.len() <= COPIED { Some(memory.to_vec()) } else { None };
        let known = known(sight, specimen, answer.line.len() as u64, copy.as_deref());
        let memory = copy.as_deref().unwrap_or_else(|| specimen.memory(survey.memory));
        found.extend(spans(&known, memory, answer.wanted, entry.encoding));
        found.extend(digest.iter().flat_map(|bytes| spans(&known, memory, bytes, Encoding::Hex)));
    }
    found.sort_by_key(|reading| reading.cost);
    (found, place)
}

/// The texts that a guest may have meant as its answer, each with its range in memory, if it is there, and the way to
/// read it.
pub(super) fn texts(
    sight: &Sight<'_>,
    specimen: &mut Specimen<'_>,
    line: u64,
) -> Vec<(Vec<u8>, Option<Range<u64>>, Reading)> {
    let Sight { entry, observed, survey, interface } = sight;
    let mut found = Vec::new();
    for handed in &observed.handed {
        found.extend(by_import(handed, interface).map(|reading| (handed.bytes.clone(), None, reading)));
    }
    let known = known(sight, specimen, line, None);
    let memory = specimen.memory(survey.memory);
    let addresses = known.iter().filter(|value| value.text != "n" && value.value > 0);
    for address in addresses {
        let Some(rest) = usize::try_from(address.value).ok().and_then(|at| memory.get(at..)) else { continue };
        // Where no text begins, none is.
        if !rest.first().is_some_and(|&first| first >= b' ' || first == b'\n') {
            continue;
        }
        let mut lengths: Vec<_> =
            known.iter().map(|value| value.value).filter(|len| (1..=GUESSED).contains(len)).collect();
        lengths.extend(
            known.iter().filter_map(|value| value.value.checked_sub(address.value)).filter(|&len| len <= GUESSED),
        );
        lengths.extend(memchr::memchr(0, rest).map(|len| len as u64));
        lengths.sort_unstable();
        lengths.dedup();
        for len in lengths {
            let bytes = usize::try_from(len).ok().and_then(|len| rest.get(..len)).unwrap_or_default();
            let Some(answer) = decoded(bytes, entry.encoding).filter(|answer| is_text(answer)) else { continue };
            let cheapest = spans(std::slice::from_ref(address), memory, bytes, entry.encoding).into_iter();
            let all = lengths_of(&known, address, memory, bytes, entry.encoding);
            let cheapest = cheapest.chain(all).min_by_key(|reading| reading.cost);
            let place = address.value..address.value + len;
            found.extend(cheapest.map(|reading| (answer, Some(place), reading)));
        }
    }
    found
}

/// The readings of bytes at one address, by what is known.
fn lengths_of(known: &[Known], address: &Known, memory: &[u8], wanted: &[u8], encoding: Encoding) -> Vec<Reading> {
    let lengths = lengths(known, address, memory, wanted, encoding).into_iter();
    lengths.map(|(length, cost)| span(address, length, cost, encoding)).collect()
}

/// Bytes in memory as the user would see them.
fn decoded(bytes: &[u8], encoding: Encoding) -> Option<Vec<u8>> {
    match encoding {
        Encoding::Utf16 if bytes.len().is_multiple_of(2) => {
            let units = bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).collect::<Result<String, _>>().ok().map(String::into_bytes)
        }
        Encoding::Utf16 => None,
        _ => Some(bytes.to_vec()),
    }
}

/// The ways to read these bytes from memory, in this encoding.
fn spans(known: &[Known], memory: &[u8], wanted: &[u8], encoding: Encoding) -> Vec<Reading> {
    let mut addresses = addresses(known, memory, wanted);
    if encoding == Encoding::Hex {
        addresses.extend(inside(known, memory, wanted));
    }
    addresses.sort_by_key(|address| address.cost);
    addresses.truncate(ADDRESSES);
    let mut found = Vec::new();
    for address in &addresses {
        let mut lengths = lengths(known, address, memory, wanted, encoding);
        lengths.sort_by_key(|(_, cost)| *cost);
        lengths.truncate(LENGTHS);
        found.extend(lengths.into_iter().map(|(length, cost)| span(address, length, cost, encoding)));
    }
    found.extend(known.iter().filter_map(|value| after_leb(value, memory, wanted, encoding)));
    found
}

/// The reading of a text that has its length in LEB128 in front of it. A length of one byte may be no LEB128.
fn after_leb(value: &Known, memory: &[u8], wanted: &[u8], encoding: Encoding) -> Option<Reading> {
    let bytes = memory.get(usize::try_from(value.value).ok().filter(|&at| at > 0)?..)?;
    let (len, rest) = leb(bytes)?;
    if len != wanted.len() as u64 || !rest.starts_with(wanted) || wanted.is_empty() {
        return None;
    }
    let price = if len < 0x80 { 8 } else { 4 };
    let address = Known { text: format!("past leb[{}]", value.text), ..value.clone() };
    Some(span(&address, format!("leb[{}]", value.text), price, encoding))
}

/// A number in LEB128, and the bytes after it.
fn leb(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let size = 1 + bytes.iter().take(LEB).position(|byte| byte & 0x80 == 0)?;
    let number = bytes[..size].iter().rev().fold(0, |number, byte| number << 7 | u64::from(byte & 0x7f));
    Some((number, &bytes[size..]))
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
    Reading { after, handlers: Vec::new(), once: Vec::new(), place, cost: address.cost + cost }
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
            once: Vec::new(),
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
    let title = format!("on {}.{}({})", quoted(&import.module), quoted(&import.name), params.join(", "));
    let word = if handed.in_pieces { "append" } else { "read" };
    let (body, cost) = match handed.extent {
        Extent::Length(len) => (vec![format!("  {word} a{len} at a{}", handed.addr)], 1),
        Extent::Quoted(len) => (vec![format!("  {word} a{len} - 2 at a{} + 1", handed.addr)], 2),
        Extent::Nul => (vec![format!("  {word} until 0 at a{}", handed.addr)], 3),
        Extent::Byte => {
            (vec![format!("  u8[{}] = a{}", handed.spare, handed.addr), format!("  append 1 at {}", handed.spare)], 3)
        }
    };
    let once = if handed.extent == Extent::Byte { vec!["grow 1".to_owned()] } else { Vec::new() };
    let handlers = std::iter::once(title).chain(body).collect();
    Some(Reading { after: Vec::new(), handlers, once, place: None, cost: cost + u32::from(handed.in_pieces) })
}

/// What is known after a call. `memory` is a copy of the guest's right after it, if there is one.
fn known(sight: &Sight<'_>, specimen: &mut Specimen<'_>, len: u64, memory: Option<&[u8]>) -> Vec<Known> {
    let Sight { entry, observed, survey, .. } = sight;
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
            value => known.extend(whole(value).map(|value| plain(name, value, 0))),
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
    // The transform may have no parameters, and once more it may change the answer.
    for (name, _) in survey.getters.iter().filter(|(name, _)| *name != entry.export) {
        let value = specimen.call(name, &[]).as_deref().and_then(unsigned);
        let text = format!("{}()", quoted(name));
        known.extend(value.map(|value| Known { is_getter: true, ..plain(text, value, 2) }));
    }
    let handles = handles(entry, observed, &known, memory.unwrap_or_else(|| specimen.memory(survey.memory)));
    for (name, value) in handles {
        for accessor in survey.accessors.iter().take(ACCESSORS) {
            let told = specimen.call(accessor, &[value]).as_deref().and_then(unsigned);
            let text = format!("{}({name})", quoted(accessor));
            known.extend(told.map(|told| Known { is_getter: true, ..plain(text, told, 2) }));
        }
    }
    for (name, _) in &survey.globals {
        let value = specimen.global(name).and_then(Value::unsigned);
        known.extend(value.map(|value| plain(format!("@{}", quoted(name)), value, 4)));
    }
    let memory = memory.unwrap_or_else(|| specimen.memory(survey.memory));
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

/// The values that accessors may be asked about, with their names: the result, what stands for the guest's state, and what
/// the guest left in the area for the answer.
fn handles(entry: &Entry, observed: &Observed, known: &[Known], memory: &[u8]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    if let [out] = observed.results[..]
        && let Some(value) = out.unsigned()
        && entry.results == 1
    {
        found.push(("out".to_owned(), number(type_of(out), value)));
    }
    let is_state = |value: &&Known| matches!(&*value.text, "handle" | "state");
    found.extend(known.iter().filter(is_state).map(|value| (value.text.clone(), number(Type::I32, value.value))));
    let area = known.iter().find(|value| value.text == "area");
    let left = area.and_then(|area| number_at(memory, area.value, 4)).filter(|&left| left > 0);
    found.extend(left.map(|left| ("u32[area]".to_owned(), number(Type::I32, left))));
    found
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

/// The places of a digest in structures whose addresses are known. No other bytes look like it.
fn inside(known: &[Known], memory: &[u8], digest: &[u8]) -> Vec<Known> {
    let Some(at) = memchr::memmem::find(memory, digest).map(|at| at as u64) else { return Vec::new() };
    let is_base =
        |value: &&Known| value.base.is_none() && !matches!(&*value.text, "n" | "ptr" | "capacity") && value.value > 0;
    let near = known.iter().filter(is_base).filter_map(|value| {
        let offset = at.checked_sub(value.value).filter(|offset| (1..=STRUCTURE).contains(offset))?;
        let text = offset_text(&value.text, offset.cast_signed());
        Some(Known { text, value: at, cost: value.cost + 6, ..value.clone() })
    });
    near.collect()
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
        let start = address.text.strip_suffix(&format!(" + {offset}"));
        let before = start.map_or_else(|| offset_text(&address.text, -offset.cast_signed()), str::to_owned);
        let text = format!("{name}[{before}]");
        if value == len {
            found.push((text.clone(), 3));
        }
        if is_utf16 && value.checked_mul(2) == Some(len) {
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
