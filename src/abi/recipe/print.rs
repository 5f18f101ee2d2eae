//! Prints a recipe as text, for example one that detection filled in with the guest's names.

use std::fmt::{self, Display, Formatter};

use super::parse::{KEYWORDS, TAB, is_number, is_word};
use super::quotes::Quoted;
use super::{Action, Condition, Encoding, Expr, Handler, Length, Message, Part, Recipe, Span, Statement};

impl Display for Recipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.name.is_empty() {
            writeln!(f, "name   {}", self.name)?;
        }
        if !self.about.is_empty() {
            writeln!(f, "about  {}", self.about)?;
        }
        if self.encoding != Encoding::Bytes {
            writeln!(f, "text   {}", self.encoding.word())?;
        }
        match self.split.as_deref() {
            None => (),
            Some("\t") => writeln!(f, "split  {TAB}")?,
            Some(separator) => writeln!(f, "split  {}", Quoted(separator))?,
        }
        if let Some(memory) = &self.memory {
            writeln!(f, "memory {}", Name(memory))?;
        }
        if self.wasi {
            writeln!(f, "host   wasi")?;
        }
        if self.exact_stdin {
            writeln!(f, "stdin  exact")?;
        }
        if self.stubs {
            writeln!(f, "host   stubs")?;
        }
        if self.fresh {
            writeln!(f, "instance fresh")?;
        }
        section(f, "once", &self.once)?;
        section(f, "each line", &self.line)?;
        section(f, "finally", &self.finally)?;
        self.handlers.iter().try_for_each(|handler| handler.fmt(f))
    }
}

fn section(f: &mut Formatter<'_>, title: &str, body: &[Statement]) -> fmt::Result {
    if body.is_empty() {
        return Ok(());
    }
    writeln!(f, "{title}")?;
    body.iter().try_for_each(|statement| statement.fmt(f))
}

impl Display for Handler {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let title = format!("on {}.{}({})", Name(&self.module), Name(&self.name), self.params.join(", "));
        writeln!(f, "{title}")?;
        self.body.iter().try_for_each(|statement| statement.fmt(f))
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.transform { "*" } else { " " }, self.action)?;
        if let Some(condition) = &self.condition {
            write!(f, " if {condition}")?;
        }
        writeln!(f)
    }
}

impl Display for Action {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Action::Let(names, value) => match &names[..] {
                [] => value.fmt(f),
                [name] => write!(f, "{name} = {value}"),
                names => write!(f, "({}) = {value}", names.join(", ")),
            },
            Action::Write { parts, at, within } => {
                write!(f, "write ")?;
                if parts[..] != [Part::Line] {
                    let parts: Vec<_> = parts.iter().map(Part::to_string).collect();
                    write!(f, "{} ", parts.join(", "))?;
                }
                write!(f, "at {at}")?;
                within.as_ref().map_or(Ok(()), |room| write!(f, " within {room}"))
            }
            Action::Store(width, at, value) => write!(f, "{}[{at}] = {value}", width.word()),
            Action::Read(span) => write!(f, "read {span}"),
            Action::Append(message) => write!(f, "append {message}"),
            Action::AnswerLine => f.write_str("answer the line"),
            Action::AnswerStdout => f.write_str("answer stdout"),
            Action::Answer(words) => write!(f, "answer {}", Quoted(words)),
            Action::Fail(message) => write!(f, "fail {message}"),
            Action::Say(message) => write!(f, "say {message}"),
            Action::Stop => f.write_str("stop"),
            Action::Return(values) => {
                let values: Vec<_> = values.iter().map(Expr::to_string).collect();
                write!(f, "return {}", values.join(", "))
            }
            Action::Grow(pages) => write!(f, "grow {pages}"),
            Action::GrowTo(size) => write!(f, "grow to {size}"),
        }
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Part::Line => f.write_str("line"),
            Part::OfLine(number) => write!(f, "line{number}"),
            Part::Byte(byte) => byte.fmt(f),
            Part::Text(text) => Quoted(text).fmt(f),
            Part::Number(width, value) => write!(f, "{} {value}", width.word()),
            Part::Leb(value) => write!(f, "leb {value}"),
        }
    }
}

impl Display for Span {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(encoding) = self.encoding {
            write!(f, "{} ", encoding.word())?;
        }
        match &self.len {
            Length::Bytes(len) => write!(f, "{len}")?,
            Length::UntilZero => f.write_str("until 0")?,
            Length::To(end) => write!(f, "to {end}")?,
        }
        write!(f, " at {}", self.at)
    }
}

impl Display for Message {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Message::Words(words) => Quoted(words).fmt(f),
            Message::Span(span) => span.fmt(f),
            Message::Answer => f.write_str("the answer"),
        }
    }
}

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.left, self.comparison.sign(), self.right)
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Number(n) => n.fmt(f),
            Expr::Name(name) => f.write_str(name),
            Expr::Call { export, args, optional } => {
                let args: Vec<_> = args.iter().map(Expr::to_string).collect();
                write!(f, "{}({}){}", Name(export), args.join(", "), if *optional { "?" } else { "" })
            }
            Expr::Load(width, at) => write!(f, "{}[{at}]", width.word()),
            Expr::Leb(at) => write!(f, "leb[{at}]"),
            Expr::PastLeb(at) => write!(f, "past leb[{at}]"),
            Expr::HighLow(high, low) => write!(f, "hilo({high}, {low})"),
            Expr::Low(inner) => write!(f, "lo({inner})"),
            Expr::High(inner) => write!(f, "hi({inner})"),
            Expr::Sum(a, b) => write!(f, "{a} + {}", Operand(b)),
            Expr::Difference(a, b) => write!(f, "{a} - {}", Operand(b)),
            Expr::Global(name) => write!(f, "@{}", Name(name)),
        }
    }
}

/// The right operand of a sum, in brackets if it is itself a sum.
struct Operand<'a>(&'a Expr);

impl Display for Operand<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Expr::Sum(..) | Expr::Difference(..) => write!(f, "({})", self.0),
            other => other.fmt(f),
        }
    }
}

/// A name of an export, an import or a global as a recipe writes it: in quotes where it needs them.
pub(crate) fn quoted(name: &str) -> String {
    Name(name).to_string()
}

/// A name from the module: bare if it is an unambiguous word, otherwise quoted.
struct Name<'a>(&'a str);

impl Display for Name<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = self.0.chars().all(is_word) && !self.0.starts_with(|c: char| c.is_ascii_digit());
        let taken =
            matches!(self.0, "" | "lo" | "hi" | "hilo" | "if") || KEYWORDS.contains(&self.0) || is_number(self.0);
        if word && !taken { f.write_str(self.0) } else { Quoted(self.0).fmt(f) }
    }
}
