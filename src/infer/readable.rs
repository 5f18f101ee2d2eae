//! What a person can read.

/// Whether bytes are text that a person may have meant: UTF-8 without control characters, but for ends of lines and tabs.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_odd))
}
