//! The roles of the functions that a recipe calls: which allocate memory for the line, which free it, and where the
//! line is written. Derived from the recipe alone; what the recipe does not say stays unknown.

use super::recipe::{Action, Encoding, Expr, Part, Recipe, Statement, encode, push_leb};

/// Where an address or a size comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueSource {
    /// A constant.
    Number(u64),
    /// The value of an exported global.
    Global(String),
    /// The result of an export, independent of the line.
    Getter(String),
    /// The result of an export that allocates; the argument at that index is the size.
    Allocator(String, usize),
    /// Anything else.
    Computed,
}

/// Where a recipe writes the line, and the roles of its exports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// The address of the line; `None` if no step writes it.
    pub line: Option<ValueSource>,
    /// The parts of that write: the line, and what surrounds it.
    parts: Vec<Part>,
    encoding: Encoding,
    /// The number of bytes available there, if the recipe checks it.
    pub room: Option<ValueSource>,
    /// Whether the guest fetches the line by calling an import.
    pub fetched: bool,
    /// The exports that free memory, each with the index of the address argument.
    pub deallocators: Vec<(String, usize)>,
}

impl Roles {
    /// Derives the roles from a recipe.
    pub fn of(recipe: &Recipe) -> Roles {
        let before = || recipe.once.iter().chain(&recipe.line);
        let write = before().find_map(|statement| match &statement.action {
            Action::Write { parts, at, within } => Some((parts, at, within)),
            _ => None,
        });
        let lets = Lets(before().collect());
        let room = write.and_then(|(.., within)| within.as_ref()).map(|room| lets.origin(room));
        let handled = recipe.handlers.iter().flat_map(|handler| &handler.body);
        let fetched = recipe.wasi || handled.into_iter().any(|step| matches!(step.action, Action::Write { .. }));
        let after = recipe.line.iter().chain(&recipe.finally);
        Roles {
            line: write.map(|(_, at, _)| lets.origin(at)),
            parts: write.map_or_else(|| vec![Part::Line], |(parts, ..)| parts.clone()),
            encoding: recipe.encoding,
            room,
            fetched,
            deallocators: after.filter_map(taker).collect(),
        }
    }

    /// The bytes that the recipe writes for a line.
    ///
    /// # Errors
    /// Why the recipe does not accept the line.
    pub fn bytes(&self, line: &[u8]) -> Result<Vec<u8>, String> {
        let encoded = encode(line, self.encoding).map_err(|failure| failure.to_string())?;
        let mut bytes = Vec::new();
        for part in &self.parts {
            match part {
                Part::Line => bytes.extend(&*encoded),
                Part::OfLine(_) => return Err("the recipe splits the line".to_owned()),
                Part::Byte(byte) => bytes.push(*byte),
                Part::Text(text) => bytes.extend(text.as_bytes()),
                Part::Number(width, value) => {
                    let number = of_length(value, encoded.len() as u64).ok_or(LATER)?;
                    bytes.extend(&number.to_le_bytes()[..width.bytes()]);
                }
                Part::Leb(value) => push_leb(of_length(value, encoded.len() as u64).ok_or(LATER)?, &mut bytes),
            }
        }
        Ok(bytes)
    }
}

/// Why the bytes for a line are not known.
const LATER: &str = "the recipe also writes a number that is known only once it runs";

/// A value that depends only on the line's length in bytes.
fn of_length(value: &Expr, n: u64) -> Option<u64> {
    match value {
        Expr::Number(number) => Some(number.cast_unsigned()),
        Expr::Name(name) if name == "n" => Some(n),
        Expr::Name(name) if name == "units" => Some(n / 2),
        Expr::Sum(a, b) => Some(of_length(a, n)?.wrapping_add(of_length(b, n)?)),
        Expr::Difference(a, b) => Some(of_length(a, n)?.wrapping_sub(of_length(b, n)?)),
        _ => None,
    }
}

/// A call whose result is unused and whose first argument is an address: it frees that address.
fn taker(statement: &Statement) -> Option<(String, usize)> {
    let Action::Let(names, Expr::Call { export, args, .. }) = &statement.action else { return None };
    let is_address = |expr: &Expr| match expr {
        Expr::Name(name) => name != "n" && name != "units",
        Expr::Low(_) | Expr::High(_) => true,
        _ => false,
    };
    let takes = names.is_empty() && !statement.transform && args.first().is_some_and(is_address);
    takes.then(|| (export.clone(), 0))
}

/// The statements that assign names.
struct Lets<'a>(Vec<&'a Statement>);

impl<'a> Lets<'a> {
    fn value(&self, name: &str) -> Option<&'a Expr> {
        self.0.iter().find_map(|statement| match &statement.action {
            Action::Let(names, value) if names.first().is_some_and(|first| first == name) => Some(value),
            _ => None,
        })
    }

    fn origin(&self, expr: &Expr) -> ValueSource {
        match expr {
            Expr::Number(n) => ValueSource::Number(n.cast_unsigned()),
            Expr::Global(name) => ValueSource::Global(name.clone()),
            Expr::Name(name) => self.value(name).map_or(ValueSource::Computed, |value| self.origin_of_value(value)),
            value => self.origin_of_value(value),
        }
    }

    /// The source of a name's value. Does not follow names further, so cycles end.
    fn origin_of_value(&self, value: &Expr) -> ValueSource {
        match value {
            Expr::Number(n) => ValueSource::Number(n.cast_unsigned()),
            Expr::Global(name) => ValueSource::Global(name.clone()),
            Expr::Call { export, args, .. } => match args.iter().position(|arg| self.depends(arg)) {
                // `pin(new(n))`: the outer call's argument is the inner call's result.
                Some(place) if matches!(args[place], Expr::Call { .. }) => self.origin_of_value(&args[place]),
                Some(place) => ValueSource::Allocator(export.clone(), place),
                None => ValueSource::Getter(export.clone()),
            },
            _ => ValueSource::Computed,
        }
    }

    /// Whether a value depends on the line's length, directly or through a name for a sum.
    fn depends(&self, expr: &Expr) -> bool {
        let is_length = |name: &str| name == "n" || name == "units";
        mentions(expr, &|name| {
            let value = self.value(name).filter(|value| !matches!(value, Expr::Call { .. }));
            is_length(name) || value.is_some_and(|value| mentions(value, &is_length))
        })
    }
}

fn mentions(expr: &Expr, is_length: &impl Fn(&str) -> bool) -> bool {
    expr.any(&|expr| matches!(expr, Expr::Name(name) if is_length(name)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::built_in;
    use crate::abi::recipe::parse;

    fn roles(name: &str) -> Roles {
        Roles::of(&built_in(name).expect("it comes along"))
    }

    #[test]
    fn the_recipes_that_come_along_say_who_makes_room_and_who_takes_it() {
        let told = |name: &str| Some(ValueSource::Getter(name.to_owned()));
        let made = |name: &str, place| Some(ValueSource::Allocator(name.to_owned(), place));
        let buffer = roles("static-buffer");
        assert_eq!(buffer.line, told("get_wasm_memory_buffer_pointer"));
        assert_eq!(buffer.room, told("get_wasm_memory_buffer_len"));
        assert_eq!((buffer.fetched, buffer.deallocators), (false, Vec::new()));
        let packed = roles("packed");
        assert_eq!((packed.line, packed.room), (made("alloc", 0), None));
        assert_eq!(packed.deallocators, [("dealloc".to_owned(), 0), ("dealloc".to_owned(), 0)]);
        assert_eq!(roles("c-string").line, made("alloc", 0));
        assert_eq!(roles("canonical").line, made("cabi_realloc", 3));
        assert_eq!(roles("fixed-region").line, Some(ValueSource::Number(0)));
        // The stack pointer is moved back by a number, which frees nothing.
        assert_eq!(roles("wasm-bindgen-area").deallocators, [("__wbindgen_free".to_owned(), 0)]);
    }

    #[test]
    fn the_bytes_that_cross_are_those_that_the_recipe_writes() {
        let bytes = |text: &str, line: &str| Roles::of(&parse(text).expect("it is a recipe")).bytes(line.as_bytes());
        assert_eq!(bytes("each line\n  write line, 0 at 8", "ab"), Ok(b"ab\0".to_vec()));
        assert_eq!(bytes("text utf16\neach line\n  write at 8", "a"), Ok(b"a\0".to_vec()));
        assert_eq!(bytes("text hex\neach line\n  write at 8", "4142"), Ok(b"AB".to_vec()));
        assert!(bytes("text hex\neach line\n  write at 8", "x").is_err_and(|words| words.contains("hexadecimal")));
    }

    #[test]
    fn what_a_recipe_does_not_say_is_not_claimed() {
        let of = |text: &str| Roles::of(&parse(text).expect("it is a recipe"));
        assert_eq!(of("each line\n  f(n)\n  answer \"x\"").line, None);
        assert_eq!(of("each line\n  write at u32[8]\n  f(n)").line, Some(ValueSource::Computed));
        assert_eq!(of("each line\n  write at @BUFFER\n  f(n)").line, Some(ValueSource::Global("BUFFER".to_owned())));
        let nested =
            of("each line\n  size = n + 1\n  p = __pin(__new(size, 2))\n  write at p\n* f(p)\nfinally\n  __unpin(p)");
        assert_eq!(nested.line, Some(ValueSource::Allocator("__new".to_owned(), 0)));
        assert_eq!(nested.deallocators, [("__unpin".to_owned(), 0)]);
        assert!(of("host wasi\neach line\n* _start()\n  answer stdout").fetched);
    }
}
