//! The provider of each import: a handler of the recipe, WASI, or a stub.

use super::{Handler, Recipe, RecipeError};
use super::{wasi, wasi2};
use crate::abi::toolchain::{hint, needs_other_host};
use crate::guest::{Extern, Import, Interface};
use crate::record::unit;

/// The maximum number of imports listed in a message.
const LISTED: usize = 20;

/// What answers an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ImportProvider {
    /// The recipe's handler with that number.
    Handler(usize),
    /// The host's WASI implementation.
    Wasi(wasi::Function),
    /// The same for components.
    Wasi2(wasi2::Function),
    /// A function that returns zero.
    Stub,
    /// Not a function.
    Nobody,
}

/// The provider of each import, by index. With `stubs`, unresolved imports become stubs.
///
/// # Errors
/// The unresolved imports, with their types and advice; or a handler with a wrong number of arguments.
pub(super) fn answerers(
    recipe: &Recipe,
    interface: &Interface,
    stubs: bool,
) -> Result<Vec<ImportProvider>, RecipeError> {
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
        answerers.push(match (fitting, provided(import).filter(|_| recipe.wasi)) {
            (Some(place), _) => ImportProvider::Handler(place),
            (None, Some(provider)) => provider,
            (None, None) => match first {
                Some(place) => {
                    let (at, given) = (recipe.handlers[place].at, recipe.handlers[place].params.len());
                    let (name, count) = (import.full_name(), signature.params.len());
                    let arguments = unit(count as u64, "argument");
                    let words = format!(
                        "{name} is {signature}: the guest passes {count} {arguments}, but this `on` section takes {given}"
                    );
                    return Err(RecipeError { at, words, place: None });
                }
                None if stubs => ImportProvider::Stub,
                None => {
                    missing.push(import);
                    ImportProvider::Nobody
                }
            },
        });
    }
    if missing.is_empty() { Ok(answerers) } else { Err(RecipeError::headless(unanswered(recipe, interface, &missing))) }
}

/// The unresolved imports. With `stubs`, functions and globals never are.
pub(in crate::abi) fn unanswered_imports<'a>(
    recipe: &Recipe,
    interface: &'a Interface,
    stubs: bool,
) -> Vec<&'a Import> {
    let stubs = stubs || recipe.stubs;
    let is_unanswered = |import: &&Import| match &import.what {
        Extern::Func(_) => !(recipe.answers(import) || recipe.wasi && is_wasi(import)),
        Extern::Global(_) => true,
        _ => false,
    };
    interface.imports.iter().filter(|_| !stubs).filter(is_unanswered).collect()
}

/// The function of WASI that an import names.
fn provided(import: &Import) -> Option<ImportProvider> {
    let first = wasi::function(import).map(ImportProvider::Wasi);
    first.or_else(|| wasi2::function(import).map(ImportProvider::Wasi2))
}

/// Whether an import is a function of WASI.
pub(crate) fn is_wasi(import: &Import) -> bool {
    provided(import).is_some()
}

impl Recipe {
    /// Whether the recipe has a handler for the import.
    pub(in crate::abi) fn answers(&self, import: &Import) -> bool {
        self.handlers.iter().any(|handler| handler.module == import.module && handler.name == import.name)
    }
}

/// The error for unresolved imports, with advice.
fn unanswered(recipe: &Recipe, interface: &Interface, missing: &[&Import]) -> String {
    let mut words = String::from("unresolved imports:");
    missing.iter().take(LISTED).for_each(|import| {
        words.push_str(&format!("\n  {}  {}", import.full_name(), import.what));
    });
    if missing.len() > LISTED {
        words.push_str(&format!("\n  and {} more, which `linmem inspect` lists", missing.len() - LISTED));
    }
    for handler in recipe.handlers.iter().filter(|handler| handler.at > 0) {
        let asked = |import: &Import| import.module == handler.module && import.name == handler.name;
        if !interface.imports.iter().any(asked) {
            let Handler { at, module, name, .. } = handler;
            words.push_str(&format!(
                "\nThe `on` section at line {at}, {module}.{name}, matches no import of the module."
            ));
        }
    }
    if missing.iter().any(|import| is_wasi(import)) {
        words.push_str("\nA recipe with `host wasi` in its header provides the WASI imports.");
    }
    advice(interface, missing).iter().for_each(|advice| words.push_str(&format!("\n{advice}")));
    words
}

/// Advice on unresolved imports.
pub(in crate::abi) fn advice(interface: &Interface, missing: &[&Import]) -> Vec<String> {
    if let Some(why) = needs_other_host(interface) {
        return vec![format!("No recipe can drive this module: {why}")];
    }
    let mut advice: Vec<_> = hint(interface).into_iter().map(|hint| format!("Perhaps {hint}.")).collect();
    if missing.iter().any(|import| matches!(import.what, Extern::Func(_))) {
        advice.push(
            "A recipe can implement functions (`on MODULE.NAME(..)`, see `linmem guide recipes`); with --stub-imports, each \
             returns zero, and each call is a step."
                .to_owned(),
        );
    }
    if missing.iter().any(|import| matches!(import.what, Extern::Global(_))) {
        advice.push("Imported globals need --stub-imports, which sets them to zero.".to_owned());
    }
    advice
}
