//! Parses addresses: `0x410`, `1040`, `0:0x410`, `input+4`, `+16`, `*`, `*output`, `*(output+8)`, `@global`; and
//! ranges: `0x410..0x41c`, `input`.

use super::{Regions, whole};
use crate::guest::Global;
use crate::record::{Image, WASM_PAGE};

/// Maximum number of operators and parentheses in an address: each is one level of recursion.
const SIGNS: usize = 64;

/// What an address may refer to.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// The address of the cursor.
    pub cursor: u64,
    /// The memory from which pointers are read.
    pub image: &'a Image,
    /// Named ranges.
    pub regions: &'a Regions,
    /// The exported globals, whose values may be used as addresses.
    pub globals: &'a [Global],
}

/// Parses an address inside the memory.
///
/// # Errors
/// A message that says what is wrong.
pub fn parse_address(text: &str, places: &Places<'_>) -> Result<u64, String> {
    let addr = sum(text.trim(), places, places.image.len().saturating_sub(1))?;
    match places.image.len() {
        len if addr < len => Ok(addr),
        0 => Err("there is no memory".to_owned()),
        len => Err(format!("{addr:#x} is out of bounds: memory ends at {len:#x}")),
    }
}

/// Parses a range: its first address, inside the memory, and its end (exclusive) if the text gives one. The name of a
/// region is its whole range.
///
/// # Errors
/// A message that says what is wrong.
pub fn parse_range(text: &str, places: &Places<'_>) -> Result<(u64, Option<u64>), String> {
    let text = text.trim();
    let len = places.image.len();
    if let Some(region) = places.regions.named(text) {
        let start = parse_address(text, places)?;
        return Ok((start, (!region.is_empty()).then_some(region.end)));
    }
    let Some((from, to)) = text.split_once("..") else { return parse_address(text, places).map(|addr| (addr, None)) };
    let start = sum(from.trim(), places, len)?;
    let end = if to.trim().is_empty() { len } else { sum(to.trim(), places, len)? };
    match end {
        _ if start >= len => Err(format!("{start:#x} is out of bounds: memory ends at {len:#x}")),
        end if end < start => Err(format!("`{text}` ends before it begins")),
        end if end > len => Err(format!("{end:#x} is out of bounds: memory ends at {len:#x}")),
        end => Ok((start, Some(end))),
    }
}

/// A base address with an optional offset. An offset alone is relative to the cursor. `end` is the value of the word: the
/// last byte, or in a range the address after it.
fn sum(text: &str, places: &Places<'_>, end: u64) -> Result<u64, String> {
    // A region's name may contain a sign.
    if let Some(region) = places.regions.named(text) {
        return Ok(region.start);
    }
    if text.matches(['+', '-', '*', '(']).count() > SIGNS {
        return Err(format!("the address has more than {SIGNS} operators"));
    }
    let Some(sign) = last_sign(text) else { return place(text, places, end) };
    let (base, distance) = (text[..sign].trim(), number(text[sign + 1..].trim())?);
    let base = if base.is_empty() { places.cursor } else { sum(base, places, end)? };
    let sum = if text[sign..].starts_with('+') { base.checked_add(distance) } else { base.checked_sub(distance) };
    sum.ok_or_else(|| format!("`{text}` is outside memory"))
}

/// The position of the last `+` or `-` outside parentheses.
fn last_sign(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '+' | '-' if depth == 0 => found = Some(at),
            _ => (),
        }
    }
    found
}

/// A base address. `*` binds tighter than `+`, as in C: `*output+4` is 4 past the pointer's target.
fn place(text: &str, places: &Places<'_>, end: u64) -> Result<u64, String> {
    if let Some(region) = places.regions.named(text) {
        return Ok(region.start);
    }
    if let Some(inside) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        return sum(inside.trim(), places, end);
    }
    if let Some(of) = text.strip_prefix('*') {
        let at = if of.is_empty() { places.cursor } else { place(of.trim(), places, end)? };
        let mut bytes = [0; 4];
        return match places.image.read(at, &mut bytes) {
            4 => Ok(u64::from(u32::from_le_bytes(bytes))),
            _ => Err(format!("cannot read a pointer at {at:#x}: memory ends")),
        };
    }
    if let Some(name) = text.strip_prefix('@') {
        let global = places.globals.iter().find(|global| global.name == name);
        let value = global.map(|global| global.value.unsigned().ok_or("is not an integer"));
        return value.unwrap_or(Err("is not exported")).map_err(|why| format!("the global `{name}` {why}"));
    }
    if let Some((page, offset)) = text.split_once(':') {
        let base = number(page.trim())?.checked_mul(WASM_PAGE);
        let addr = base.zip(Some(number(offset.trim())?)).and_then(|(base, offset)| base.checked_add(offset));
        return addr.ok_or_else(|| format!("`{text}` is outside memory"));
    }
    match text {
        "." => Ok(places.cursor),
        "end" => Ok(end),
        text => number(text),
    }
}

fn number(text: &str) -> Result<u64, String> {
    let is_hex = !text.is_empty() && text.chars().all(|c| c.is_ascii_hexdigit());
    let hint = if is_hex { format!("; hex is written 0x{text}") } else { String::new() };
    whole(text)
        .ok_or_else(|| format!("`{text}` is neither an address nor a name{hint} (0x410, 1040, 0:0x410, input+4, *)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Value;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let mut image = Image::zeroed(2 * WASM_PAGE);
        image.write(0x20, &[0x10, 4, 0, 0]);
        image.write(0x410, &[0, 5, 0, 0, 0x30, 0, 0, 0]);
        let regions = Regions::of(&[("input", 0x410, 0x41c), ("a-b", 0x500, 0x500)]);
        let (ty, mutable) = (crate::guest::Type::I32, false);
        let global = |name: &str, value| Global { name: name.to_owned(), ty, mutable, value };
        let globals = [global("buffer", Value::I32(0x600)), global("pi", Value::F32(0))];
        let places = Places { cursor: 0x20, image: &image, regions: &regions, globals: &globals };
        let read = |text| parse_address(text, &places);
        for (text, addr) in [
            ("0x410", 0x410),
            ("1040", 0x410),
            ("1:0x10", 0x1_0010),
            ("0:16", 16),
            ("input", 0x410),
            ("input + 4", 0x414),
            ("+0x10", 0x30),
            ("-32", 0),
            ("*", 0x410),
            ("* 0x20", 0x410),
            ("*0x20+1", 0x411),
            ("*input", 0x500),
            ("* input", 0x500),
            ("*input+4", 0x504),
            ("*(input+4)", 0x30),
            ("*( input + 4 ) - 0x10", 0x20),
            ("**0x20", 0x500),
            ("(0x10)", 0x10),
            ("end", 0x1_ffff),
            ("0x1_0000", 0x1_0000),
            ("a-b", 0x500),
            ("a-b-1", 0x4ff),
            ("@buffer", 0x600),
            ("@buffer + 2", 0x602),
        ] {
            assert_eq!(read(text), Ok(addr), "{text}");
        }
        assert!(read("41c").is_err_and(|words| words.contains("0x41c")));
        assert!(read("0x20000").is_err_and(|words| words.contains("memory ends at 0x20000")));
        for text in [
            "",
            "+",
            "-33",
            "nowhere",
            "1:",
            "0x",
            "*end",
            "99999999999999999999",
            "99999999999999:0",
            "@pi",
            "@",
            "*nowhere",
            "(",
            ")",
            "()",
            "*(input",
            "input)",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        for sign in ["*", "+1", "1-", "* ", "-", "(", "*("] {
            let long = sign.repeat(1 << 20);
            assert!(
                parse_address(&long, &places).is_err_and(|words| words.contains("more than 64 operators")),
                "{sign}"
            );
            assert!(parse_range(&format!("0..{long}"), &places).is_err(), "{sign}");
        }
        let range = |text| parse_range(text, &places);
        assert_eq!(range("input"), Ok((0x410, Some(0x41c))));
        assert_eq!(range("a-b"), Ok((0x500, None)));
        assert_eq!(range("input+4"), Ok((0x414, None)));
        assert_eq!(range("0x410..0x41c"), Ok((0x410, Some(0x41c))));
        assert_eq!(range("0x410 .. input+4"), Ok((0x410, Some(0x414))));
        assert_eq!(range("0x1fff0.."), Ok((0x1_fff0, Some(0x2_0000))));
        // The last byte is inside.
        assert_eq!(range("0..end"), Ok((0, Some(0x2_0000))));
        assert_eq!(range("end-16..end"), Ok((0x1_fff0, Some(0x2_0000))));
        assert_eq!(range("end"), Ok((0x1_ffff, None)));
        for text in ["0x20..0x10", "0..0x20001", "..", "0x20000..", "end..end"] {
            assert!(range(text).is_err(), "{text}");
        }
    }
}
