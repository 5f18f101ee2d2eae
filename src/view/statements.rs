//! What a statement of a recipe does, as a sentence.

use crate::abi::recipe::{Action, Encoding, Expr, Length, Message, Part, Span, Statement};

/// Describes a statement, with its values as the recipe has them.
pub fn statement(statement: &Statement) -> String {
    let what = action(&statement.action);
    match &statement.condition {
        None => format!("{what}."),
        Some(condition) => format!("If `{condition}`: {}.", uncapitalized(&what)),
    }
}

fn action(action: &Action) -> String {
    match action {
        Action::Let(names, call @ Expr::Call { optional, .. }) => {
            let call = call.to_string();
            let call = call.trim_end_matches('?');
            let optional = if *optional { ", if the guest exports it" } else { "" };
            let kept = match &names[..] {
                [] => String::new(),
                [name] => format!(", and keep its result as `{name}`"),
                names => format!(", and keep its results as {}", listed(names)),
            };
            format!("Call `{call}`{optional}{kept}")
        }
        Action::Let(names, value) => format!("Keep `{value}` as {}", listed(names)),
        Action::Write { parts, at, within } => {
            let parts: Vec<_> = parts.iter().map(part).collect();
            let within = within.as_ref().map(|room| format!(", unless it is longer than `{room}`"));
            format!("Write {} at `{at}`{}", parts.join(", then "), within.unwrap_or_default())
        }
        Action::Store(width, at, value) => format!("Write `{value}` at `{at}` as a {}", width.word()),
        Action::Read(from) => format!("The answer is {}", span(from)),
        Action::Append(text) => format!("Append {} to the answer", message(text)),
        Action::AnswerLine => "The answer is the line itself".to_owned(),
        Action::AnswerStdout => "The answer is what the guest wrote to its standard output".to_owned(),
        Action::Answer(text) => format!("The answer is \"{text}\""),
        Action::Fail(text) => format!("Fail with {}", message(text)),
        Action::Say(text) => format!("Print {}; it is not part of the answer", message(text)),
        Action::Stop => "Stop the guest with a trap".to_owned(),
        Action::Return(values) => format!("Return {} to the guest", listed(values)),
        Action::Grow(pages) => format!("Grow the memory by `{pages}` pages"),
        Action::GrowTo(size) => format!("Grow the memory to at least `{size}` bytes"),
    }
}

fn part(part: &Part) -> String {
    match part {
        Part::Line => "the line".to_owned(),
        Part::OfLine(number) => format!("text {number} of the line"),
        Part::Byte(byte) => format!("a byte {byte}"),
        Part::Text(text) => format!("\"{text}\""),
        Part::Number(width, value) => format!("`{value}` as a {}", width.word()),
        Part::Leb(value) => format!("`{value}` in LEB128"),
    }
}

fn message(message: &Message) -> String {
    match message {
        Message::Words(text) => format!("\"{text}\""),
        Message::Span(from) => span(from),
        Message::Answer => "the answer as the message".to_owned(),
    }
}

fn span(span: &Span) -> String {
    let Span { encoding, len, at } = span;
    let what = match len {
        Length::Bytes(len) => format!("`{len}` bytes at `{at}`"),
        Length::UntilZero => format!("the bytes at `{at}`, up to the first zero byte"),
        Length::To(end) => format!("the bytes from `{at}` up to `{end}`"),
    };
    match encoding {
        None | Some(Encoding::Bytes) => what,
        Some(encoding) => format!("{what}, as {}", encoding.word()),
    }
}

/// Values or names in backticks.
fn listed(values: &[impl std::fmt::Display]) -> String {
    let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
    values.join(" and ")
}

fn uncapitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_lowercase().chain(chars).collect())
}
