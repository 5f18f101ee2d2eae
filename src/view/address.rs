//! Addresses as people write them: `0x410`, `1040`, `0:0x410`, `input+4`, `+16`, `*`, `*0x20`.

use super::Region;
use crate::record::{Image, WASM_PAGE};

/// What an address may refer to besides numbers.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// Where the cursor is.
    pub cursor: u64,
    /// The memory in which pointers are read.
    pub image: &'a Image,
    /// Ranges that have names.
    pub regions: &'a [Region],
}

/// The address that `text` tells of, inside the memory.
///
/// # Errors
/// What is wrong with it, in words.
pub fn parse_address(text: &str, places: &Places<'_>) -> Result<u64, String> {
    let addr = sum(text.trim(), places)?;
    match places.image.len() {
        len if addr < len => Ok(addr),
        0 => Err("there is no memory".to_owned()),
        len => Err(format!("{addr:#x} is outside: memory ends at {len:#x}")),
    }
}

/// A place, or a place and a distance from it; a distance alone is one from the cursor.
fn sum(text: &str, places: &Places<'_>) -> Result<u64, String> {
    // A region's name may hold a sign.
    if let Some(region) = places.regions.iter().find(|region| region.name == text) {
        return Ok(region.start);
    }
    let Some(sign) = text.rfind(['+', '-']) else { return place(text, places) };
    let (base, distance) = (text[..sign].trim(), number(text[sign + 1..].trim())?);
    let base = if base.is_empty() { places.cursor } else { sum(base, places)? };
    let sum = if text[sign..].starts_with('+') { base.checked_add(distance) } else { base.checked_sub(distance) };
    sum.ok_or_else(|| format!("`{text}` is outside of memory"))
}

fn place(text: &str, places: &Places<'_>) -> Result<u64, String> {
    if let Some(of) = text.strip_prefix('*') {
        let at = if of.is_empty() { places.cursor } else { place(of.trim(), places)? };
        let mut bytes = [0; 4];
        return match places.image.read(at, &mut bytes) {
            4 => Ok(u64::from(u32::from_le_bytes(bytes))),
            _ => Err(format!("there is no pointer at {at:#x}: memory ends")),
        };
    }
    if let Some((page, offset)) = text.split_once(':') {
        let base = number(page.trim())?.checked_mul(WASM_PAGE);
        let addr = base.zip(Some(number(offset.trim())?)).and_then(|(base, offset)| base.checked_add(offset));
        return addr.ok_or_else(|| format!("`{text}` is outside of memory"));
    }
    match text {
        "." => Ok(places.cursor),
        "end" => Ok(places.image.len().saturating_sub(1)),
        text => number(text),
    }
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let parsed = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    let is_hex = !digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit());
    let hint = if is_hex { format!("; hex is written 0x{digits}") } else { String::new() };
    parsed.map_err(|_| format!("`{text}` is neither an address nor a name{hint} (0x410, 1040, 0:0x410, input+4, *)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        let mut image = Image::zeroed(2 * WASM_PAGE);
        image.write(0x20, &[0x10, 4, 0, 0]);
        let regions = [Region { name: "input".to_owned(), start: 0x410, end: 0x41c }];
        let places = Places { cursor: 0x20, image: &image, regions: &regions };
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
            ("end", 0x1_ffff),
            ("0x1_0000", 0x1_0000),
        ] {
            assert_eq!(read(text), Ok(addr), "{text}");
        }
        assert!(read("41c").is_err_and(|words| words.contains("0x41c")));
        assert!(read("0x20000").is_err_and(|words| words.contains("memory ends at 0x20000")));
        for text in ["", "+", "-33", "nowhere", "1:", "0x", "*end", "99999999999999999999", "99999999999999:0"] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
