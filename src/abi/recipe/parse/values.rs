//! Parsing values, conditions and spans.

use super::STATEMENT;
use super::tokens::{Parsed, Reader, Token};
use crate::abi::recipe::{Comparison, Condition, Encoding, Expr, Length, Span, Width};

/// The maximum nesting depth of calls and brackets.
const DEEPEST: usize = 32;

impl Reader<'_> {
    pub(super) fn expr(&mut self) -> Parsed<Expr> {
        let mut left = self.term()?;
        for _ in 0..DEEPEST {
            if self.takes("+") {
                left = Expr::Sum(Box::new(left), Box::new(self.term()?));
            } else if self.takes("-") {
                left = Expr::Difference(Box::new(left), Box::new(self.term()?));
            } else {
                return Ok(left);
            }
        }
        Err("the sum is too long".to_owned())
    }

    fn term(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("the expression is nested too deeply".to_owned());
        }
        let term = self.operand();
        self.depth -= 1;
        term
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let start = self.place;
        let token = self.tokens.get(start).cloned();
        self.place += 1;
        match token {
            Some(Token::Number(n)) => Ok(Expr::Number(n.cast_signed())),
            Some(Token::Sign("-")) => self.negative(),
            Some(Token::Sign("@")) => Ok(Expr::Global(self.name("a global's name")?)),
            Some(Token::Sign("(")) => {
                let inner = self.expr()?;
                self.sign(")")?;
                Ok(inner)
            }
            Some(Token::Word(word)) if self.takes("(") => self.call(word),
            Some(Token::Quoted(name)) => {
                self.sign("(")?;
                self.call_export(name)
            }
            Some(Token::Word(word)) if word == "past" && self.next_is_word(LEB) => {
                self.place += 1;
                self.sign("[")?;
                Ok(Expr::PastLeb(self.address()?))
            }
            Some(Token::Word(word)) if self.takes("[") => match width(&word) {
                Some(width) => Ok(Expr::Load(width, self.address()?)),
                None if word == LEB => Ok(Expr::Leb(self.address()?)),
                None => self.blame(start, format!("unknown type `{word}`; expected u8, u16, u32, u64 or leb")),
            },
            Some(Token::Word(word)) => Ok(Expr::Name(word)),
            Some(Token::Sign(sign)) => self.blame(start, format!("expected a value, found `{sign}`; {STATEMENT}")),
            None => Err("expected a value, but the line ends".to_owned()),
        }
    }

    /// Parses an address after `[`, and the closing bracket.
    fn address(&mut self) -> Parsed<Box<Expr>> {
        let at = self.expr()?;
        self.sign("]")?;
        Ok(Box::new(at))
    }

    /// Parses the operand of a minus sign.
    fn negative(&mut self) -> Parsed<Expr> {
        if let Some(&Token::Number(n)) = self.tokens.get(self.place) {
            self.place += 1;
            return match 0_i64.checked_sub_unsigned(n) {
                Some(negative) => Ok(Expr::Number(negative)),
                None => self.blame(self.place - 1, format!("-{n} does not fit in 64 bits")),
            };
        }
        let start = self.place;
        match self.term()? {
            Expr::Number(n) => Ok(Expr::Number(n.wrapping_neg())),
            _ => self.blame(start, "only a number can be negative"),
        }
    }

    /// Parses the rest of a call after `word(`.
    fn call(&mut self, word: String) -> Parsed<Expr> {
        match word.as_str() {
            "lo" | "hi" => {
                let inner = Box::new(self.expr()?);
                self.sign(")")?;
                Ok(if word == "lo" { Expr::Low(inner) } else { Expr::High(inner) })
            }
            "hilo" => {
                let high = Box::new(self.expr()?);
                self.sign(",")?;
                let low = Box::new(self.expr()?);
                self.sign(")")?;
                Ok(Expr::HighLow(high, low))
            }
            _ => self.call_export(word),
        }
    }

    fn call_export(&mut self, export: String) -> Parsed<Expr> {
        let mut args = Vec::new();
        while !self.takes(")") {
            if !args.is_empty() {
                self.sign(",")?;
            }
            args.push(self.expr()?);
        }
        Ok(Expr::Call { export, args, optional: self.takes("?") })
    }

    /// `n at p`, `until 0 at p`, `to e at p`, with an optional encoding first.
    pub(super) fn span(&mut self) -> Parsed<Span> {
        // A word directly before `at` is a length, even if it is a keyword elsewhere.
        let is_name = matches!(self.tokens.get(self.place + 1), Some(Token::Word(at)) if at == "at");
        let word = match self.tokens.get(self.place) {
            Some(Token::Word(word)) if !is_name => encoding(word),
            _ => None,
        };
        self.place += usize::from(word.is_some());
        let is_name = matches!(self.tokens.get(self.place + 1), Some(Token::Word(at)) if at == "at");
        let len = if is_name {
            Length::Bytes(self.expr()?)
        } else if self.takes_word("until") {
            let start = self.place;
            match self.expr()? {
                Expr::Number(0) => Length::UntilZero,
                _ => return self.blame(start, "expected `0` after `until`"),
            }
        } else if self.takes_word("to") {
            Length::To(self.expr()?)
        } else {
            Length::Bytes(self.expr()?)
        };
        self.words(&["at"])?;
        Ok(Span { encoding: word, len, at: self.expr()? })
    }

    pub(super) fn condition(&mut self) -> Parsed<Condition> {
        let left = self.expr()?;
        let comparisons = [Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::Greater];
        let comparison = comparisons.into_iter().find(|comparison| self.takes(comparison.sign()));
        let comparison = comparison.ok_or("expected ==, !=, < or > in the condition")?;
        Ok(Condition { left, comparison, right: self.expr()? })
    }
}

/// The type of a number in LEB128, as WebAssembly and protocol buffers write lengths.
pub(super) const LEB: &str = "leb";

pub(super) fn width(word: &str) -> Option<Width> {
    [Width::U8, Width::U16, Width::U32, Width::U64].into_iter().find(|width| width.word() == word)
}

pub(super) fn encoding(word: &str) -> Option<Encoding> {
    [Encoding::Bytes, Encoding::Utf8, Encoding::Utf16, Encoding::Latin1, Encoding::Hex]
        .into_iter()
        .find(|encoding| encoding.word() == word)
}
