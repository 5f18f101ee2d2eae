//! Searches memory for text, hex with wildcards, and numbers.

use std::time::Instant;

use memchr::memmem;

use super::number::NumberType;
use super::row::MAX_WIDTH;
use super::text::{counted, thousands, unescape, visible};
use crate::record::{Image, PAGE};

/// Maximum length of a pattern in bytes.
const LONGEST: usize = 256;
/// Maximum number of matches remembered. There may be more.
const MATCHES: usize = 100_000;

/// Bytes searched between two checks of the time.
const BREATH: u64 = 64 * PAGE as u64;

/// A search pattern: bytes, each with a mask of the bits that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    bytes: Vec<u8>,
    masks: Vec<u8>,
}

/// A pattern and its matches in a memory.
#[derive(Clone, Debug)]
pub struct Search {
    /// The pattern as it was typed.
    pub text: String,
    /// The parsed pattern.
    pub pattern: Pattern,
    /// The addresses of the matches, in order.
    pub found: Vec<u64>,
    /// Whether there may be more matches.
    pub more: bool,
    /// Where the search continues.
    base: u64,
}

impl Pattern {
    /// Parses a pattern: `text`, `"text"`, `hex 44 6? ??` or `0x44 6? ??`, `u32 1040` or `u32:1040`, `f64 0.1`. Text
    /// may contain escapes such as `\n` and `\x1b`.
    ///
    /// # Errors
    /// A message that says what is wrong.
    pub fn parse(text: &str) -> Result<Pattern, String> {
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let hex = text.strip_prefix("0x").or_else(|| text.strip_prefix("hex "));
        let pattern = match (quoted, typed(text), hex) {
            (Some(quoted), ..) => Pattern::exact(unescape(quoted)?),
            (_, Some((ty, value)), _) => Pattern::exact(ty.bytes(value).ok_or_else(|| {
                let (name, value) = (ty.name, visible(value.as_bytes()));
                format!("`{value}` is not a valid {name} (quote text that begins with {name})")
            })?),
            (.., Some(hex)) => hexadecimal(hex)?,
            _ => Pattern::exact(unescape(text)?),
        };
        match pattern.bytes.len() {
            0 => Err("nothing to search for".to_owned()),
            len if len > LONGEST => Err(format!(
                "the pattern has {}, but the limit is {}",
                counted(len as u64, "byte"),
                thousands(LONGEST as u64)
            )),
            _ if pattern.masks.iter().all(|&mask| mask == 0) => Err("the pattern would match everything".to_owned()),
            _ => Ok(pattern),
        }
    }

    fn exact(bytes: Vec<u8>) -> Pattern {
        Pattern { masks: vec![0xff; bytes.len()], bytes }
    }

    /// The pattern's bytes, if it has no wildcards.
    pub fn bytes(&self) -> Option<&[u8]> {
        self.masks.iter().all(|&mask| mask == 0xff).then_some(&self.bytes)
    }

    /// Length of a match in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Which of the `width` bytes at `addr` are part of a match. For visible rows, regardless of the progress of the
    /// search.
    pub fn in_row(&self, image: &Image, addr: u64, width: usize) -> Matched {
        let mut bytes = [0; MAX_WIDTH + 2 * LONGEST];
        let more = self.bytes.len() - 1;
        let lead = more.min(usize::try_from(addr).unwrap_or(more));
        let known = image.read(addr - lead as u64, &mut bytes[..lead + width + more]);
        let mut row = Matched::default();
        for first in (0..(lead + width).min((known + 1).saturating_sub(self.bytes.len())))
            .filter(|&first| self.matches(&bytes[first..first + self.bytes.len()]))
        {
            let (from, to) = (first.max(lead) - lead, (first + more + 1 - lead).min(width));
            row.starts |= if first >= lead { 1 << from } else { 0 };
            row.ends |= if first + more < lead + width { 1 << (to - 1) } else { 0 };
            row.inside |= (from..to).fold(0, |bits, place| bits | 1 << place);
        }
        row
    }

    fn matches(&self, bytes: &[u8]) -> bool {
        let mut pairs = bytes.iter().zip(self.bytes.iter().zip(&self.masks));
        pairs.all(|(byte, (wanted, mask))| byte & mask == wanted & mask)
    }
}

/// The parts of a row that are in matches: one bit per byte, lowest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// The bytes in a match.
    pub inside: u32,
    /// The bytes at which a match begins.
    pub starts: u32,
    /// The bytes with which a match ends.
    pub ends: u32,
}

impl Search {
    /// Creates a search. Nothing is searched yet.
    ///
    /// # Errors
    /// A message that says what is wrong with the pattern.
    pub fn new(text: &str) -> Result<Search, String> {
        let pattern = Pattern::parse(text)?;
        Ok(Search { text: text.to_owned(), pattern, found: Vec::new(), more: false, base: 0 })
    }

    /// Restarts, for another memory or moment.
    pub fn again(&mut self) {
        (self.found, self.more, self.base) = (Vec::new(), false, 0);
    }

    /// How far the memory was searched.
    pub fn reached(&self) -> u64 {
        self.base
    }

    /// Searches until the deadline or the end of the memory. Returns true when done.
    pub fn go_on(&mut self, image: &Image, until: Option<Instant>) -> bool {
        let pattern = &self.pattern;
        let in_zeroes = pattern.matches(&vec![0; pattern.bytes.len()]);
        let finder = pattern.bytes().map(memmem::Finder::new);
        let mut window = vec![0; PAGE + pattern.bytes.len() - 1];
        while self.base < image.len() && !self.more {
            let next = self.base + PAGE as u64;
            if in_zeroes || !image.is_untouched(self.base) || !image.is_untouched(next) {
                let known = image.read(self.base, &mut window);
                match &finder {
                    // Matches may overlap, which `find_iter` does not support.
                    Some(finder) => {
                        let mut from = 0;
                        while let Some(at) = window.get(from..known).and_then(|rest| finder.find(rest)) {
                            self.found.push(self.base + (from + at) as u64);
                            from += at + 1;
                        }
                    }
                    None => {
                        let places = window[..known].windows(pattern.bytes.len()).enumerate();
                        let matching = places.filter(|(_, bytes)| pattern.matches(bytes));
                        self.found.extend(matching.map(|(place, _)| self.base + place as u64));
                    }
                }
                self.more = self.found.len() >= MATCHES;
                self.found.truncate(MATCHES);
            }
            self.base = next;
            if next.is_multiple_of(BREATH) && until.is_some_and(|until| Instant::now() >= until) {
                return self.base >= image.len() || self.more;
            }
        }
        true
    }

    /// The index of the first match after `addr`, wrapping around.
    pub fn next(&self, addr: u64) -> Option<usize> {
        let place = self.found.partition_point(|&at| at <= addr);
        (!self.found.is_empty()).then(|| place % self.found.len())
    }

    /// The index of the last match before `addr`, wrapping around.
    pub fn previous(&self, addr: u64) -> Option<usize> {
        let place = self.found.partition_point(|&at| at < addr);
        (!self.found.is_empty()).then(|| place.checked_sub(1).unwrap_or(self.found.len() - 1))
    }
}

/// Splits a pattern such as `u32 1040` or `u32:1040` into type and number.
fn typed(text: &str) -> Option<(NumberType, &str)> {
    let (name, value) = text.split_once([':', ' '])?;
    Some((NumberType::named(name)?, value.trim()))
}

/// Parses pairs of hex digits, with `?` for any digit.
fn hexadecimal(text: &str) -> Result<Pattern, String> {
    let digits: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
    if !digits.len().is_multiple_of(2) {
        return Err("hex comes in pairs of digits: 0x44 6? ?? (quote text that begins with 0x or hex)".to_owned());
    }
    let half = |digit: char| match digit {
        '?' => Ok((0, 0)),
        digit => match digit.to_digit(16).and_then(|value| u8::try_from(value).ok()) {
            Some(value) => Ok((value, 0xf)),
            None => Err(format!("`{digit}` is not a hex digit (quote text that begins with 0x or hex)")),
        },
    };
    let mut pattern = Pattern { bytes: Vec::new(), masks: Vec::new() };
    for pair in digits.chunks(2) {
        let ((high, high_mask), (low, low_mask)) = (half(pair[0])?, half(pair[1])?);
        pattern.bytes.push(high << 4 | low);
        pattern.masks.push(high_mask << 4 | low_mask);
    }
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(text: &str, image: &Image) -> Search {
        let mut search = Search::new(text).expect("it is a pattern");
        // In the smallest slices.
        while !search.go_on(image, Some(Instant::now())) {}
        search
    }

    fn find(text: &str, image: &Image) -> Vec<u64> {
        search(text, image).found
    }

    #[test]
    fn text_hex_and_numbers_are_found_across_pages() {
        let mut image = Image::zeroed(1 << 20);
        image.write(0x410, b"Did you know");
        image.write(PAGE as u64 * 3 - 2, b"Died");
        image.write(0x2_0000, &1.5f32.to_le_bytes());
        image.write(0xf_fffc, &[1, 2, 3, 4]);
        assert_eq!(find("Did", &image), [0x410]);
        assert_eq!(find("\"Di\"", &image), [0x410, 0x2ffe]);
        assert_eq!(find("0x4469??64", &image), [0x2ffe]);
        assert_eq!(find("0x44 6? 6?", &image), [0x410, 0x2ffe]);
        assert_eq!(find("f32:1.5", &image), [0x2_0000]);
        assert_eq!(find("u32:0x04030201", &image), [0xf_fffc]);
        assert_eq!(find("nowhere", &image), [0u64; 0]);
        assert_eq!(find("n:o", &image), [0u64; 0], "a colon is text");
        assert_eq!(find("hex 44 6? 6?", &image), [0x410, 0x2ffe]);
        assert_eq!(find("u32 67305985", &image), [0xf_fffc]);
        assert_eq!(find(r"\x44id you", &image), [0x410]);
        assert_eq!(find(r#""id\x20""#, &image), [0x411]);
        let search = search("0x00000000", &image);
        assert!(search.more && search.found.len() == MATCHES);
        image.write(0x100, b"aaaa");
        assert_eq!(find("aa", &image), [0x100, 0x101, 0x102], "overlapping ones too");
    }

    #[test]
    fn next_and_previous_go_round() {
        let mut image = Image::zeroed(1 << 16);
        [16, 32, 64].iter().for_each(|&addr| image.write(addr, b"x"));
        let search = search("x", &image);
        assert_eq!([search.next(0), search.next(16), search.next(64)], [Some(0), Some(1), Some(0)]);
        assert_eq!([search.previous(0), search.previous(16), search.previous(65)], [Some(2), Some(2), Some(2)]);
    }

    #[test]
    fn a_row_tells_which_of_its_bytes_match() {
        let mut image = Image::zeroed(64);
        image.write(6, b"abcab");
        image.write(60, b"abca");
        let row = |text, addr| Pattern::parse(text).expect("it is a pattern").in_row(&image, addr, 8);
        assert_eq!(row("abc", 0), Matched { inside: 0b1100_0000, starts: 0b0100_0000, ends: 0 });
        assert_eq!(row("abc", 8), Matched { inside: 0b1, starts: 0, ends: 0b1 });
        assert_eq!(row("0xa?", 1), Matched::default(), "nothing but whole bytes");
        assert_eq!(row("0x6? 6?", 8), Matched { inside: 0b111, starts: 0b11, ends: 0b111 });
        assert_eq!(row("abc", 56), Matched { inside: 0b111_0000, starts: 0b1_0000, ends: 0b100_0000 });
        assert_eq!(row("abcab", 56), Matched::default(), "it would end outside");
        assert_eq!(row(&"x".repeat(LONGEST), 0), Matched::default());
        let zeroes = Pattern::parse("0x0000").expect("it is a pattern").in_row(&image, 16, 32);
        assert_eq!(zeroes, Matched { inside: u32::MAX, starts: u32::MAX, ends: u32::MAX });
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for text in
            ["", "\"\"", "0x4", "0x4g", "0x????", "u32:-1", "f32:x", "u8 x", r"\q", "hex 4", &"x".repeat(LONGEST + 1)]
        {
            assert!(Search::new(text).is_err(), "{text}");
        }
    }
}
