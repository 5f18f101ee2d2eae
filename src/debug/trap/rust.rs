//! The record that Rust makes of a panic, on the guest's stack.
//!
//! `core::panicking::panic_fmt` puts it there: the address of the message's parts (`fmt::Arguments`), then that of the
//! source location. Their layout is not specified, and has changed. What does not fit is passed over.

use super::tables::Tables;
use super::text::{LONGEST, Memory};
use crate::debug::DebugInfo;
use crate::record::{PanicMessage, PanicSource};

/// How many bytes of the stack are searched.
const SEARCHED: u64 = 4096;
/// The most lines of a file, and columns of a line.
const LINES: u64 = 1_000_000;
const COLUMNS: u64 = 10_000;
/// The most parts of a message.
const PARTS: u64 = 16;

/// The message of the innermost panic on a stack that begins at `stack`.
///
/// `passed` are texts that the calls on the way passed as constants, by address and length.
pub(super) fn find(
    memory: Memory<'_>,
    stack: u64,
    info: &DebugInfo,
    tables: &Tables,
    passed: &[(u64, u64)],
) -> Option<PanicMessage> {
    let mut placed = None;
    for at in (stack..stack.saturating_add(SEARCHED)).step_by(4) {
        let (Some(message), Some(location)) = (memory.word(at), memory.word(at + 4)) else { break };
        let Some(place) = location_at(memory, location).filter(|_| has_flags(memory, at + 8)) else { continue };
        let read = Reader { memory, info, tables, passed };
        if let Some((text, addr, len)) = read.message(message) {
            let source = PanicSource::RustPanic;
            return Some(PanicMessage { text: Some(text), place: Some(place), addr, len, source });
        }
        placed.get_or_insert((place, location));
    }
    let (place, addr) = placed?;
    Some(PanicMessage { text: None, place: Some(place), addr, len: 16, source: PanicSource::RustPanic })
}

/// Whether two flags are at an address, which follow in the record: each is a byte, 0 or 1.
fn has_flags(memory: Memory<'_>, at: u64) -> bool {
    memory.bytes(at, 2).is_some_and(|flags| flags.iter().all(|&flag| flag <= 1))
}

/// The source location at an address: the file's name as address and length, the line, the column.
pub(super) fn location_at(memory: Memory<'_>, addr: u64) -> Option<String> {
    if addr == 0 || !addr.is_multiple_of(4) {
        return None;
    }
    let word = |place: u64| memory.word(addr.checked_add(4 * place)?);
    let (file, len, line, column) = (word(0)?, word(1)?, word(2)?, word(3)?);
    let is_number = (1..LINES).contains(&line) && (1..COLUMNS).contains(&column);
    let file = memory.text(file, len).filter(|file| is_number && file.ends_with(".rs") && file.len() > 3)?;
    Some(format!("{file}:{line}:{column}"))
}

/// Reads messages.
struct Reader<'a> {
    memory: Memory<'a>,
    info: &'a DebugInfo,
    tables: &'a Tables,
    passed: &'a [(u64, u64)],
}

impl Reader<'_> {
    /// A message, where it is, and how long; the length of one that is made of parts is 0.
    fn message(&self, arguments: u64) -> Option<(String, u64, u64)> {
        if arguments == 0 || !arguments.is_multiple_of(4) {
            return None;
        }
        self.template(arguments).or_else(|| self.pieces(arguments))
    }

    /// As of Rust 1.93: the address of a template and that of the values, or the address of a text and twice its length
    /// plus one.
    fn template(&self, arguments: u64) -> Option<(String, u64, u64)> {
        let (template, values) = (self.memory.word(arguments)?, self.memory.word(arguments + 4)?);
        if template == 0 {
            return None;
        }
        if values % 2 == 1 {
            let text = self.memory.text(template, values / 2).filter(|text| !text.is_empty())?;
            return Some((text.to_owned(), template, values / 2));
        }
        let (mut text, mut at, mut next) = (String::new(), template, 0);
        loop {
            let kind = u64::from(*self.memory.bytes(at, 1)?.first()?);
            at += 1;
            let len = match kind {
                0 => break,
                1..=0x7f => kind,
                0x80 => {
                    at += 2;
                    self.memory.half(at - 2)?
                }
                0xc0.. => {
                    // Flags, width, precision, and the number of the value.
                    at += 4 * (kind & 1) + (kind & 2) + (kind >> 1 & 2);
                    if kind & 8 != 0 {
                        next = self.memory.half(at)?;
                        at += 2;
                    }
                    text.push_str(&self.value(values, next));
                    next += 1;
                    continue;
                }
                _ => return None,
            };
            text.push_str(self.memory.text(at, len)?);
            at += len;
            if text.len() as u64 > LONGEST {
                return None;
            }
        }
        (!text.is_empty()).then_some((text, template, 0))
    }

    /// Before that: the texts between the values, as address and count, then the values in the same way.
    fn pieces(&self, arguments: u64) -> Option<(String, u64, u64)> {
        let word = |place: u64| self.memory.word(arguments + 4 * place);
        let (pieces, count) = (word(0)?, word(1)?);
        if pieces == 0 || !(1..=PARTS).contains(&count) {
            return None;
        }
        let piece =
            |number: u64| Some((self.memory.word(pieces + 8 * number)?, self.memory.word(pieces + 8 * number + 4)?));
        // Between the two there may be how to format the values.
        let (values, valued) = [(2, 3), (4, 5)]
            .into_iter()
            .filter_map(|(values, count)| Some((word(values)?, word(count)?)))
            .find(|&(values, valued)| values > 0 && (1..=count).contains(&valued))
            .unwrap_or_default();
        if let (1, 0) = (count, valued) {
            let (addr, len) = piece(0)?;
            let text = self.memory.text(addr, len).filter(|text| !text.is_empty())?;
            return Some((text.to_owned(), addr, len));
        }
        let mut text = String::new();
        for number in 0..count {
            let (addr, len) = piece(number)?;
            text.push_str(self.memory.text(addr, len)?);
            if number < valued {
                text.push_str(&self.value(values, number));
            }
        }
        (!text.is_empty()).then_some((text, pieces, 0))
    }

    /// A value of a message: its address, and the slot of the function that formats it. `{}` if it cannot be told.
    fn value(&self, values: u64, number: u64) -> String {
        let shown = || {
            let entry = values.checked_add(8 * number)?;
            let (value, formatter) = (self.memory.word(entry)?, self.memory.word(entry + 4)?);
            let text = self.memory.word(value).zip(self.memory.word(value + 4));
            if let Some((addr, len)) = text.filter(|text| self.passed.contains(text)) {
                return self.memory.text(addr, len).map(str::to_owned);
            }
            let formatter = self.info.function_name(self.tables.function(formatter)?)?;
            self.formatted(value, &formatter)
        };
        shown().unwrap_or_else(|| "{}".to_owned())
    }

    /// What a function with that name makes of the value at an address, for texts and some numbers.
    fn formatted(&self, value: u64, formatter: &str) -> Option<String> {
        let of = |name: &str| formatter.starts_with(&format!("<{name} as core::fmt::"));
        let display = formatter.contains("Display");
        if of("&str") && display {
            return self.memory.text(self.memory.word(value)?, self.memory.word(value + 4)?).map(str::to_owned);
        }
        if display && ["u32", "usize"].iter().any(|name| of(name)) {
            return self.memory.word(value).map(|number| number.to_string());
        }
        if display && ["i32", "isize"].iter().any(|name| of(name)) {
            let number = u32::try_from(self.memory.word(value)?).ok()?;
            return Some(number.cast_signed().to_string());
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// A memory with a location at 64, and these words from an address on.
    fn memory(at: usize, words: &[u32]) -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[128..138].copy_from_slice(b"src/lib.rs");
        bytes[160..172].copy_from_slice(b"out of paper");
        // A template: a text, a value, a text, the end.
        bytes[192..201].copy_from_slice(b"\x04got \xc0\x01!\0");
        let mut put = |at: usize, words: &[u32]| {
            let encoded: Vec<_> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            bytes[at..at + encoded.len()].copy_from_slice(&encoded);
        };
        put(64, &[128, 10, 7, 35]);
        // One text between values: address and length.
        put(96, &[160, 12]);
        put(at, words);
        bytes
    }

    fn found(at: usize, words: &[u32]) -> Option<(Option<String>, Option<String>, u64)> {
        let info = DebugInfo::new(Arc::from([]), None, Vec::new());
        let bytes = memory(at, words);
        let panic = find(Memory(&bytes), 512, &info, &Tables::default(), &[])?;
        Some((panic.text, panic.place, panic.len))
    }

    #[test]
    fn the_record_of_a_panic_is_found_in_each_of_its_layouts() {
        let place = Some("src/lib.rs:7:35".to_owned());
        let text = |text: &str, len| Some((Some(text.to_owned()), place.clone(), len));
        // The message's parts at 512, the record at 544: as of Rust 1.93, a text; a template.
        let record = |parts: [u32; 8]| [&parts[..], &[512, 64, 1]].concat();
        assert_eq!(found(512, &record([160, 25, 0, 0, 0, 0, 0, 0])), text("out of paper", 12));
        assert_eq!(found(512, &record([192, 512, 0, 0, 0, 0, 0, 0])), text("got {}!", 0));
        // Before: texts by address and count, how to format, the values.
        assert_eq!(found(512, &record([96, 1, 0, 0, 4, 0, 0, 0])), text("out of paper", 12));
        assert_eq!(found(512, &record([96, 1, 0, 0, 640, 1, 0, 0])), text("out of paper{}", 0));
    }

    #[test]
    fn what_is_no_record_is_passed_over() {
        let parts = [160, 25, 0, 0, 0, 0, 0, 0];
        let with = |record: [u32; 3]| found(512, &[&parts[..], &record].concat());
        assert!(with([512, 64, 1]).is_some());
        assert_eq!(with([512, 68, 1]), None, "no location");
        assert_eq!(with([512, 64, 0x0000_0200]), None, "no flags");
        assert_eq!(found(1020, &[512]), None, "the end of memory");
        // A message that cannot be read leaves the location.
        let (text, place, _) = with([0xffff_fff0, 64, 1]).expect("there is a location");
        assert_eq!((text, place.as_deref()), (None, Some("src/lib.rs:7:35")));
        for word in [0, 3, 1023, 1024, u32::MAX] {
            let _ =
                (with([word, 64, 1]), with([512, word, 1]), found(512, &[word; 64]), found(512, &[word, 2, word, 64]));
        }
    }
}
