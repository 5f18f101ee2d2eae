//! Quoting and unquoting arguments.

use crate::view::{unescape, visible};

/// The position of the quote that closes one opened before `text`.
pub(super) fn closing(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends.then_some(at)
    })
}

/// A name as an argument, quoted if necessary or if `always`.
pub(super) fn quoted(name: &str, always: bool) -> String {
    let shown = visible(name.as_bytes());
    if !always && !name.is_empty() && !name.starts_with('"') && shown == name && !name.contains(char::is_whitespace) {
        return name.to_owned();
    }
    text_quoted(name.as_bytes())
}

/// A text as an argument, in quotes.
pub(super) fn text_quoted(text: &[u8]) -> String {
    let mut escaped = Vec::with_capacity(text.len());
    for &byte in text {
        escaped.extend(matches!(byte, b'"' | b'\\').then_some(b'\\'));
        escaped.push(byte);
    }
    format!("\"{}\"", visible(&escaped))
}

/// The value of an argument whose quote may still be open; `None` if it is not valid UTF-8.
pub(super) fn unquoted(word: &str) -> Option<String> {
    let Some(inside) = word.strip_prefix('"') else { return Some(word.to_owned()) };
    let inside = closing(inside).map_or(inside, |end| &inside[..end]);
    String::from_utf8(unescape(inside).ok()?).ok()
}
