//! Errors in a recipe: where they are, and the line with a mark under the place.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

use super::parse::{comment, is_word};

/// Why a recipe is not valid, or does not fit the module, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecipeError {
    /// The line of the recipe, from 1; 0 if it is about no line.
    pub at: usize,
    /// The error. What it is about in the line is in backticks, as the line has it.
    pub words: String,
    /// Where in the line it is, in bytes, if known.
    pub place: Option<Range<usize>>,
}

/// The maximum number of characters of a quoted line.
const LONGEST: usize = 100;
/// How many of them come before the place, if the line is longer.
const BEFORE: usize = 50;

impl RecipeError {
    /// An error that is about no line.
    pub(super) fn headless(words: String) -> RecipeError {
        RecipeError { at: 0, words, place: None }
    }

    /// The error, with the line from the recipe's text below it, and carets under the place.
    pub fn quoted(&self, text: &str) -> String {
        let line = self.at.checked_sub(1).and_then(|at| text.lines().nth(at));
        let Some(line) = line.filter(|line| !line.trim().is_empty()) else { return self.to_string() };
        let place = self.place.clone().unwrap_or_else(|| self.find(line));
        let (shown, before, len) = excerpt(line, place);
        let number = self.at.to_string();
        let margin = " ".repeat(number.len());
        format!("{self}\n    {number} | {shown}\n    {margin} | {}{}", " ".repeat(before), "^".repeat(len))
    }

    /// Where the line has what the message is about; if nowhere, all of it.
    fn find(&self, line: &str) -> Range<usize> {
        let code = &line[..comment(line).unwrap_or(line.len())];
        let named = self.words.split('`').skip(1).step_by(2).filter(|name| !name.is_empty());
        let found = named.flat_map(|name| code.match_indices(name)).find(|&(at, name)| is_whole(code, at, name));
        match found {
            Some((at, name)) => at..at + name.len(),
            None => code.len() - code.trim_start().len()..code.trim_end().len(),
        }
    }
}

/// Whether a name at that place of a line is not a part of a longer one.
fn is_whole(line: &str, at: usize, name: &str) -> bool {
    let joins =
        |inside: Option<char>, outside: Option<char>| inside.is_some_and(is_word) && outside.is_some_and(is_word);
    let (before, after) = (&line[..at], &line[at + name.len()..]);
    !joins(name.chars().next(), before.chars().next_back()) && !joins(name.chars().next_back(), after.chars().next())
}

/// The part of a line around a place, and where in it the place begins and how wide it is, in columns.
fn excerpt(line: &str, place: Range<usize>) -> (String, usize, usize) {
    let indent = line.len() - line.trim_start().len();
    let chars = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let split = |at: usize| line.floor_char_boundary(at.clamp(indent, line.len()));
    let (start, end) = (split(place.start), split(place.end));
    let before = chars(&line[indent..start]);
    let marked = chars(&line[start..end]);
    let after = chars(line[end..].trim_end());
    let skipped = match before.chars().count() + marked.chars().count() + after.chars().count() > LONGEST {
        true => before.chars().count().saturating_sub(BEFORE),
        false => 0,
    };
    let before: String = if skipped > 0 { ".. ".chars().chain(before.chars().skip(skipped)).collect() } else { before };
    let whole = before.clone() + &marked + &after;
    let shown: String = whole.chars().take(LONGEST).collect();
    let len = marked.width().clamp(1, LONGEST);
    let rest = if shown.len() < whole.len() { " .." } else { "" };
    (shown + rest, before.width(), len)
}

impl fmt::Display for RecipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            0 => f.write_str(&self.words),
            at => write!(f, "line {at}: {}", self.words),
        }
    }
}

impl std::error::Error for RecipeError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(words: &str, line: &str) -> String {
        let text = format!("# one\n{line}\n");
        RecipeError { at: 2, words: words.to_owned(), place: None }.quoted(&text)
    }

    #[test]
    fn the_mark_is_under_what_the_message_names() {
        let shown = quoted("the guest exports no `len`", "\t x = length(len(n))  # len");
        assert_eq!(
            shown,
            "line 2: the guest exports no `len`\n    2 | x = length(len(n))  # len\n      |            ^^^"
        );
        let shown = quoted("it is wrong", "  x = 1   # one");
        assert_eq!(shown, "line 2: it is wrong\n    2 | x = 1   # one\n      | ^^^^^");
        let shown = quoted("`b` is wrong", "  f(\"日本\", b)");
        assert_eq!(shown.lines().nth(2), Some("      |           ^"));
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let shown = quoted("`b` is wrong", &format!("x = {}b + {}", "a + ".repeat(100), "c + ".repeat(100)));
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[1].len() < 120 && lines[1].contains(".. ") && lines[1].ends_with(" .."), "{shown}");
        assert_eq!(lines[1].as_bytes()[lines[2].find('^').expect("it is marked")], b'b');
    }
}
