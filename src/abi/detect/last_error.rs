//! Exports that return the text of the last error. It explains why a guest returned null.

use super::{Candidate, I32};
use crate::abi::names::{Kind, has_word};
use crate::abi::recipe::{Action, Comparison, Condition, Encoding, Expr, Length, Message, Span, Statement};
use crate::guest::Interface;

/// Words in the name of an export that returns text.
const TEXT: &[&str] = &["message", "msg", "text", "string", "str"];
/// The name that the recipe gives to the text's length or address.
const VALUE: &str = "error";

/// The exports that return the last error's text.
enum LastError<'a> {
    /// Its address and its length.
    Span { pointer: &'a str, len: &'a str },
    /// The address of a NUL-terminated string.
    CString(&'a str),
}

/// Makes a candidate's recipe report the guest's own error text when it fails because of a null pointer.
pub(super) fn explain_null(candidate: &mut Candidate, interface: &Interface) {
    let Some(last) = LastError::of(interface).filter(|_| candidate.recipe.encoding != Encoding::Utf16) else { return };
    let line = std::mem::take(&mut candidate.recipe.line);
    let before = line.len();
    let mut called = false;
    for statement in line {
        if let Some(null) = statement.condition.as_ref().filter(|_| called && statement.fails_for_null()) {
            candidate.recipe.line.extend(last.statements(null));
        }
        called |= statement.transform;
        candidate.recipe.line.push(statement);
    }
    if candidate.recipe.line.len() > before {
        candidate.reasons.push(format!("{} returns the text of an error", last.export()));
    }
}

impl Statement {
    fn fails_for_null(&self) -> bool {
        let is_null = |condition: &Condition| {
            condition.comparison == Comparison::Equal && matches!(condition.right, Expr::Number(0))
        };
        matches!(self.action, Action::Fail(Message::Words(_))) && self.condition.as_ref().is_some_and(is_null)
    }
}

impl<'a> LastError<'a> {
    fn of(interface: &'a Interface) -> Option<LastError<'a>> {
        let getters = interface.funcs().filter(|(name, ty)| ty.is(&[], &[I32]) && Kind::Error.names(name));
        let getters: Vec<_> = getters.map(|(name, _)| name).collect();
        let only = |fits: &dyn Fn(&str) -> bool| {
            let mut fitting = getters.iter().copied().filter(|name| fits(name));
            fitting.next().filter(|_| fitting.next().is_none())
        };
        match (only(&|name| Kind::Pointer.names(name)), only(&|name| Kind::Size.names(name))) {
            (Some(pointer), Some(len)) => Some(LastError::Span { pointer, len }),
            _ => only(&|name| has_word(name, TEXT)).map(LastError::CString),
        }
    }

    fn export(&self) -> &str {
        match self {
            LastError::Span { pointer, .. } | LastError::CString(pointer) => pointer,
        }
    }

    /// Statements that fail with the text, if there is one, when `null` holds.
    fn statements(&self, null: &Condition) -> [Statement; 2] {
        let call = |export: &str| Expr::Call { export: export.to_owned(), args: Vec::new(), optional: false };
        let value = || Expr::Name(VALUE.to_owned());
        let (first, span) = match self {
            LastError::Span { pointer, len } => (call(len), (Length::Bytes(value()), call(pointer))),
            LastError::CString(pointer) => (call(pointer), (Length::UntilZero, value())),
        };
        let there = Condition { left: value(), comparison: Comparison::NotEqual, right: Expr::Number(0) };
        let text = Span { encoding: None, len: span.0, at: span.1 };
        let statement = |action, condition| Statement { at: 0, transform: false, action, condition: Some(condition) };
        [
            statement(Action::Let(vec![VALUE.to_owned()], first), null.clone()),
            statement(Action::Fail(Message::Span(text)), there),
        ]
    }
}
