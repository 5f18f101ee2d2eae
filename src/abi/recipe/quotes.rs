//! Texts in quotes, as recipes write them.

use std::fmt::{self, Display, Formatter};

use crate::record::is_invisible;

/// A text as a recipe writes it: in quotes, with escapes.
pub(crate) fn in_quotes(text: &str) -> String {
    Quoted(text).to_string()
}

/// Whether a character is written as an escape: a recipe has none that a terminal or an editor acts on instead of showing
/// it.
pub(super) fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}') || is_invisible(c) || c.is_control()
}

/// A text as a recipe writes it: in quotes, with escapes.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\0' => f.write_str("\\0")?,
                c if is_unseen(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
                c => write!(f, "{c}")?,
            }
        }
        f.write_str("\"")
    }
}
