//! How a convention is recognized, in sentences.

use super::evidence::{self, Evidence, How, Pattern, Role};
use crate::abi::built_in::CONVENTIONS;

/// How modules that use a built-in convention are recognized, one sentence each; empty for an unknown convention.
pub fn recognition(convention: &str) -> Vec<String> {
    let found = CONVENTIONS.iter().find(|(name, _, _)| *name == convention);
    let Some((_, _, text)) = found else { return Vec::new() };
    let Evidence { exports, imports, roles, import, place, alone, doubts, .. } =
        evidence::parse(text).expect("the built-in evidence is tested");
    let mut said = Vec::new();
    if !exports.is_empty() {
        let names: Vec<_> = exports.iter().map(|name| format!("`{name}`")).collect();
        said.push(format!("The module exports {}.", names.join(", ")));
    }
    match imports.as_deref() {
        Some("wasi") => said.push("It imports functions of WASI.".to_owned()),
        Some(module) => said.push(format!("It imports something from the module `{module}`.")),
        None => (),
    }
    said.extend(roles.iter().map(role));
    said.extend(import.iter().map(|role| {
        let how = how(&role.how, "import");
        format!("`{}`: an import of type {}{how}.", role.name, types(&role.types))
    }));
    said.extend(place.map(|name| format!("`{name}` is set to where the module leaves memory free.")));
    said.extend(alone.map(|doubt| format!("The evidence is weak if {doubt}.")));
    said.extend(doubts.iter().map(|doubt| format!("What remains uncertain: {doubt}.")));
    said
}

fn role(role: &Role) -> String {
    let Role { name, optional, transform, .. } = role;
    let (types, how) = (types(&role.types), how(&role.how, "export"));
    let does = role.does.as_ref().map_or(String::new(), |does| format!(" It {does}."));
    match (transform, optional, &role.how) {
        (true, _, How::Type) => format!("`{name}`: the one export of type {types} that serves no other purpose."),
        (true, ..) => format!("`{name}`: the export of type {types}{how} that does the work."),
        (false, true, _) => {
            format!("`{name}`: an export of type {types}{how}.{does} Without it, the lines that call it are left out.")
        }
        (false, false, _) => format!("`{name}`: an export of type {types}{how}.{does}"),
    }
}

fn types(patterns: &[Pattern]) -> String {
    patterns.iter().map(pattern).collect::<Vec<_>>().join(" or ")
}

/// `(i32, i32?) -> i32`
fn pattern(pattern: &Pattern) -> String {
    let mark = |place: usize| if place < pattern.least { "" } else { "?" };
    let params = pattern.full.params.iter().enumerate().map(|(place, ty)| format!("{ty}{}", mark(place)));
    let results: Vec<_> = pattern.full.results.iter().map(ToString::to_string).collect();
    let results = if let [one] = &results[..] { one.clone() } else { format!("({})", results.join(", ")) };
    format!("({}) -> {results}", params.collect::<Vec<_>>().join(", "))
}

fn how(how: &How, what: &str) -> String {
    match how {
        How::Type => String::new(),
        How::Named { kinds, first, or_alone } => {
            let kinds: Vec<_> = kinds.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
            let first = if *first { " (the first of several)" } else { "" };
            let alone = if *or_alone { format!(", or the only {what} of that type") } else { String::new() };
            format!(" whose name has a word for: {}{first}{alone}", kinds.join(", "))
        }
        How::Called(names) => {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            format!(" called {}", names.join(" or "))
        }
        How::SizeOf(other) => format!(" with the name of `{other}` and a word for a size"),
    }
}
