//! The recipes that come along, and changing them to a guest's own names.

use super::Recipe;
use super::recipe::{Action, Expr, Statement, parse};

macro_rules! recipes {
    ($($name:literal),* $(,)?) => {
        /// The recipes that come along, by name, with their texts.
        pub const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../assets/recipes/", $name, ".recipe")))),*];
    };
}

recipes! {
    "static-buffer", "getters", "packed", "packed-low", "c-string", "struct", "out-struct", "out-len", "in-place",
    "in-place-len", "fixed-region", "callback", "assemblyscript", "wasm-bindgen", "wasm-bindgen-result",
    "wasm-bindgen-area", "canonical", "wasi", "typst", "dprint",
}

/// The built-in recipe of that name.
pub fn built_in(name: &str) -> Option<Recipe> {
    let (_, text) = BUILT_IN.iter().find(|(known, _)| *known == name)?;
    Some(parse(text).expect("the recipes that come along are tested"))
}

impl Recipe {
    /// Calls `to` with `args` wherever the recipe calls `from`. Each of `args` is one of the arguments as they
    /// were, by its place, or a number.
    pub(super) fn redirect(&mut self, from: &str, to: &str, args: &[Argument]) {
        self.each_expr(&mut |expr| {
            if let Expr::Call { export, args: given, .. } = expr
                && export == from
            {
                *export = to.to_owned();
                *given = args.iter().map(|arg| arg.of(given)).collect();
            }
        });
    }

    /// Calls `to` with the same arguments wherever the recipe calls `from`.
    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.each_expr(&mut |expr| {
            if let Expr::Call { export, .. } = expr
                && export == from
            {
                *export = to.to_owned();
            }
        });
    }

    /// Gives a name that is set to a number the number `value` instead.
    pub(super) fn place_at(&mut self, name: &str, value: i64) {
        self.place(name, &Expr::Number(value));
    }

    /// Gives a name that is set to a number the value of an exported global instead.
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

    /// Leaves out every line that calls `export`.
    pub(super) fn without(&mut self, export: &str) {
        let calls = |statement: &Statement| matches!(&statement.action, Action::Let(_, Expr::Call { export: name, .. }) if name == export);
        [&mut self.once, &mut self.line, &mut self.finally].into_iter().for_each(|body| body.retain(|op| !calls(op)));
    }
}

/// An argument of a redirected call.
#[derive(Clone, Copy, Debug)]
pub(super) enum Argument {
    /// The one that stood at that place.
    Same(usize),
    /// A number.
    Number(i64),
}

impl Argument {
    fn of(self, given: &[Expr]) -> Expr {
        match self {
            Argument::Same(place) => given.get(place).cloned().unwrap_or(Expr::Number(0)),
            Argument::Number(n) => Expr::Number(n),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_recipe_that_comes_along_is_right() {
        for (name, _) in BUILT_IN {
            let recipe = built_in(name).expect("it is in the list");
            assert_eq!(recipe.name, *name);
            assert!(!recipe.about.is_empty() && recipe.line.iter().any(|statement| statement.transform));
        }
    }
}
