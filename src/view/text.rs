//! Bytes and numbers as text that is safe to print: nothing from a guest or a file name reaches a terminal raw.

use std::fmt::Write;
use std::time::Duration;

use unicode_width::UnicodeWidthChar;

use crate::record;

pub use crate::record::{counted, thousands};

/// The bytes as text: UTF-8 as is, unprintable characters as escapes (`\n`, `\x1b`, `\u{202e}`).
pub fn visible(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            push_visible(&mut text, c);
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

fn push_visible(text: &mut String, c: char) {
    match c {
        '\n' => text.push_str("\\n"),
        '\r' => text.push_str("\\r"),
        '\t' => text.push_str("\\t"),
        '\0' => text.push_str("\\0"),
        c if c.is_ascii_control() => {
            let _ = write!(text, "\\x{:02x}", u32::from(c));
        }
        c if c.is_control() || is_invisible(c) => {
            let _ = write!(text, "\\u{{{:x}}}", u32::from(c));
        }
        c => text.push(c),
    }
}

/// Whether [`visible`] leaves a character as it is.
pub fn is_printable(c: char) -> bool {
    !c.is_control() && !is_invisible(c)
}

/// Characters that have no width, or that reorder the text around them. Combining marks are kept: they are part of a
/// visible character.
pub(super) fn is_invisible(c: char) -> bool {
    record::is_invisible(c) || c.width().is_none()
}

/// Decodes a text with escapes: `\n \r \t \0 \\ \" \x1b \u{e9}`. Reverses [`visible`].
///
/// # Errors
/// A backslash does not begin an escape.
pub fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend(&rest.as_bytes()[..at]);
        let (escape, after) = escape(&rest[at + 1..]).ok_or_else(|| {
            "expected an escape such as \\n \\r \\t \\0 \\\\ \\\" \\x1b \\u{e9} after the backslash".to_owned()
        })?;
        bytes.extend(escape);
        rest = after;
    }
    bytes.extend(rest.as_bytes());
    Ok(bytes)
}

/// Decodes one escape, given without its backslash, and returns its bytes and the remaining text.
pub fn escape(text: &str) -> Option<(Vec<u8>, &str)> {
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

/// The character for a byte in the text column of a hex row.
pub fn glyph(byte: u8) -> char {
    match byte {
        0x20..=0x7e => char::from(byte),
        _ => '.',
    }
}

/// A duration with at least three digits, or in whole nanoseconds: `547ns`, `33.0µs`, `1.25s`.
pub fn elapsed(time: Duration) -> String {
    let nanos = time.as_nanos();
    let scales = [("s", 1_000_000_000), ("ms", 1_000_000), ("µs", 1_000)];
    let Some((unit, scale)) = scales.into_iter().find(|&(_, scale)| nanos >= scale) else {
        return format!("{nanos}ns");
    };
    let (whole, part) = (nanos / scale, nanos % scale);
    match whole.ilog10() {
        0 => format!("{whole}.{:02}{unit}", part * 100 / scale),
        1 => format!("{whole}.{}{unit}", part * 10 / scale),
        _ => format!("{whole}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_survives() {
        assert_eq!(visible(b"a\x1b[2Jb\r\n\0\x7f"), "a\\x1b[2Jb\\r\\n\\0\\x7f");
        assert_eq!(visible("caf\u{e9} \u{202e}x\u{9b}".as_bytes()), "caf\u{e9} \\u{202e}x\\u{9b}");
        assert_eq!(visible(b"ok \xff\xc3"), "ok \\xff\\xc3");
    }

    #[test]
    fn times_have_three_digits() {
        for (nanos, text) in [
            (0, "0ns"),
            (547, "547ns"),
            (1_000, "1.00µs"),
            (9_999, "9.99µs"),
            (33_049, "33.0µs"),
            (999_999, "999µs"),
            (1_250_000_000, "1.25s"),
            (3_600_000_000_000, "3600s"),
        ] {
            assert_eq!(elapsed(Duration::from_nanos(nanos)), text);
        }
    }
}
