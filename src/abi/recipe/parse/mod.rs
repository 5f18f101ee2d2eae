//! Parsing a recipe: its head, sections and statements.

mod format;
mod tokens;
mod values;

use super::{Action, Expr, Handler, Message, Part, Recipe, RecipeError, Span, Statement};
pub use format::format;
pub(super) use tokens::is_word;

use tokens::{Misplaced, Parsed, Reader, Token, Tokens, tokens, unseen};
use values::{LEB, encoding, width};

/// Parses a recipe.
///
/// # Errors
/// The first line that is not valid.
pub fn parse(text: &str) -> Result<Recipe, RecipeError> {
    parse_all(text).map_err(|mut errors| errors.swap_remove(0))
}

/// Parses a recipe.
///
/// # Errors
/// All lines that are not valid; at least one.
pub fn parse_all(text: &str) -> Result<Recipe, Vec<RecipeError>> {
    let mut recipe = Recipe::default();
    let mut section = Section::Head;
    let mut errors: Vec<RecipeError> = Vec::new();
    for (at, line) in (1..).zip(text.lines()) {
        if let Err(Misplaced { words, place }) = parse_line(at, line, &mut recipe, &mut section) {
            // If the first line of a section is misspelled, all statements seem to be in the head.
            if words != HEAD || errors.iter().all(|error| error.words != HEAD) {
                errors.push(RecipeError { at, words, place: Some(place) });
            }
        }
    }
    if errors.is_empty() && recipe.line.is_empty() {
        let words = "missing section `each line`".to_owned();
        errors.push(RecipeError { at: text.lines().count(), words, place: None });
    }
    if errors.is_empty() { Ok(recipe) } else { Err(errors) }
}

fn parse_line(at: usize, line: &str, recipe: &mut Recipe, section: &mut Section) -> Result<(), Misplaced> {
    if let Some(misplaced) = unseen(line) {
        return Err(misplaced);
    }
    if *section == Section::Head && prose(line, recipe) {
        return Ok(());
    }
    let Tokens { tokens, places, comment } = tokens(line)?;
    if tokens.is_empty() {
        return Ok(());
    }
    let mut reader = Reader::new(&tokens);
    let parsed = reader.line(at, recipe, section);
    parsed.map_err(|words| {
        let end = line[..comment.unwrap_or(line.len())].trim_end().len();
        let place = places.get(reader.blamed.unwrap_or(reader.place));
        Misplaced { words, place: place.cloned().unwrap_or(end..end + 1) }
    })
}

/// Where the comment of a line begins.
pub(super) fn comment(line: &str) -> Option<usize> {
    tokens(line).ok()?.comment
}

/// Parses a span as it appears in braces in text: `utf8 n at p`.
///
/// # Errors
/// Why the span is not valid.
pub(super) fn span(text: &str) -> Result<Span, String> {
    let tokens = tokens(text).map_err(|error| error.words)?;
    let mut reader = Reader::new(&tokens.tokens);
    let span = reader.span()?;
    reader.end().map(|()| span)
}

/// Parses a line of the head that is free text: the name or the description.
fn prose(line: &str, recipe: &mut Recipe) -> bool {
    match line.trim().split_once(char::is_whitespace) {
        Some(("name", rest)) => recipe.name = rest.trim().to_owned(),
        Some(("about", rest)) => recipe.about = rest.trim().to_owned(),
        _ => return false,
    }
    true
}

/// The section that the lines belong to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Section {
    Head,
    Once,
    Line,
    Finally,
    Handler,
}

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
                None => return Err("a statement before the first section".to_owned()),
            },
        };
        body.push(statement);
        Ok(())
    }

    /// Parses the start of a section, if the line is one.
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
            params.push(self.value_name("a name for an argument")?);
        }
        Ok(Handler { at, module, name, params, body: Vec::new() })
    }

    fn head(&mut self, recipe: &mut Recipe) -> Parsed<()> {
        if self.takes_word("text") {
            let word = self.name("bytes, utf8, utf16 or hex")?;
            recipe.encoding = match encoding(&word) {
                Some(encoding) if encoding != super::Encoding::Latin1 => encoding,
                _ => return self.blame(1, "expected bytes, utf8, utf16 or hex after `text`"),
            };
        } else if self.takes_word("host") {
            match self.name("wasi or stubs")?.as_str() {
                "wasi" => recipe.wasi = true,
                "stubs" => recipe.stubs = true,
                other => return self.blame(1, format!("expected wasi or stubs after `host`, found `{other}`")),
            }
        } else if self.takes_word("stdin") {
            self.words(&["exact"])?;
            recipe.exact_stdin = true;
        } else if self.takes_word("instance") {
            self.words(&["fresh"])?;
            recipe.fresh = true;
        } else if self.takes_word("split") {
            let separator = self.name("tab, or text in quotes")?;
            recipe.split = Some(if separator == TAB { "\t".to_owned() } else { separator });
            if recipe.split.as_deref() == Some("") {
                return Err("the separator is empty".to_owned());
            }
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
        let next = self.tokens.get(self.place + 1);
        // Before `=`, any word is a name.
        if !KEYWORDS.contains(&word) || matches!(next, Some(Token::Sign("="))) {
            return self.assignment();
        }
        let start = self.place;
        self.place += 1;
        let action = self.keyword(word);
        if !matches!(next, Some(Token::Sign("("))) || (action.is_ok() && self.is_over()) {
            return action;
        }
        // `write(p, n)`: if it does not parse as such a statement, it is a call.
        self.place = start;
        self.blamed = None;
        match self.assignment() {
            Ok(call) if self.is_over() => Ok(call),
            _ => {
                let words = action.err().unwrap_or_else(|| format!("expected the end of the line{}", self.found()));
                let advice = format!("to call an export named `{word}`, write its name in quotes: \"{word}\"(..)");
                self.blame(start, format!("{words}; {advice}"))
            }
        }
    }

    /// Whether the statement ends here, apart from a condition.
    fn is_over(&self) -> bool {
        self.tokens.len() == self.place || self.next_is_word("if")
    }

    /// Parses the rest of a statement that begins with one of [`KEYWORDS`].
    fn keyword(&mut self, word: &str) -> Parsed<Action> {
        match word {
            "write" => self.write(),
            "read" => Ok(Action::Read(self.span()?)),
            "append" => match self.message()? {
                Message::Answer => self.blame(self.place - 1, "`append` takes bytes (n at p) or text in quotes"),
                message => Ok(Action::Append(message)),
            },
            "answer" => self.answer(),
            "fail" => Ok(Action::Fail(self.message()?)),
            "say" => Ok(Action::Say(self.message()?)),
            "return" => self.results(),
            "grow" if self.takes_word("to") => Ok(Action::GrowTo(self.expr()?)),
            "grow" => Ok(Action::Grow(self.expr()?)),
            _ => Ok(Action::Stop),
        }
    }

    /// `(a, b) = f(..)`
    fn several(&mut self) -> Parsed<Action> {
        self.sign("(")?;
        let mut names = vec![self.value_name("a name for a result")?];
        while self.takes(",") {
            names.push(self.value_name("a name for a result")?);
        }
        self.sign(")")?;
        self.sign("=")?;
        Ok(Action::Let(names, self.expr()?))
    }

    /// `x = e`, `u32[p] = e`, or a call.
    fn assignment(&mut self) -> Parsed<Action> {
        let start = self.place;
        let left = self.expr()?;
        if !self.takes("=") {
            return match left {
                Expr::Call { .. } => Ok(Action::Let(Vec::new(), left)),
                _ => self.blame(start, format!("this is not a statement; {STATEMENT}")),
            };
        }
        let right = self.expr()?;
        match left {
            Expr::Name(name) => Ok(Action::Let(vec![self.settable(start, name)?], right)),
            Expr::Load(width, at) => Ok(Action::Store(width, *at, right)),
            Expr::Leb(at) => Ok(Action::Write { parts: vec![Part::Leb(right)], at: *at, within: None }),
            _ => self.blame(start, "only a name, or memory such as u32[p], can be assigned to"),
        }
    }

    /// A name that can be assigned to, which is the token with that index.
    fn settable(&mut self, token: usize, name: String) -> Parsed<String> {
        match name.as_str() {
            "n" | "units" => self.blame(token, format!("`{name}` is the line's length; choose another name")),
            _ => Ok(name),
        }
    }

    /// A name for a value: a word.
    fn value_name(&mut self, what: &str) -> Parsed<String> {
        match self.tokens.get(self.place) {
            Some(Token::Word(name)) => {
                self.place += 1;
                self.settable(self.place - 1, name.clone())
            }
            _ => Err(format!("expected {what}{}", self.found())),
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

    /// `the line`, `stdout`, text, or a span as in `read`.
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
                "expected `the line`, `stdout` or text in quotes after `answer`; for bytes in memory, use `read`"
                    .to_owned(),
            );
        }
        self.words(&["line"])?;
        Ok(Action::AnswerLine)
    }

    /// The results of a host function: one value or several.
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
            Some(Token::Word(word)) if numbered(word, "line").is_some() => {
                Part::OfLine(numbered(word, "line").unwrap_or(1))
            }
            Some(Token::Quoted(text)) => Part::Text(text.clone()),
            Some(Token::Number(n)) => Part::Byte(u8::try_from(*n).map_err(|_| format!("{n} does not fit in a byte"))?),
            Some(Token::Word(word)) if is_number(word) => {
                self.place += 1;
                let value = self.expr()?;
                return Ok(width(word).map_or(Part::Leb(value.clone()), |width| Part::Number(width, value)));
            }
            _ => {
                return Err(
                    "expected `line`, a byte such as 0, text in quotes, or a number such as u16 n or leb n".to_owned()
                );
            }
        };
        self.place += 1;
        Ok(part)
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
}

/// Keywords that begin a statement other than an assignment or a call.
pub(super) const KEYWORDS: [&str; 9] = ["write", "read", "append", "answer", "fail", "say", "stop", "return", "grow"];

const HEAD: &str = "before the first section, expected name, about, text, split, memory, host, stdin or instance; the sections are once, each line, finally and on MODULE.NAME(..)";
const STATEMENT: &str = "a statement is x = .., f(..), write, read, append, answer, fail, say, stop, return or grow";

/// The word for a tab as a separator.
pub(super) const TAB: &str = "tab";

/// The number at the end of a word such as `line2`: one digit, from 1.
pub(super) fn numbered(word: &str, start: &str) -> Option<usize> {
    word.strip_prefix(start).filter(|digit| digit.len() == 1)?.parse().ok().filter(|&number| number > 0)
}

/// Whether a word is the type of a number in memory, such as `u8`.
pub(super) fn is_number(word: &str) -> bool {
    word == LEB || width(word).is_some()
}
