//! Formats a recipe's text: indentation, spaces and the columns of comments. Words, numbers and comments stay as they
//! are, so the recipe's meaning does too.

use super::tokens::{Token, Tokens, tokens};
use super::values::encoding;
use super::{KEYWORDS, Section, is_number, parse_all};
use crate::abi::recipe::RecipeError;

/// Lines longer than this do not move the comments of others.
const WIDEST: usize = 60;
/// The width of the first word of a line in the header.
const HEADER: usize = 6;

/// Formats a recipe.
///
/// # Errors
/// The lines that are not valid.
pub fn format(text: &str) -> Result<String, Vec<RecipeError>> {
    parse_all(text)?;
    let mut lines: Vec<Line> = Vec::new();
    let mut section = Section::Head;
    for line in text.lines() {
        let line = Line::of(line, &mut section);
        let is_second_blank = line.is_blank() && lines.last().is_none_or(Line::is_blank);
        if !is_second_blank {
            lines.push(line);
        }
    }
    let parts = lines.chunk_by(|_, next| !next.begins_section);
    let mut text: String = parts.map(printed).collect();
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

/// A formatted line: what it says, and its comment.
struct Line {
    text: String,
    comment: Option<String>,
    begins_section: bool,
}

impl Line {
    fn is_blank(&self) -> bool {
        self.text.is_empty() && self.comment.is_none()
    }

    fn of(line: &str, section: &mut Section) -> Line {
        let plain = |text: String| Line { text, comment: None, begins_section: false };
        if *section == Section::Head
            && let Some((word @ ("name" | "about"), rest)) = line.trim().split_once(char::is_whitespace)
        {
            return plain(header(word, rest.trim()));
        }
        // The recipe is valid, so its lines are.
        let Ok(Tokens { tokens, places, comment }) = tokens(line) else { return plain(line.to_owned()) };
        let comment = comment.map(|start| line[start..].trim_end().to_owned());
        let sources: Vec<_> = places.iter().map(|place| &line[place.clone()]).collect();
        let touches = |token: usize| token > 0 && places[token - 1].end == places[token].start;
        if tokens.is_empty() {
            let indent = if line.starts_with(char::is_whitespace) && *section != Section::Head { "  " } else { "" };
            return Line {
                text: String::new(),
                comment: comment.map(|comment| format!("{indent}{comment}")),
                begins_section: false,
            };
        }
        let begins = begins_section(&tokens);
        *section = if begins { Section::Line } else { *section };
        let joined = |from: usize| joined(&tokens[from..], &sources[from..], |token| touches(token + from));
        let text = match (&tokens[0], &section) {
            (_, Section::Head) => header(sources[0], &joined(1)),
            _ if begins => joined(0),
            (Token::Sign("*"), _) => format!("* {}", joined(1)),
            _ => format!("  {}", joined(0)),
        };
        Line { text, comment, begins_section: begins }
    }
}

/// A line of the header.
fn header(word: &str, rest: &str) -> String {
    format!("{word:<HEADER$} {rest}").trim_end().to_owned()
}

/// Whether a valid line begins a section.
fn begins_section(tokens: &[Token]) -> bool {
    match tokens {
        [Token::Word(word)] => word == "once" || word == "finally",
        [Token::Word(each), Token::Word(line)] => each == "each" && line == "line",
        [Token::Word(on), _, Token::Sign("."), ..] => on == "on",
        _ => false,
    }
}

/// The lines of a section, with their comments in one column.
fn printed(lines: &[Line]) -> String {
    let width = |line: &Line| line.text.chars().count();
    let ends = lines.iter().filter(|line| line.comment.is_some()).map(width).filter(|&width| width <= WIDEST);
    let column = ends.max().unwrap_or(0) + 2;
    let line = |line: &Line| match &line.comment {
        None => format!("{}\n", line.text),
        Some(comment) if line.text.is_empty() => format!("{comment}\n"),
        Some(comment) => {
            let spaces = column.saturating_sub(width(line)).max(2);
            format!("{}{:spaces$}{comment}\n", line.text, "")
        }
    };
    lines.iter().map(line).collect()
}

/// Tokens with one space between them, or none where a reader expects none.
fn joined(tokens: &[Token], sources: &[&str], touches: impl Fn(usize) -> bool) -> String {
    let mut text = String::new();
    for (number, source) in sources.iter().enumerate() {
        if number > 0 && is_parted(tokens, number, &touches) {
            text.push(' ');
        }
        text.push_str(source);
    }
    text
}

/// Whether a space comes before the token with that index, which is not the first.
fn is_parted(tokens: &[Token], number: usize, touches: &impl Fn(usize) -> bool) -> bool {
    let (last, next) = (&tokens[number - 1], &tokens[number]);
    match (last, next) {
        (Token::Sign("(" | "[" | "@" | "."), _) => false,
        (_, Token::Sign(")" | "]" | "," | "?" | ".")) => false,
        // A call, unless the word is one of the language, which may also be the name of an export.
        (Token::Word(word), Token::Sign("(")) => is_word_of_language(word) && !touches(number),
        (Token::Quoted(_), Token::Sign("(")) => false,
        (Token::Word(word), Token::Sign("[")) => !is_number(word),
        (Token::Sign("-"), _) => !is_negative(tokens, number - 1),
        _ => true,
    }
}

/// Whether a minus sign belongs to the number after it.
fn is_negative(tokens: &[Token], number: usize) -> bool {
    match number.checked_sub(1).map(|last| &tokens[last]) {
        None => true,
        Some(Token::Sign(sign)) => !matches!(*sign, ")" | "]" | "?"),
        Some(Token::Word(word)) => is_word_of_language(word),
        Some(_) => false,
    }
}

fn is_word_of_language(word: &str) -> bool {
    KEYWORDS.contains(&word)
        || is_number(word)
        || encoding(word).is_some()
        || matches!(word, "at" | "to" | "within" | "if" | "until")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_columns_are_set_and_everything_else_stays() {
        let odd = "\n\nname    odd\ntext utf16 # as Java\n\n\n# the lines\neach   line # here\n      ptr=alloc( n+0x10 ,-1 )# as C\n *  (out ,len) = f (ptr)? if n>3 #b\n\twrite u16 (n) , line,0 at ptr\n  grow (1)\n  grow(1)\n  # inside\nfinally\n  u32 [ ptr - 1 ] = - 5\non  \"a b\" . log ( x , y )\n  return x, y   \n\n";
        let formatted = format(odd).expect("it is valid");
        assert_eq!(format(&formatted).as_ref(), Ok(&formatted));
        assert_eq!(
            formatted,
            "name   odd\ntext   utf16  # as Java\n\n# the lines\neach line                        # here\n  ptr = alloc(n + 0x10, -1)      # as C\n* (out, len) = f(ptr)? if n > 3  #b\n  write u16 (n), line, 0 at ptr\n  grow (1)\n  grow(1)\n  # inside\nfinally\n  u32[ptr - 1] = -5\non \"a b\".log(x, y)\n  return x, y\n"
        );
    }

    #[test]
    fn an_invalid_recipe_is_not_formatted() {
        let errors = format("each line\n  x =\n  read 3\n").expect_err("two lines are wrong");
        assert_eq!(errors.iter().map(|error| error.at).collect::<Vec<_>>(), [2, 3]);
    }
}
