//! The words of a command: quotes, escapes, numbers, typed values.

use std::path::PathBuf;

use super::Error;
use crate::guest::Type;
use crate::record::Value;
use crate::view::visible;

/// What follows a command's name, taken word by word.
pub(super) struct Words<'a> {
    rest: &'a str,
}

impl<'a> Words<'a> {
    pub(super) fn new(rest: &'a str) -> Words<'a> {
        Words { rest }
    }

    /// The next word; `"..."` holds blanks and escapes.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.rest = self.rest.trim_start();
        if let Some(inside) = self.rest.strip_prefix('"') {
            let end = closing(inside).ok_or_else(|| Error("a quote is not closed".to_owned()))?;
            self.rest = &inside[end + 1..];
            return unescape(&inside[..end]).map(Some);
        }
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok((!word.is_empty()).then(|| word.into()))
    }

    /// The next word as text; `what` says what was expected.
    pub(super) fn text(&mut self, what: &str) -> Result<String, Error> {
        let word = self.next()?.ok_or_else(|| Error(format!("expected {what}")))?;
        String::from_utf8(word).map_err(|_| Error(format!("expected {what}, and that is no text")))
    }

    /// The next word as text, if there is one.
    pub(super) fn more(&mut self) -> Result<Option<String>, Error> {
        if self.rest.trim().is_empty() { Ok(None) } else { self.text("a word").map(Some) }
    }

    /// The next word as a file's name; `~/` begins one in the user's own folder, unless it stands in quotes.
    pub(super) fn file(&mut self) -> Result<PathBuf, Error> {
        let is_quoted = self.rest.trim_start().starts_with('"');
        let name = self.text("a file")?;
        Ok(if is_quoted { name.into() } else { home(&name) })
    }

    /// The next word as a number that is not negative.
    pub(super) fn number(&mut self, what: &str) -> Result<u64, Error> {
        let word = self.text(what)?;
        number(&word).ok_or_else(|| Error(format!("expected {what} such as 1040 or 0x410, not `{}`", shown(&word))))
    }

    /// The next word as a number, if there is one.
    pub(super) fn number_or(&mut self, what: &str, default: u64) -> Result<u64, Error> {
        if self.rest.trim().is_empty() { Ok(default) } else { self.number(what) }
    }

    /// All that follows the one blank behind what was taken, with its escapes resolved; or what stands in quotes.
    pub(super) fn all(&mut self) -> Result<Vec<u8>, Error> {
        if self.rest.trim_start().starts_with('"') {
            return Ok(self.next()?.unwrap_or_default());
        }
        let rest = std::mem::take(&mut self.rest);
        unescape(rest.strip_prefix(char::is_whitespace).unwrap_or(rest))
    }

    /// All that follows as hexadecimal digits, with blanks where one likes.
    pub(super) fn hex(&mut self) -> Result<Vec<u8>, Error> {
        let digits: Vec<char> = std::mem::take(&mut self.rest).chars().filter(|c| !c.is_whitespace()).collect();
        let wrong = || Error("expected bytes as pairs of hexadecimal digits, such as 00ff 41".to_owned());
        if digits.is_empty() || !digits.len().is_multiple_of(2) {
            return Err(wrong());
        }
        let pair = |pair: &[char]| Some(u8::try_from(pair[0].to_digit(16)? * 16 + pair[1].to_digit(16)?).unwrap_or(0));
        digits.chunks(2).map(|two| pair(two).ok_or_else(wrong)).collect()
    }

    /// Whether there are no more words.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.trim().is_empty()
    }

    /// There must be no more words.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        match self.rest.trim() {
            "" => Ok(()),
            more => Err(Error(format!("nothing more was expected, but there is `{}`", shown(more)))),
        }
    }

    /// Takes the next word if it is that one, without quotes.
    pub(super) fn take(&mut self, word: &str) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(word) {
            Some(after) if after.is_empty() || after.starts_with(char::is_whitespace) => {
                self.rest = after;
                true
            }
            _ => false,
        }
    }
}

fn shown(text: &str) -> String {
    visible(text.as_bytes())
}

/// A file's name, in which `~/` stands for the user's own folder.
pub(super) fn home(name: &str) -> PathBuf {
    match (name.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => PathBuf::from(home).join(rest),
        _ => name.into(),
    }
}

/// A name as a word of a command: in quotes where it needs them, or is to have them.
pub(super) fn quoted(name: &str, always: bool) -> String {
    let shown = visible(name.as_bytes());
    if !always && !name.is_empty() && !name.starts_with('"') && shown == name && !name.contains(char::is_whitespace) {
        return name.to_owned();
    }
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c => visible(c.encode_utf8(&mut [0; 4]).as_bytes()),
    };
    format!("\"{}\"", name.chars().map(escaped).collect::<String>())
}

/// What a word stands for, whose quote may not be closed yet; `None` where it is no text.
pub(super) fn unquoted(word: &str) -> Option<String> {
    let Some(inside) = word.strip_prefix('"') else { return Some(word.to_owned()) };
    let inside = closing(inside).map_or(inside, |end| &inside[..end]);
    String::from_utf8(unescape(inside).ok()?).ok()
}

/// Where the quote ends that was opened before `text`.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// The bytes that a text with escapes stands for: `\n \r \t \0 \\ \" \x1b \u{e9}`.
fn unescape(text: &str) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend(&rest.as_bytes()[..at]);
        let (escape, after) = escape(&rest[at + 1..]).ok_or_else(|| {
            Error("expected an escape such as \\n \\r \\t \\0 \\\\ \\\" \\x1b \\u{e9} behind the backslash".to_owned())
        })?;
        bytes.extend(escape);
        rest = after;
    }
    bytes.extend(rest.as_bytes());
    Ok(bytes)
}

/// The bytes of one escape, given without its backslash, and what follows it.
pub(super) fn escape(text: &str) -> Option<(Vec<u8>, &str)> {
    let mut chars = text.chars();
    let one = |byte: u8, rest| Some((vec![byte], rest));
    match chars.next()? {
        'n' => one(b'\n', chars.as_str()),
        'r' => one(b'\r', chars.as_str()),
        't' => one(b'\t', chars.as_str()),
        '0' => one(0, chars.as_str()),
        c @ ('\\' | '"') => Some((c.to_string().into(), chars.as_str())),
        'x' => one(u8::from_str_radix(text.get(1..3).filter(|hex| hex.is_ascii())?, 16).ok()?, text.get(3..)?),
        'u' => {
            let (code, rest) = text.strip_prefix("u{")?.split_once('}')?;
            let c = char::from_u32(u32::from_str_radix(code, 16).ok()?)?;
            Some((c.to_string().into(), rest))
        }
        _ => None,
    }
}

/// A number as people write it: `1040`, `0x410`, `1_114_112`.
pub(super) fn number(text: &str) -> Option<u64> {
    let plain: String = text.chars().filter(|&c| c != '_' && c != ',').collect();
    match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        Some(hex) if hex.starts_with('+') => None,
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if plain.starts_with('+') => None,
        None => plain.parse().ok(),
    }
}

/// A whole number between those that `bits` bits hold, signed or not, as those bits.
fn integer(text: &str, bits: u32) -> Option<u64> {
    let (magnitude, negative) = match text.strip_prefix('-') {
        Some(rest) => (number(rest)?, true),
        None => (number(text)?, false),
    };
    let most = u64::MAX >> (64 - bits);
    if negative {
        (magnitude <= most / 2 + 1).then(|| magnitude.wrapping_neg() & most)
    } else {
        (magnitude <= most).then_some(magnitude)
    }
}

/// An argument of that type.
pub(super) fn value(text: &str, ty: Type) -> Result<Value, Error> {
    let truncated = |bits: u64| u32::try_from(bits).unwrap_or(0);
    let read = match ty {
        Type::I32 => integer(text, 32).map(|bits| Value::I32(truncated(bits).cast_signed())),
        Type::I64 => integer(text, 64).map(|bits| Value::I64(bits.cast_signed())),
        Type::F32 => text.parse::<f32>().ok().map(|float| Value::F32(float.to_bits())),
        Type::F64 => text.parse::<f64>().ok().map(|float| Value::F64(float.to_bits())),
        Type::Other => None,
    };
    read.ok_or_else(|| Error(format!("expected a value of type {ty}, not `{}`", shown(text))))
}

/// A type of values in memory, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) name: &'static str,
    pub(super) size: usize,
}

/// The types that `peek`, `poke` and `find` know.
pub(super) const CELLS: &[Cell] = &[
    Cell { name: "u8", size: 1 },
    Cell { name: "i8", size: 1 },
    Cell { name: "u16", size: 2 },
    Cell { name: "i16", size: 2 },
    Cell { name: "u32", size: 4 },
    Cell { name: "i32", size: 4 },
    Cell { name: "u64", size: 8 },
    Cell { name: "i64", size: 8 },
    Cell { name: "f32", size: 4 },
    Cell { name: "f64", size: 8 },
];

impl Cell {
    /// The type of that name.
    pub(super) fn named(name: &str) -> Result<Cell, Error> {
        CELLS.iter().find(|cell| cell.name == name).copied().ok_or_else(|| {
            let names: Vec<_> = CELLS.iter().map(|cell| cell.name).collect();
            Error(format!("expected a type ({}), not `{}`", names.join(" "), shown(name)))
        })
    }

    /// A value of this type as its bytes.
    pub(super) fn bytes(self, text: &str) -> Result<Vec<u8>, Error> {
        let bits = match self.name {
            "f32" => text.parse::<f32>().ok().map(|float| u64::from(float.to_bits())),
            "f64" => text.parse::<f64>().ok().map(f64::to_bits),
            _ => integer(text, u32::try_from(self.size * 8).unwrap_or(64)),
        };
        let bits =
            bits.ok_or_else(|| Error(format!("expected a value of type {}, not `{}`", self.name, shown(text))))?;
        Ok(bits.to_le_bytes()[..self.size].to_vec())
    }

    /// Bytes of this type as a number in words.
    pub(super) fn words(self, bytes: &[u8]) -> String {
        let mut wide = [0; 8];
        wide[..self.size].copy_from_slice(&bytes[..self.size]);
        let bits = u64::from_le_bytes(wide);
        let shift = 64 - 8 * self.size;
        match self.name {
            "f32" => f32::from_bits(u32::try_from(bits).unwrap_or(0)).to_string(),
            "f64" => f64::from_bits(bits).to_string(),
            name if name.starts_with('i') => ((bits << shift).cast_signed() >> shift).to_string(),
            _ => bits.to_string(),
        }
    }
}
