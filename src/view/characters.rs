//! The text column of a hex row: one character per byte. UTF-8 characters are decoded, even across rows.

use unicode_width::UnicodeWidthChar;

use super::row::MAX_WIDTH;
use super::text::is_invisible;
use crate::record::Image;

/// The second column of a double-width character.
pub const COVERED: char = '\0';

/// A zero byte.
const NUL: char = '\u{b7}';
/// Another control character.
const CONTROL: char = '\u{2022}';
/// A byte that is neither ASCII nor part of a character that can be shown.
const HIGH: char = '\u{d7}';
/// A continuation byte of the character to the left.
const CONTINUES: char = '\u{ab}';
/// The first byte of a character that is too wide for the rest of the row.
const TOO_WIDE: char = '\u{bb}';
/// How many bytes of a character may be in the previous row, and in the next.
const REACH: usize = 3;

/// The characters for the `width` bytes at `addr`, one per byte.
pub fn characters(image: &Image, addr: u64, width: usize) -> [char; MAX_WIDTH] {
    let mut shown = [' '; MAX_WIDTH];
    let mut bytes = [0; MAX_WIDTH + 2 * REACH];
    let lead = REACH.min(usize::try_from(addr).unwrap_or(REACH));
    let known = image.read(addr - lead as u64, &mut bytes[..lead + width + REACH]);
    let mut at = 0;
    while at < known.min(lead + width) {
        let (c, len) = character(&bytes[at..known]);
        for part in (0..len).filter(|part| (lead..lead + width).contains(&(at + part))) {
            let cell = at + part - lead;
            let wide = c.width() == Some(2);
            shown[cell] = match part {
                0 if wide && cell + 1 == width => TOO_WIDE,
                0 => c,
                1 if wide && cell > 0 => COVERED,
                _ => CONTINUES,
            };
        }
        at += len;
    }
    shown
}

/// The character at the start of `bytes`, and its length in bytes.
fn character(bytes: &[u8]) -> (char, usize) {
    let len = match bytes[0] {
        0 => return (NUL, 1),
        byte @ 0x20..=0x7e => return (char::from(byte), 1),
        1..=0x1f | 0x7f => return (CONTROL, 1),
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return (HIGH, 1),
    };
    let text = bytes.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok());
    match text.and_then(|text| text.chars().next()) {
        Some(c) if !c.is_control() && !is_invisible(c) && c.width().is_some_and(|width| width > 0) => (c, len),
        _ => (HIGH, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(bytes: &[u8], addr: u64, width: usize) -> String {
        let mut image = Image::zeroed(64);
        image.write(0, bytes);
        characters(&image, addr, width)[..width].iter().filter(|&&c| c != COVERED).collect()
    }

    #[test]
    fn classes_of_bytes_differ_without_colour() {
        assert_eq!(shown(b"a.\0\x01\x7f\xff\x80\xc3z", 0, 8), "a.\u{b7}\u{2022}\u{2022}\u{d7}\u{d7}\u{d7}");
        assert_eq!(shown("\u{202e}\u{301}".as_bytes(), 0, 5), "\u{d7}".repeat(5), "nothing that reorders or joins");
    }

    #[test]
    fn characters_are_whole_across_row_ends() {
        let text = "0123456\u{e9}\u{4e2d}".as_bytes();
        assert_eq!(shown(text, 0, 8), "0123456\u{e9}");
        assert_eq!(shown(text, 8, 4), "\u{ab}\u{4e2d}\u{ab}");
        assert_eq!(shown(text, 2, 8), "23456\u{e9}\u{ab}\u{bb}");
        assert_eq!(shown(text, 10, 2), "\u{ab}\u{ab}");
    }
}
