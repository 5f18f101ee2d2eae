//! Splits a typed line into parts, for highlighting and completion.

use std::ops::Range;

use super::grammar::{Expected, follow, is_kind};
use super::quotes::closing;
use super::table::{COMMANDS, find};
use super::{Error, Names};
use crate::view::{NumberType, escape};

/// The kind of a part. Unlisted parts are data or plain words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The name of a command, with its colon.
    Command,
    /// An unknown command.
    Unknown,
    /// A keyword: `hex`, `u8`, `on`.
    Keyword,
    /// Text in quotes.
    Quoted,
    /// An escape, or the first of two colons.
    Escape,
    /// A backslash without a valid escape.
    Wrong,
}

/// A word of a command as typed, with its quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) start: usize,
    pub(super) text: &'a str,
    /// Whether it is the last word of the line.
    last: bool,
}

impl Token<'_> {
    /// Whether the word may still continue: nothing follows it.
    pub(super) fn is_open(&self) -> bool {
        self.last
    }

    fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The words of a line from a byte offset. After a trailing space there is an empty word.
pub(super) fn tokens(line: &str, from: usize) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        at += line[at..].len() - line[at..].trim_start().len();
        let rest = &line[at..];
        let end = match rest.strip_prefix('"') {
            Some(inside) => closing(inside).map_or(rest.len(), |end| end + 2),
            None => rest.find(char::is_whitespace).unwrap_or(rest.len()),
        };
        found.push(Token { start: at, text: &rest[..end], last: end == rest.len() });
        if end == rest.len() {
            return found;
        }
        at += end;
    }
}

/// The parts of a typed line, in order.
pub fn parts(line: &str, names: &Names) -> Vec<(Range<usize>, Part)> {
    match line.strip_prefix(':') {
        None => return Vec::new(),
        Some(rest) if rest.starts_with(':') => return vec![(0..1, Part::Escape)],
        Some(_) => (),
    }
    let tokens = tokens(line, 1);
    let (name, words) = (tokens[0], &tokens[1..]);
    let spec = find(name.text);
    // A name being typed is wrong only if no command starts with it.
    let begun = name.last && COMMANDS.iter().any(|spec| spec.name.starts_with(name.text));
    let kind = match spec {
        Err(Error::UnknownCommand(..)) if !begun && names.may_be_address(name.text) => return Vec::new(),
        Err(_) if !begun => Part::Unknown,
        _ => Part::Command,
    };
    let mut found = vec![(0..name.range().end, kind)];
    let Ok(spec) = spec else { return found };
    let mut before = Vec::new();
    for word in words {
        let next = follow(spec.args(), &before);
        let is_text = |next: &Expected| match next {
            Expected::Word(slot, _) => slot.what == "TEXT",
            Expected::Text => true,
            Expected::End => false,
        };
        if word.text.starts_with('"') {
            found.push((word.range(), Part::Quoted));
        } else if next.iter().any(|next| is_word(next, word.text)) {
            found.push((word.range(), Part::Keyword));
        }
        if word.text.starts_with('"') || next.iter().any(is_text) {
            escapes(word, &mut found);
        }
        before.push(word.text);
    }
    found
}

/// Whether a word is a keyword in its position.
fn is_word(next: &Expected, word: &str) -> bool {
    let Expected::Word(slot, _) = next else { return false };
    slot.choices().any(|choice| match choice {
        "TYPE" => NumberType::named(word).is_some(),
        choice => !is_kind(choice) && choice == word,
    })
}

fn escapes(word: &Token<'_>, found: &mut Vec<(Range<usize>, Part)>) {
    let mut at = 0;
    while let Some(next) = word.text[at..].find('\\') {
        let start = at + next;
        let behind = &word.text[start + 1..];
        let (len, part) = match escape(behind) {
            Some((_, rest)) => (1 + behind.len() - rest.len(), Part::Escape),
            None => (1, Part::Wrong),
        };
        found.push((word.start + start..word.start + start + len, part));
        at = start + len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<(&str, Part)> {
        let names = Names { regions: vec!["input".to_owned()], ..Names::default() };
        parts(line, &names).into_iter().map(|(range, part)| (&line[range], part)).collect()
    }

    #[test]
    fn the_parts_of_a_line_are_told() {
        assert_eq!(told("any text \\n"), []);
        assert_eq!(told("::x"), [(":", Part::Escape)]);
        assert_eq!(told(":pee"), [(":pee", Part::Command)]);
        assert_eq!(told(":pek"), [(":pek", Part::Unknown)]);
        assert_eq!(told(":re"), [(":re", Part::Command)], "it may become one");
        assert_eq!(told(":re "), [(":re", Part::Unknown)]);
        assert_eq!(told(":peek u8 1"), [(":peek", Part::Command), ("u8", Part::Keyword)]);
        assert_eq!(told(":send hex 00"), [(":send", Part::Command), ("hex", Part::Keyword)]);
        assert_eq!(told(":send a\\n\\q"), [(":send", Part::Command), ("\\n", Part::Escape), ("\\", Part::Wrong)]);
        assert_eq!(
            told(":expect at 1 text \"a\\x41\""),
            [
                (":expect", Part::Command),
                ("at", Part::Keyword),
                ("text", Part::Keyword),
                ("\"a\\x41\"", Part::Quoted),
                ("\\x41", Part::Escape)
            ]
        );
        assert_eq!(told(":"), [(":", Part::Command)]);
        assert_eq!((told(":0x410"), told(":input+4")), (vec![], vec![]), "an address");
        assert_eq!(told(":output"), [(":output", Part::Unknown)]);
    }
}
