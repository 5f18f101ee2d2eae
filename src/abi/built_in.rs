//! The built-in recipes, and adapting them to a module's own export names.

use super::Recipe;
use super::recipe::{Action, Expr, Statement, parse};
use crate::record::plain;

/// The built-in conventions: name, recipe, evidence. The build script lists the files in `assets/recipes`.
pub(super) const CONVENTIONS: &[(&str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/conventions.rs"));

/// The built-in conventions by name, each with the text of its recipe.
pub fn built_in_recipes() -> impl Iterator<Item = (&'static str, &'static str)> {
    CONVENTIONS.iter().map(|(name, recipe, _)| (*name, *recipe))
}

/// The built-in recipe of that name.
pub fn built_in(name: &str) -> Option<Recipe> {
    let (_, text) = built_in_recipes().find(|(known, _)| *known == name)?;
    Some(parse(text).expect("the built-in recipes are tested"))
}

impl Recipe {
    /// Replaces the exports that the recipe calls with the module's own. An export with fewer parameters gets the first
    /// arguments; one with more gets 1 for the rest, a valid alignment for bytes.
    pub(super) fn replace_calls(&mut self, by: &[(String, Replacement)]) {
        let transform = by.iter().find(|(name, _)| name == "transform").map(|(_, own)| own.export.clone());
        self.each_expr(&mut |expr| {
            let Expr::Call { export, args, .. } = expr else { return };
            match by.iter().find(|(name, _)| name == export) {
                Some((_, own)) => {
                    own.export.clone_into(export);
                    args.resize(own.params, Expr::Number(1));
                }
                // Names that belong to the transform are derived from its name.
                None => {
                    let prefix = export.strip_suffix("_transform").map(str::to_owned);
                    if let (Some(prefix), Some(transform)) = (prefix, &transform) {
                        *export = format!("{prefix}_{transform}");
                    }
                }
            }
        });
    }

    /// Replaces the number that a name is set to.
    pub(super) fn place_at(&mut self, name: &str, value: i64) {
        self.place(name, &Expr::Number(value));
    }

    /// Sets a name to the value of an exported global instead of a number.
    pub(super) fn place_at_global(&mut self, name: &str, global: &str) {
        self.place(name, &Expr::Global(global.to_owned()));
    }

    fn place(&mut self, name: &str, at: &Expr) {
        for statement in &mut self.line {
            if let Action::Let(names, value @ Expr::Number(_)) = &mut statement.action
                && names[..] == [name]
            {
                *value = at.clone();
            }
        }
    }

    /// Removes every line that calls `export`, except optional calls.
    pub(super) fn without(&mut self, export: &str) {
        let calls = |statement: &Statement| matches!(&statement.action, Action::Let(_, Expr::Call { export: name, optional: false, .. }) if name == export);
        [&mut self.once, &mut self.line, &mut self.finally].into_iter().for_each(|body| body.retain(|op| !calls(op)));
    }

    /// Whether the recipe ignores every result of `export`.
    pub(super) fn drops_results_of(&self, export: &str) -> bool {
        let drops = |statement: &Statement| matches!(&statement.action, Action::Let(names, Expr::Call { export: name, .. }) if name == export && names.is_empty());
        self.line.iter().any(drops)
    }

    /// The reason why `call` cannot be the transform: the recipe calls another export. `None` if it can.
    pub(super) fn refuses(&self, call: Option<&str>) -> Option<String> {
        let call = call?;
        let mut called = Vec::new();
        let marked = self.line.iter().any(|statement| statement.transform);
        for statement in self.line.iter().filter(|statement| statement.transform || !marked) {
            statement.clone().each_expr(&mut |expr| match expr {
                Expr::Call { export, .. } if !called.contains(export) => called.push(export.clone()),
                _ => (),
            });
        }
        if called.iter().any(|export| export == call) {
            return None;
        }
        let names: Vec<_> = called.iter().map(|export| format!("`{}`", plain(export))).collect();
        let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        Some(format!("the recipe calls {names}, but --call names `{}`: change the recipe, or omit --call", plain(call)))
    }
}

/// A module's export that replaces one that the recipe names.
#[derive(Clone, Debug)]
pub(super) struct Replacement {
    pub(super) export: String,
    /// The number of its parameters.
    pub(super) params: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_recipe_is_valid() {
        for (name, _) in built_in_recipes() {
            let recipe = built_in(name).expect("it is in the list");
            assert_eq!(recipe.name, name);
            assert!(!recipe.about.is_empty() && recipe.line.iter().any(|statement| statement.transform));
        }
    }
}
