//! The tokens of a recipe line: words, strings, numbers and signs; the lexer and a token reader.

use std::num::IntErrorKind;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Number(u64),
    Sign(&'static str),
}

const SIGNS: [&str; 16] = ["==", "!=", "<", ">", "=", "(", ")", "[", "]", ",", "+", "-", "*", "?", "@", "."];

/// Splits a line into tokens, up to a comment, which begins with `#`.
pub(super) fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '#' => break,
            '"' => {
                let (text, length) = quoted(rest)?;
                tokens.push(Token::Quoted(text));
                length
            }
            '0'..='9' => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                tokens.push(Token::Number(number(&rest[..length])?));
                length
            }
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                tokens.push(Token::Word(rest[..length].to_owned()));
                length
            }
            c => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = *sign.ok_or_else(|| {
                    let hint = match c {
                        '\'' => ": put text in double quotes",
                        ':' => ": the first line of a section, such as `each line`, has no colon",
                        '/' | '%' | '&' | '|' => ": a recipe can only add and subtract",
                        _ => "",
                    };
                    format!("unexpected character `{c}`{hint}")
                })?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
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

/// A quoted string at the start of `rest`, with the escapes `\"`, `\\`, `\n` and `\0`.
fn quoted(rest: &str) -> Result<(String, usize), String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Ok((text, place + 1)),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, '0')) => text.push('\0'),
                Some((_, c @ ('"' | '\\'))) => text.push(c),
                _ => return Err("unknown escape in quotes; expected \\n, \\0, \\\" or \\\\".to_owned()),
            },
            c => text.push(c),
        }
    }
    Err("missing closing quote".to_owned())
}

/// Reads a line's tokens from left to right.
pub(super) struct Reader<'a> {
    pub(super) tokens: &'a [Token],
    /// The index of the next token.
    pub(super) place: usize,
    /// The nesting depth of values.
    pub(super) depth: usize,
}

/// A parsed item, or an error message.
pub(super) type Parsed<T> = Result<T, String>;

impl<'a> Reader<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Reader<'a> {
        Reader { tokens, place: 0, depth: 0 }
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
            Some(Token::Quoted(text)) => format!(", found \"{text}\""),
            Some(Token::Number(n)) => format!(", found {n}"),
            Some(Token::Sign(sign)) => format!(", found `{sign}`"),
        }
    }
}
