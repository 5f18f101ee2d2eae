//! The words of a command: quotes, escapes, numbers, typed values.

use std::path::PathBuf;

use super::Error;
use crate::guest::Type;
use crate::record::{Hex, Value};
use crate::view::{NUMBER_TYPES, NumberType, integer, unescape, visible, whole};

/// What follows a command's name, taken word by word.
pub(super) struct Args<'a> {
    rest: &'a str,
}

impl<'a> Args<'a> {
    pub(super) fn new(rest: &'a str) -> Args<'a> {
        Args { rest }
    }

    /// The next word; `"..."` holds blanks and escapes.
    pub(super) fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        self.rest = self.rest.trim_start();
        if let Some(inside) = self.rest.strip_prefix('"') {
            let end = closing(inside).ok_or_else(|| Error("a quote is not closed".to_owned()))?;
            self.rest = &inside[end + 1..];
            return unescape(&inside[..end]).map(Some).map_err(Error);
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
        whole(&word).ok_or_else(|| Error(format!("expected {what} such as 1040 or 0x410, not `{}`", shown(&word))))
    }

    /// The next word as a number, if there is one.
    pub(super) fn number_or(&mut self, what: &str, default: u64) -> Result<u64, Error> {
        if self.rest.trim().is_empty() { Ok(default) } else { self.number(what) }
    }

    /// The next word as a number, if it is one.
    pub(super) fn next_number(&mut self, what: &str) -> Result<Option<u64>, Error> {
        let is_number = self.rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
        if is_number { self.number(what).map(Some) } else { Ok(None) }
    }

    /// All that follows the one blank behind what was taken, as it is.
    pub(super) fn rest(&mut self) -> String {
        let rest = std::mem::take(&mut self.rest);
        rest.strip_prefix(char::is_whitespace).unwrap_or(rest).to_owned()
    }

    /// All that follows the one blank behind what was taken, with its escapes resolved; or what stands in quotes.
    pub(super) fn all(&mut self) -> Result<Vec<u8>, Error> {
        if self.rest.trim_start().starts_with('"') {
            return Ok(self.next()?.unwrap_or_default());
        }
        let rest = std::mem::take(&mut self.rest);
        unescape(rest.strip_prefix(char::is_whitespace).unwrap_or(rest)).map_err(Error)
    }

    /// All that follows as hexadecimal digits, with blanks where one likes.
    pub(super) fn hex(&mut self) -> Result<Vec<u8>, Error> {
        let digits: String = std::mem::take(&mut self.rest).chars().filter(|c| !c.is_whitespace()).collect();
        let bytes = Hex::read(digits.as_bytes()).filter(|bytes| !bytes.is_empty());
        bytes.ok_or_else(|| Error("expected bytes as pairs of hexadecimal digits, such as 00ff 41".to_owned()))
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

/// An argument of that type.
pub(super) fn value(text: &str, ty: Type) -> Result<Value, Error> {
    let truncated = |bits: u64| u32::try_from(bits).unwrap_or(0);
    let read = match ty {
        Type::I32 => integer(text, 32).map(|bits| Value::I32(truncated(bits).cast_signed())),
        Type::I64 => integer(text, 64).map(|bits| Value::I64(bits.cast_signed())),
        Type::F32 => text.parse::<f32>().ok().map(|float| Value::F32(float.to_bits())),
        Type::F64 => text.parse::<f64>().ok().map(|float| Value::F64(float.to_bits())),
        _ => None,
    };
    read.ok_or_else(|| Error(format!("expected a value of type {ty}, not `{}`", shown(text))))
}

/// The type of numbers in memory of that name.
pub(super) fn number_type(name: &str) -> Result<NumberType, Error> {
    NumberType::named(name).ok_or_else(|| {
        let names: Vec<_> = NUMBER_TYPES.iter().map(|ty| ty.name).collect();
        Error(format!("expected a type ({}), not `{}`", names.join(" "), shown(name)))
    })
}

/// A number of that type as its bytes.
pub(super) fn number_bytes(ty: NumberType, text: &str) -> Result<Vec<u8>, Error> {
    ty.bytes(text).ok_or_else(|| Error(format!("expected a value of type {}, not `{}`", ty.name, shown(text))))
}
