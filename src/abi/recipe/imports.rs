//! Who answers each import of a module: a handler of the recipe's, WASI, or a stub.

use super::wasi;
use super::{Handler, Recipe};
use crate::guest::{Extern, Interface};
use crate::record::unit;

/// The most imports that are listed.
const LISTED: usize = 20;

/// Who answers an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportProvider {
    /// The recipe's handler of that number.
    Handler(usize),
    /// The host's WASI.
    Wasi(wasi::Function),
    /// A function that returns zero.
    Stub,
    /// It is no function.
    Nobody,
}

/// Who answers each import, by its place among the imports; with `stubs`, what nothing else answers is a stub.
///
/// # Errors
/// The imports that nothing answers, with their types, and what helps. A handler with a wrong number of arguments.
pub(super) fn answerers(recipe: &Recipe, interface: &Interface, stubs: bool) -> Result<Vec<ImportProvider>, String> {
    let stubs = stubs || recipe.stubs;
    let mut missing = Vec::new();
    let mut answerers = Vec::new();
    for import in &interface.imports {
        let named = |place: &usize| {
            let handler = &recipe.handlers[*place];
            handler.module == import.module && handler.name == import.name
        };
        let mut handlers = (0..recipe.handlers.len()).filter(named).peekable();
        let Extern::Func(signature) = &import.what else {
            if matches!(import.what, Extern::Global(_)) && !stubs {
                missing.push(import);
            }
            answerers.push(ImportProvider::Nobody);
            continue;
        };
        let first = handlers.peek().copied();
        let fitting = handlers.find(|&place| recipe.handlers[place].params.len() == signature.params.len());
        answerers.push(match (fitting, wasi::function(import).filter(|_| recipe.wasi)) {
            (Some(place), _) => ImportProvider::Handler(place),
            (None, Some(function)) => ImportProvider::Wasi(function),
            (None, None) => match first {
                Some(place) => {
                    let (at, given) = (recipe.handlers[place].at, recipe.handlers[place].params.len());
                    let (name, count) = (import.full_name(), signature.params.len());
                    let arguments = unit(count as u64, "argument");
                    return Err(format!(
                        "{name} is {signature}: the guest gives it {count} {arguments}, and the handler in line {at} takes {given}"
                    ));
                }
                None if stubs => ImportProvider::Stub,
                None => {
                    missing.push(import);
                    ImportProvider::Nobody
                }
            },
        });
    }
    if missing.is_empty() {
        return Ok(answerers);
    }
    let mut words = String::from("the module imports what nothing here gives it:");
    missing.iter().take(LISTED).for_each(|import| {
        words.push_str(&format!("\n  {}  {}", import.full_name(), import.what));
    });
    if missing.len() > LISTED {
        words.push_str(&format!("\n  and {} more", missing.len() - LISTED));
    }
    for handler in recipe.handlers.iter().filter(|handler| handler.at > 0) {
        let asked = |import: &&crate::guest::Import| import.module == handler.module && import.name == handler.name;
        if !interface.imports.iter().any(|import| asked(&import)) {
            let Handler { at, module, name, .. } = handler;
            words.push_str(&format!("\nThe handler in line {at}, {module}.{name}, answers no import of the module."));
        }
    }
    if missing.iter().any(|import| wasi::function(import).is_some()) {
        words.push_str("\nThose of WASI are given by a recipe with `host wasi` in its head.");
    }
    words.push_str(
        "\nA recipe can answer them (`on MODULE.NAME(..)`, see linmem guide recipes), or --stub-imports has each \
         noted and return zero.",
    );
    Err(words)
}
