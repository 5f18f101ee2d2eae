//! Function names: from the name section, else from exports, else from imports.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use wasmparser::{BinaryReader, ExternalKind, IndirectNameMap, Name, NameSectionReader, Parser, Payload, TypeRef};

use super::demangle::demangle;

/// Maximum number of names of a kind. The engine rejects modules with a million functions.
const MOST: usize = 1_000_000;

/// Names by index.
#[derive(Debug, Default)]
pub(super) struct Names {
    functions: HashMap<u32, Box<str>>,
    exports: Vec<(u32, Box<str>)>,
    /// The offsets of the name section's contents.
    section: Range<usize>,
}

impl Names {
    /// Reads the names of a module. A damaged module is read as far as possible.
    pub(super) fn read(module: &[u8]) -> Names {
        let mut names = Names::default();
        let mut imports: Vec<Box<str>> = Vec::new();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::ImportSection(section) => {
                    let imported = section.into_imports().map_while(Result::ok).filter_map(|import| match import.ty {
                        TypeRef::Func(_) | TypeRef::FuncExact(_) => Some(format!("{}.{}", import.module, import.name)),
                        _ => None,
                    });
                    imports.extend(imported.take(MOST).map(Box::from));
                }
                Payload::ExportSection(section) => {
                    let exports = section.into_iter().map_while(Result::ok).take(MOST);
                    let functions =
                        exports.filter(|export| matches!(export.kind, ExternalKind::Func | ExternalKind::FuncExact));
                    names.exports.extend(functions.map(|export| (export.index, export.name.into())));
                }
                Payload::CustomSection(section) if section.name() == "name" => {
                    let start = usize::try_from(section.data_offset()).unwrap_or(usize::MAX);
                    names.section = start..start.saturating_add(section.data().len());
                    names.read_section(section.data());
                }
                _ => (),
            }
        }
        for (index, name) in &names.exports {
            names.functions.entry(*index).or_insert_with(|| name.clone());
        }
        for (index, name) in (0..).zip(imports) {
            names.functions.entry(index).or_insert(name);
        }
        names
    }

    fn read_section(&mut self, data: &[u8]) {
        for subsection in NameSectionReader::new(BinaryReader::new(data, 0)).map_while(Result::ok) {
            if let Name::Function(map) = subsection {
                let named = map.into_iter().map_while(Result::ok).take(MOST).filter(|naming| !naming.name.is_empty());
                self.functions.extend(named.map(|naming| (naming.index, naming.name.into())));
            }
        }
    }

    /// The raw name of a function.
    pub(super) fn of(&self, index: u32) -> Option<&str> {
        self.functions.get(&index).map(|name| &**name)
    }

    /// The contents of the name section.
    pub(super) fn section<'a>(&self, module: &'a [u8]) -> &'a [u8] {
        module.get(self.section.clone()).unwrap_or_default()
    }

    /// The functions with this name, in ascending order; if there are none, those whose name ends in it.
    pub(super) fn find(&self, name: &str) -> Vec<u32> {
        let named = self.functions.iter().map(|(index, name)| (*index, &**name));
        let exported = self.exports.iter().map(|(index, name)| (*index, &**name));
        let (mut whole, mut ends) = (HashSet::new(), HashSet::new());
        for (index, known) in named.chain(exported) {
            let demangled = demangle(known);
            if known == name || demangled == name || without_parameters(&demangled) == name {
                whole.insert(index);
            } else if ends_in(without_parameters(&demangled), name) {
                ends.insert(index);
            }
        }
        let mut found: Vec<_> = if whole.is_empty() { ends } else { whole }.into_iter().collect();
        found.sort_unstable();
        found
    }
}

/// A C++ function's name without its parameters, which are the last parentheses.
fn without_parameters(name: &str) -> &str {
    let list = name.strip_suffix(" const").unwrap_or(name);
    if !list.ends_with(')') {
        return name;
    }
    let mut depth = 0;
    let opening = list.char_indices().rev().find(|(_, c)| {
        depth += i32::from(*c == ')') - i32::from(*c == '(');
        depth == 0
    });
    opening.map_or(name, |(at, _)| &name[..at])
}

/// Whether a qualified name ends in these components.
fn ends_in(path: &str, name: &str) -> bool {
    let before = path.strip_suffix(name).filter(|_| !name.is_empty());
    before.is_some_and(|before| before.ends_with([':', '.', '/', '~', '#']))
}

/// The names of a function's locals, by index.
pub(super) fn locals(section: &[u8], index: u32) -> Vec<(u32, String)> {
    let of_function = |map: IndirectNameMap<'_>| {
        let named = map.into_iter().map_while(Result::ok).find(|named| named.index == index)?;
        let locals = named.names.into_iter().map_while(Result::ok).take(MOST);
        Some(locals.map(|naming| (naming.index, naming.name.to_owned())).collect())
    };
    let subsections = NameSectionReader::new(BinaryReader::new(section, 0)).map_while(Result::ok);
    let mut locals = subsections.filter_map(|subsection| match subsection {
        Name::Local(map) => of_function(map),
        _ => None,
    });
    locals.next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(wat: &str) -> Names {
        Names::read(&wat::parse_str(wat).expect("the test's module is valid"))
    }

    #[test]
    fn the_name_section_comes_before_exports_and_those_before_imports() {
        let names = names(
            r#"(module (import "env" "log" (func)) (import "env" "warn" (func $warn))
                (func $named (export "one")) (func (export "two")) (func))"#,
        );
        let of: Vec<_> = (0..6).map(|index| names.of(index)).collect();
        assert_eq!(of, [Some("env.log"), Some("warn"), Some("named"), Some("two"), None, None]);
    }

    #[test]
    fn a_function_is_found_by_whole_names_first_and_else_by_ends() {
        let names = names(
            r#"(module
                (func $_ZN7mycrate5shout17h0123456789abcdefE (export "run"))
                (func $"other::shout") (func $shout) (func $"(anonymous namespace)::foo(void (*)(int)) const") (func $outshout))"#,
        );
        for (name, found) in [
            ("shout", &[2][..]),
            ("mycrate::shout", &[0]),
            ("run", &[0]),
            ("_ZN7mycrate5shout17h0123456789abcdefE", &[0]),
            ("(anonymous namespace)::foo", &[3]),
            ("foo", &[3]),
            ("hout", &[]),
            ("", &[]),
        ] {
            assert_eq!(names.find(name), found, "{name}");
        }
    }
}
