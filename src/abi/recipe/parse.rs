//! Reading a recipe's text.

use std::fmt;

use super::{
    Action, Comparison, Condition, Encoding, Expr, Handler, Length, Message, Part, Recipe, Span, Statement, Width,
};

/// What is wrong with a recipe's text, and in which of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub at: usize,
    /// What is wrong.
    pub words: String,
}

/// The deepest that calls and brackets may nest.
const DEEPEST: usize = 32;

/// Reads a recipe.
///
/// # Errors
/// The first line that is not one of a recipe.
pub fn parse(text: &str) -> Result<Recipe, ParseError> {
    let mut recipe = Recipe::default();
    let mut section = Section::Head;
    for (at, line) in (1..).zip(text.lines()) {
        if section == Section::Head && prose(line, &mut recipe) {
            continue;
        }
        let tokens = tokens(line).map_err(|words| ParseError { at, words })?;
        if tokens.is_empty() {
            continue;
        }
        let mut reader = Reader { tokens: &tokens, place: 0, depth: 0 };
        reader.line(at, &mut recipe, &mut section).map_err(|words| ParseError { at, words })?;
    }
    match recipe.line.is_empty() {
        true => Err(ParseError { at: text.lines().count(), words: "there is no section `each line`".to_owned() }),
        false => Ok(recipe),
    }
}

/// Reads bytes in memory, as they stand in braces between words: `utf8 n at p`.
///
/// # Errors
/// What is wrong with it.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, place: 0, depth: 0 };
    let span = reader.span()?;
    reader.end().map(|()| span)
}

/// Takes a line of the head that is plain prose: the recipe's name, or what it is about.
fn prose(line: &str, recipe: &mut Recipe) -> bool {
    match line.trim().split_once(char::is_whitespace) {
        Some(("name", rest)) => recipe.name = rest.trim().to_owned(),
        Some(("about", rest)) => recipe.about = rest.trim().to_owned(),
        _ => return false,
    }
    true
}

/// Which part of the recipe the lines belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Head,
    Once,
    Line,
    Finally,
    Handler,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Quoted(String),
    Number(i64),
    Sign(&'static str),
}

const SIGNS: [&str; 16] = ["==", "!=", "<", ">", "=", "(", ")", "[", "]", ",", "+", "-", "*", "?", "@", "."];

/// Cuts a line into tokens, up to a comment, which begins with `#`.
fn tokens(line: &str) -> Result<Vec<Token>, String> {
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
                        '\'' => ": texts stand in double quotes",
                        ':' => ": sections stand alone, as `each line`, without a colon",
                        '/' | '%' | '&' | '|' => ": there are sums and differences only",
                        _ => "",
                    };
                    format!("`{c}` means nothing in a recipe{hint}")
                })?;
                tokens.push(Token::Sign(sign));
                sign.len()
            }
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn number(text: &str) -> Result<i64, String> {
    let digits = text.replace('_', "");
    let parsed = match digits.strip_prefix("0x") {
        Some(hex) => i64::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    parsed.map_err(|_| format!("`{text}` is no number"))
}

/// A text in quotes at the beginning of `rest`, in which `\"`, `\\`, `\n`, `\0` stand for what they do elsewhere.
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
                _ => return Err("a backslash in quotes stands before n, 0, \" or another backslash".to_owned()),
            },
            c => text.push(c),
        }
    }
    Err("a quote is not closed".to_owned())
}

struct Reader<'a> {
    tokens: &'a [Token],
    place: usize,
    depth: usize,
}

type Parsed<T> = Result<T, String>;

impl Reader<'_> {
    fn line(&mut self, at: usize, recipe: &mut Recipe, section: &mut Section) -> Parsed<()> {
        if let Some(next) = self.section(at, recipe)? {
            *section = next;
            return self.end();
        }
        if *section == Section::Head {
            return self.head(recipe);
        }
        let statement = self.statement(at)?;
        self.end()?;
        let body = match section {
            Section::Once => &mut recipe.once,
            Section::Line => &mut recipe.line,
            Section::Finally => &mut recipe.finally,
            Section::Handler | Section::Head => match recipe.handlers.last_mut() {
                Some(handler) => &mut handler.body,
                None => return Err("a statement stands before any section".to_owned()),
            },
        };
        body.push(statement);
        Ok(())
    }

    /// The beginning of a section, if that is what the line is.
    fn section(&mut self, at: usize, recipe: &mut Recipe) -> Parsed<Option<Section>> {
        match self.tokens {
            [Token::Word(word)] if word == "once" => self.place = 1,
            [Token::Word(word)] if word == "finally" => self.place = 1,
            [Token::Word(each), Token::Word(line)] if each == "each" && line == "line" => self.place = 2,
            [Token::Word(on), _, Token::Sign("."), ..] if on == "on" => {
                self.place = 1;
                let handler = self.handler(at)?;
                recipe.handlers.push(handler);
                return Ok(Some(Section::Handler));
            }
            _ => return Ok(None),
        }
        Ok(Some(match &self.tokens[0] {
            Token::Word(word) if word == "once" => Section::Once,
            Token::Word(word) if word == "finally" => Section::Finally,
            _ => Section::Line,
        }))
    }

    fn handler(&mut self, at: usize) -> Parsed<Handler> {
        let module = self.name("the import's module")?;
        self.sign(".")?;
        let name = self.name("the import's name")?;
        self.sign("(")?;
        let mut params = Vec::new();
        while !self.takes(")") {
            if !params.is_empty() {
                self.sign(",")?;
            }
            params.push(self.name("a name for an argument")?);
        }
        Ok(Handler { at, module, name, params, body: Vec::new() })
    }

    fn head(&mut self, recipe: &mut Recipe) -> Parsed<()> {
        if self.takes_word("text") {
            let word = self.name("bytes, utf8, utf16 or hex")?;
            recipe.encoding = encoding(&word).ok_or("`text` is followed by bytes, utf8, utf16 or hex")?;
        } else if self.takes_word("host") {
            match self.name("wasi or stubs")?.as_str() {
                "wasi" => recipe.wasi = true,
                "stubs" => recipe.stubs = true,
                other => return Err(format!("`host` is followed by wasi or stubs, and `{other}` is neither")),
            }
        } else if self.takes_word("instance") {
            self.words(&["fresh"])?;
            recipe.fresh = true;
        } else if self.takes_word("memory") {
            recipe.memory = Some(self.name("the memory's name")?);
        } else {
            return Err(HEAD.to_owned());
        }
        self.end()
    }

    fn statement(&mut self, at: usize) -> Parsed<Statement> {
        let transform = self.takes("*");
        let action = self.action()?;
        let condition = if self.takes_word("if") { Some(self.condition()?) } else { None };
        Ok(Statement { at, transform, action, condition })
    }

    fn action(&mut self) -> Parsed<Action> {
        let word = match self.tokens.get(self.place) {
            Some(Token::Word(word)) => word.as_str(),
            Some(Token::Sign("(")) => return self.several(),
            _ => "",
        };
        // A word before `(`, `=` or `[` is a name, whatever it means elsewhere.
        let is_name = matches!(self.tokens.get(self.place + 1), Some(Token::Sign("(" | "=" | "[")));
        if is_name {
            return self.assignment();
        }
        self.place += 1;
        match word {
            "write" => self.write(),
            "read" => Ok(Action::Read(self.span()?)),
            "append" => match self.message()? {
                Message::Answer => Err("`append` adds to the answer: a span, or words in quotes".to_owned()),
                message => Ok(Action::Append(message)),
            },
            "answer" => self.answer(),
            "fail" => Ok(Action::Fail(self.message()?)),
            "say" => Ok(Action::Say(self.message()?)),
            "stop" => Ok(Action::Stop),
            "return" => self.results(),
            "grow" if self.takes_word("to") => Ok(Action::GrowTo(self.expr()?)),
            "grow" => Ok(Action::Grow(self.expr()?)),
            _ => {
                self.place -= 1;
                self.assignment()
            }
        }
    }

    /// `(a, b) = f(..)`
    fn several(&mut self) -> Parsed<Action> {
        self.sign("(")?;
        let mut names = vec![self.name("a name for a result")?];
        while self.takes(",") {
            names.push(self.name("a name for a result")?);
        }
        self.sign(")")?;
        self.sign("=")?;
        Ok(Action::Let(names, self.expr()?))
    }

    /// `x = e`, `u32[p] = e`, or a call alone.
    fn assignment(&mut self) -> Parsed<Action> {
        let left = self.expr()?;
        if !self.takes("=") {
            return match left {
                Expr::Call { .. } => Ok(Action::Let(Vec::new(), left)),
                _ => Err(format!("this does nothing; {STATEMENT}")),
            };
        }
        let right = self.expr()?;
        match left {
            Expr::Name(name) if matches!(name.as_str(), "n" | "units") => {
                Err(format!("`{name}` is the line's length, and cannot be set"))
            }
            Expr::Name(name) => Ok(Action::Let(vec![name], right)),
            Expr::Load(width, at) => Ok(Action::Store(width, *at, right)),
            _ => Err("only a name, or a place such as u32[p], can be set".to_owned()),
        }
    }

    fn write(&mut self) -> Parsed<Action> {
        let mut parts = Vec::new();
        if !self.next_is_word("at") {
            parts.push(self.part()?);
            while self.takes(",") {
                parts.push(self.part()?);
            }
        } else {
            parts.push(Part::Line);
        }
        self.words(&["at"])?;
        let at = self.expr()?;
        let within = if self.takes_word("within") { Some(self.expr()?) } else { None };
        Ok(Action::Write { parts, at, within })
    }

    /// `the line`, `stdout`, words, or bytes as `read` has them.
    fn answer(&mut self) -> Parsed<Action> {
        if let Some(Token::Quoted(words)) = self.tokens.get(self.place) {
            self.place += 1;
            return Ok(Action::Answer(words.clone()));
        }
        if self.takes_word("stdout") {
            return Ok(Action::AnswerStdout);
        }
        if !self.takes_word("the") {
            return Err(
                "`answer` is followed by `the line`, `stdout`, or words in quotes; bytes are for `read`".to_owned()
            );
        }
        self.words(&["line"])?;
        Ok(Action::AnswerLine)
    }

    /// What a host function returns: one value, or several.
    fn results(&mut self) -> Parsed<Action> {
        let mut results = vec![self.expr()?];
        while self.takes(",") {
            results.push(self.expr()?);
        }
        Ok(Action::Return(results))
    }

    fn part(&mut self) -> Parsed<Part> {
        let part = match self.tokens.get(self.place) {
            Some(Token::Word(word)) if word == "line" || word == "text" => Part::Line,
            Some(Token::Quoted(text)) => Part::Text(text.clone()),
            Some(Token::Number(n)) => Part::Byte(u8::try_from(*n).map_err(|_| format!("{n} is no byte"))?),
            Some(Token::Word(word)) if width(word).is_some() => {
                self.place += 1;
                return Ok(Part::Number(width(word).unwrap_or(Width::U8), self.expr()?));
            }
            _ => {
                return Err("what is written is `line`, a byte such as 0, a text in quotes, or a number such as u16 n"
                    .to_owned());
            }
        };
        self.place += 1;
        Ok(part)
    }

    /// `n at p`, `until 0 at p`, `to e at p`, with an encoding before it or not.
    fn span(&mut self) -> Parsed<Span> {
        let word = match self.tokens.get(self.place) {
            Some(Token::Word(word)) => encoding(word),
            _ => None,
        };
        self.place += usize::from(word.is_some());
        let len = if self.takes_word("until") {
            match self.expr()? {
                Expr::Number(0) => Length::UntilZero,
                _ => return Err("`until` is followed by 0".to_owned()),
            }
        } else if self.takes_word("to") {
            Length::To(self.expr()?)
        } else {
            Length::Bytes(self.expr()?)
        };
        self.words(&["at"])?;
        Ok(Span { encoding: word, len, at: self.expr()? })
    }

    fn message(&mut self) -> Parsed<Message> {
        if let Some(Token::Quoted(words)) = self.tokens.get(self.place) {
            self.place += 1;
            return Ok(Message::Words(words.clone()));
        }
        if self.takes_word("the") {
            self.words(&["answer"])?;
            return Ok(Message::Answer);
        }
        Ok(Message::Span(self.span()?))
    }

    fn condition(&mut self) -> Parsed<Condition> {
        let left = self.expr()?;
        let comparisons = [Comparison::Equal, Comparison::NotEqual, Comparison::Less, Comparison::Greater];
        let comparison = comparisons.into_iter().find(|comparison| self.takes(comparison.sign()));
        let comparison = comparison.ok_or("a condition compares with ==, !=, < or >")?;
        Ok(Condition { left, comparison, right: self.expr()? })
    }

    fn expr(&mut self) -> Parsed<Expr> {
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
        Err("this sum is too long".to_owned())
    }

    fn term(&mut self) -> Parsed<Expr> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("this nests too deep".to_owned());
        }
        let term = self.operand();
        self.depth -= 1;
        term
    }

    fn operand(&mut self) -> Parsed<Expr> {
        let token = self.tokens.get(self.place).cloned();
        self.place += 1;
        match token {
            Some(Token::Number(n)) => Ok(Expr::Number(n)),
            Some(Token::Sign("-")) => match self.term()? {
                Expr::Number(n) => Ok(Expr::Number(-n)),
                _ => Err("only a number can be negative".to_owned()),
            },
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
            Some(Token::Word(word)) if self.takes("[") => {
                let width = width(&word).ok_or_else(|| format!("`{word}[` is not one of u8[ u16[ u32[ u64["))?;
                let at = self.expr()?;
                self.sign("]")?;
                Ok(Expr::Load(width, Box::new(at)))
            }
            Some(Token::Word(word)) => Ok(Expr::Name(word)),
            Some(Token::Sign(sign)) => Err(format!("a value cannot begin with `{sign}`; {STATEMENT}")),
            None => Err("the line ends where a value should stand".to_owned()),
        }
    }

    /// What stands behind `word(`.
    fn call(&mut self, word: String) -> Parsed<Expr> {
        match word.as_str() {
            "lo" | "hi" => {
                let inner = Box::new(self.expr()?);
                self.sign(")")?;
                Ok(if word == "lo" { Expr::Low(inner) } else { Expr::High(inner) })
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

    /// A name: a word, or anything in quotes.
    fn name(&mut self, what: &str) -> Parsed<String> {
        let name = match self.tokens.get(self.place) {
            Some(Token::Word(name) | Token::Quoted(name)) => name.clone(),
            _ => return Err(format!("expected {what}")),
        };
        self.place += 1;
        Ok(name)
    }

    fn sign(&mut self, sign: &str) -> Parsed<()> {
        if self.takes(sign) { Ok(()) } else { Err(format!("expected `{sign}`{}", self.found())) }
    }

    fn words(&mut self, words: &[&str]) -> Parsed<()> {
        for word in words {
            if !self.takes_word(word) {
                return Err(format!("expected `{word}`{}", self.found()));
            }
        }
        Ok(())
    }

    fn takes(&mut self, sign: &str) -> bool {
        let taken = matches!(self.tokens.get(self.place), Some(Token::Sign(found)) if *found == sign);
        self.place += usize::from(taken);
        taken
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let taken = self.next_is_word(word);
        self.place += usize::from(taken);
        taken
    }

    fn next_is_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.place), Some(Token::Word(found)) if found == word)
    }

    fn end(&mut self) -> Parsed<()> {
        match self.tokens.get(self.place) {
            None => Ok(()),
            Some(Token::Sign("*")) => {
                Err("the line should end here, found `*`: there are sums and differences only".to_owned())
            }
            Some(_) => Err(format!("the line should end here{}; a comment begins with #", self.found())),
        }
    }

    fn found(&self) -> String {
        match self.tokens.get(self.place) {
            None => ", but the line ends".to_owned(),
            Some(Token::Word(word)) => format!(", found `{word}`"),
            Some(Token::Quoted(text)) => format!(", found \"{text}\""),
            Some(Token::Number(n)) => format!(", found {n}"),
            Some(Token::Sign(sign)) => format!(", found `{sign}`"),
        }
    }
}

const HEAD: &str = "before the first section stand name, about, text, memory, host or instance; sections are once, each line, finally, on MODULE.NAME(..)";
const STATEMENT: &str = "a line is x = .., f(..), write, read, append, answer, fail, say, stop, return or grow";

fn width(word: &str) -> Option<Width> {
    [Width::U8, Width::U16, Width::U32, Width::U64].into_iter().find(|width| width.word() == word)
}

fn encoding(word: &str) -> Option<Encoding> {
    [Encoding::Bytes, Encoding::Utf8, Encoding::Utf16, Encoding::Hex]
        .into_iter()
        .find(|encoding| encoding.word() == word)
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.at, self.words)
    }
}

impl std::error::Error for ParseError {}
