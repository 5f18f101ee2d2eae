//! The guide's page about a built-in convention, made from its recipe and the evidence for it.

use crate::abi::recipe::{Encoding, Recipe, Statement};
use crate::abi::{ConventionRequest, built_in, built_in_recipes, choose, recognition};
use crate::guest::inspect;
use crate::session::BUILT_IN;
use crate::settings::Settings;
use crate::view;

/// The page; `None` if there is no such convention.
pub(super) fn convention_page(name: &str) -> Option<String> {
    let (_, text) = built_in_recipes().find(|(known, _)| *known == name)?;
    let recipe = built_in(name)?;
    let mut page = format!("# {name}\n\n{}\n", recipe.about);
    page.push_str(&format!("\n## Recipe\n\n{}", indented(text)));
    page.push_str(&format!("\nTo change it: `linmem recipe {name} > mine.recipe`, then `--abi mine.recipe`.\n"));
    page.push_str(&header(&recipe));
    section(&mut page, "Once for each guest", &recipe.once);
    section(&mut page, "For each line (`n` is its length in bytes)", &recipe.line);
    section(&mut page, "After each line, whether it failed or not", &recipe.finally);
    for handler in &recipe.handlers {
        let title = format!("When the guest calls {}.{}({})", handler.module, handler.name, handler.params.join(", "));
        section(&mut page, &title, &handler.body);
    }
    page.push_str("\n## How a module is recognized\n\n");
    recognition(name).iter().for_each(|said| page.push_str(&format!("- {said}\n")));
    let guests = guests(name);
    if !guests.is_empty() {
        page.push_str("\n## To try it\n\n");
        guests
            .iter()
            .for_each(|guest| page.push_str(&format!("    linmem {guest} --line 'Did you know' --show hex\n")));
    }
    Some(page)
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("    {line}\n")).collect()
}

/// What the header says.
fn header(recipe: &Recipe) -> String {
    let text = match recipe.encoding {
        Encoding::Bytes => "Bytes are passed unchanged.",
        Encoding::Utf8 => "The line must be valid UTF-8.",
        Encoding::Utf16 => "The line is converted to UTF-16, and the answer back to UTF-8.",
        Encoding::Latin1 => "The line is in ISO 8859-1.",
        Encoding::Hex => "The line is hexadecimal digits, which are converted to bytes.",
    };
    let wasi = "The host provides WASI; the line is the program's standard input.";
    let exact = "No LF follows the line.";
    let fresh = "Each line gets a fresh guest.";
    let stubs = "Unresolved imports return zero.";
    let rest = [(recipe.wasi, wasi), (recipe.exact_stdin, exact), (recipe.fresh, fresh), (recipe.stubs, stubs)];
    let said = std::iter::once(text).chain(rest.into_iter().filter(|(is_said, _)| *is_said).map(|(_, words)| words));
    format!("\n{}\n", said.collect::<Vec<_>>().join(" "))
}

fn section(page: &mut String, title: &str, body: &[Statement]) {
    if body.is_empty() {
        return;
    }
    page.push_str(&format!("\n## {title}\n\n"));
    for (number, statement) in body.iter().enumerate() {
        let mark = if statement.transform { " This is the transform." } else { "" };
        page.push_str(&format!("{}. {}{mark}\n", number + 1, view::statement(statement)));
    }
}

/// The built-in guests that use the convention.
fn guests(convention: &str) -> Vec<&'static str> {
    let uses = |bytes: &[u8]| {
        let inspected = inspect("built-in guest", bytes, &Settings::default().limits, None).ok()?;
        let chosen = choose(&inspected.interface, &ConventionRequest::default()).ok()?;
        Some(chosen.recipe.name == convention)
    };
    BUILT_IN.iter().filter(|(_, bytes, _)| uses(bytes) == Some(true)).map(|(name, ..)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_convention_has_a_page_and_a_guest() {
        for (name, _) in built_in_recipes() {
            let page = convention_page(name).expect("it is built in");
            assert!(page.contains("This is the transform."), "{page}");
            assert!(page.contains("## How a module is recognized\n\n- "), "{page}");
            // A guest in which detection finds `wasi` runs with `wasi-exact` only on request.
            assert!(page.contains("## To try it") || name == "wasi-exact", "{page}");
        }
        assert_eq!(convention_page("nonsense"), None);
    }
}
