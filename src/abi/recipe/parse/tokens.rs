//! The tokens of a recipe line: words, strings, numbers and signs; the lexer and a token reader.

use std::num::IntErrorKind;
use std::ops::Range;

use crate::abi::recipe::quotes::{in_quotes, is_unseen};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Number(u64),
    Sign(&'static str),
}

const SIGNS: [&str; 16] = ["==", "!=", "<", ">", "=", "(", ")", "[", "]", ",", "+", "-", "*", "?", "@", "."];

/// The tokens of a line.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Where each token is in the line, in bytes.
    pub(super) places: Vec<Range<usize>>,
    /// Where the comment begins.
    pub(super) comment: Option<usize>,
}

/// An error, and where it is in the line.
pub(super) struct Misplaced {
    pub(super) words: String,
    pub(super) place: Range<usize>,
}

/// Splits a line into tokens, up to a comment, which begins with `#`.
pub(super) fn tokens(line: &str) -> Result<Tokens, Misplaced> {
    let mut found = Tokens::default();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let start = line.len() - rest.len();
        if first == '#' {
            found.comment = Some(start);
            break;
        }
        let length = length(rest, first);
        let place = start..start + length;
        let token = token(&rest[..length], first).map_err(|words| Misplaced { words, place: place.clone() })?;
        found.tokens.push(token);
        found.places.push(place);
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

/// How many bytes the token has that begins `rest` with the character `first`. An unknown character is one token.
fn length(rest: &str, first: char) -> usize {
    let until = |is_outside: fn(char) -> bool| rest.find(is_outside).unwrap_or(rest.len());
    match first {
        '"' => quoted_length(rest),
        '0'..='9' => until(|c| !c.is_ascii_alphanumeric() && c != '_'),
        c if is_word(c) => until(|c| !is_word(c)),
        c => SIGNS.iter().find(|sign| rest.starts_with(**sign)).map_or(c.len_utf8(), |sign| sign.len()),
    }
}

/// The length of a quoted string with its quotes; if the closing one is missing, that of the rest of the line.
fn quoted_length(rest: &str) -> usize {
    let mut is_escaped = false;
    for (place, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !is_escaped => return place + 1,
            c => is_escaped = c == '\\' && !is_escaped,
        }
    }
    rest.len()
}

/// The token with this text, which begins with the character `first`.
fn token(text: &str, first: char) -> Result<Token, String> {
    Ok(match first {
        '"' => Token::Quoted(quoted(text)?),
        '0'..='9' => Token::Number(number(text)?),
        c if is_word(c) => Token::Word(text.to_owned()),
        c => {
            let hint = match c {
                '\'' => ": put text in double quotes",
                ':' => ": the first line of a section, such as `each line`, has no colon",
                '/' | '%' | '&' | '|' => ": a recipe can only add and subtract",
                _ => "",
            };
            let sign = SIGNS.iter().find(|sign| **sign == text);
            Token::Sign(sign.ok_or_else(|| format!("unexpected character `{c}`{hint}"))?)
        }
    })
}

pub(in crate::abi::recipe) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn number(text: &str) -> Result<u64, String> {
    let digits = text.replace('_', "");
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => u64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    parsed.map_err(|error| match error.kind() {
        IntErrorKind::PosOverflow => format!("`{text}` does not fit in 64 bits"),
        _ => format!("`{text}` is not a number"),
    })
}

/// The first character of a line that has to be written as an escape.
pub(super) fn unseen(line: &str) -> Option<Misplaced> {
    let (at, c) = line.char_indices().find(|&(_, c)| is_unseen(c) && c != '\t')?;
    let code = u32::from(c);
    let words = format!("the character U+{code:04X} cannot be seen; in quotes, \\u{{{code:x}}} stands for it");
    Some(Misplaced { words, place: at..at + c.len_utf8() })
}

/// The text in a quoted string, which has the escapes `\"`, `\\`, `\n`, `\0` and `\u{1b}`.
fn quoted(rest: &str) -> Result<String, String> {
    let mut text = String::new();
    let mut chars = rest.chars().skip(1);
    while let Some(c) = chars.next() {
        match c {
            '"' => return Ok(text),
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('0') => text.push('\0'),
                Some(c @ ('"' | '\\')) => text.push(c),
                Some('u') => text.push(code_point(&mut chars).ok_or(UNKNOWN)?),
                _ => return Err(UNKNOWN.to_owned()),
            },
            c => text.push(c),
        }
    }
    Err("missing closing quote".to_owned())
}

const UNKNOWN: &str = "unknown escape in quotes; expected \\n, \\0, \\\", \\\\ or one such as \\u{1b}";

/// The character that `{1b}` names.
fn code_point(chars: &mut impl Iterator<Item = char>) -> Option<char> {
    chars.next().filter(|&c| c == '{')?;
    let digits: String = chars.take_while(|&c| c != '}').collect();
    let is_code = !digits.is_empty() && digits.len() <= 6 && digits.chars().all(|c| c.is_ascii_hexdigit());
    char::from_u32(u32::from_str_radix(&digits, 16).ok().filter(|_| is_code)?)
}

/// Reads a line's tokens from left to right.
pub(super) struct Reader<'a> {
    pub(super) tokens: &'a [Token],
    /// The index of the next token.
    pub(super) place: usize,
    /// The nesting depth of values.
    pub(super) depth: usize,
    /// The index of the token that an error is about, if it is not the next one.
    pub(super) blamed: Option<usize>,
}

/// A parsed item, or an error message.
pub(super) type Parsed<T> = Result<T, String>;

impl<'a> Reader<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Reader<'a> {
        Reader { tokens, place: 0, depth: 0, blamed: None }
    }

    /// The error `words` about the token with that index.
    pub(super) fn blame<T>(&mut self, token: usize, words: impl Into<String>) -> Parsed<T> {
        self.blamed = Some(token);
        Err(words.into())
    }

    /// A name: a word or a quoted string.
    pub(super) fn name(&mut self, what: &str) -> Parsed<String> {
        let name = match self.tokens.get(self.place) {
            Some(Token::Word(name) | Token::Quoted(name)) => name.clone(),
            _ => return Err(format!("expected {what}{}", self.found())),
        };
        self.place += 1;
        Ok(name)
    }

    pub(super) fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { Err(format!("expected `{sign}`{}", self.found())) }
    }

    pub(super) fn words(&mut self, words: &[&str]) -> Parsed<()> {
        for word in words {
            if !self.takes_word(word) {
                return Err(format!("expected `{word}`{}", self.found()));
            }
        }
        Ok(())
    }

    pub(super) fn takes(&mut self, sign: &str) -> bool {
        let taken = matches!(self.tokens.get(self.place), Some(Token::Sign(found)) if *found == sign);
        self.place += usize::from(taken);
        taken
    }

    pub(super) fn takes_word(&mut self, word: &str) -> bool {
        let taken = self.next_is_word(word);
        self.place += usize::from(taken);
        taken
    }

    pub(super) fn next_is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.place), Some(Token::Word(found)) if found == word)
    }

    pub(super) fn end(&mut self) -> Parsed<()> {
        match self.tokens.get(self.place) {
            None => Ok(()),
            Some(Token::Sign("*")) => {
                Err("expected the end of the line, found `*`: a recipe can only add and subtract".to_owned())
            }
            Some(_) => Err(format!("expected the end of the line{}; a comment begins with #", self.found())),
        }
    }

    pub(super) fn found(&self) -> String {
        match self.tokens.get(self.place) {
            None => ", but the line ends".to_owned(),
            Some(Token::Word(word)) => format!(", found `{word}`"),
            Some(Token::Quoted(text)) => format!(", found {}", in_quotes(text)),
            Some(Token::Number(n)) => format!(", found {n}"),
            Some(Token::Sign(sign)) => format!(", found `{sign}`"),
        }
    }
}
