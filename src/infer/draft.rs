//! A recipe under construction, as lines of text.

use super::allocator::Allocator;
use crate::abi::Recipe;
use crate::abi::recipe::parse;

/// The line of the header that asks for a fresh guest for each line.
const FRESH: &str = "instance fresh";

/// A recipe under construction. What costs more is less likely to be what the guest expects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    /// The lines of the header.
    pub(super) header: Vec<String>,
    /// The statements of `once`.
    pub(super) once: Vec<String>,
    /// The statements before the transform.
    pub(super) before: Vec<String>,
    /// The call of the transform; `None` before it is chosen.
    pub(super) transform: Option<String>,
    /// The statements after the transform.
    pub(super) after: Vec<String>,
    /// The statements of `finally`.
    pub(super) finally: Vec<String>,
    /// The handlers of imports: first lines and statements.
    pub(super) handlers: Vec<String>,
    pub(super) cost: u32,
    /// What allocated the line's memory, if something did.
    pub(super) allocator: Option<Allocator>,
    /// How many bytes were allocated for the line, as a value of a recipe.
    pub(super) line_size: &'static str,
    /// Address and length of the answer, as values of a recipe, where they are known after the call.
    pub(super) place: Option<(String, String)>,
    /// The text, if the recipe was not put together here.
    pub(super) whole: Option<String>,
}

impl Draft {
    /// A complete recipe as a draft.
    pub(super) fn whole(text: String, cost: u32) -> Draft {
        Draft { whole: Some(text), cost, ..Draft::default() }
    }

    /// The recipe's text.
    pub(super) fn text(&self) -> String {
        if let Some(text) = &self.whole {
            return text.clone();
        }
        let transform = self.transform.as_ref().map(|call| format!("* {call}\n"));
        let line = indented(&self.before) + &transform.unwrap_or_default() + &indented(&self.after);
        let mut text: String = self.header.iter().map(|line| format!("{line}\n")).collect();
        for (title, body) in [("once", indented(&self.once)), ("each line", line), ("finally", indented(&self.finally))]
        {
            if !body.is_empty() {
                text.push_str(&format!("{title}\n{body}"));
            }
        }
        self.handlers.iter().for_each(|line| text.push_str(&format!("{line}\n")));
        text
    }

    /// The recipe. `None` if the text is not a valid recipe.
    pub(super) fn recipe(&self) -> Option<Recipe> {
        parse(&self.text()).ok()
    }

    /// The same draft with a fresh guest for each line. `None` if the recipe was not put together here.
    pub(super) fn fresh(&self) -> Option<Draft> {
        if self.whole.is_some() || self.is_fresh() {
            return None;
        }
        let mut draft = self.clone();
        draft.header.push(FRESH.to_owned());
        Some(draft)
    }

    /// Whether each line gets a fresh guest.
    pub(super) fn is_fresh(&self) -> bool {
        self.header.iter().any(|line| line == FRESH)
    }

    /// The same draft with these statements after the transform.
    pub(super) fn with_after(&self, after: Vec<String>) -> Draft {
        Draft { after, ..self.clone() }
    }
}

/// Statements as lines of a section.
fn indented(statements: &[String]) -> String {
    statements.iter().map(|line| format!("  {line}\n")).collect()
}
