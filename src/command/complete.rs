//! Completions and hints for a command that is being typed.

use super::args::home;
use super::grammar::{Expected, follow, is_kind};
use super::parts::{Token, tokens};
use super::quotes::{quoted, unquoted};
use super::table::{COMMANDS, Spec, find};
use crate::abi::built_in_recipes;
use crate::check::KINDS;
use crate::guest::Signature;
use crate::view::structs::built_in_structs;
use crate::view::{NUMBER_TYPES, Notation};

/// The maximum number of files offered.
const FILES: usize = 1000;

/// Candidates to replace the last word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The byte offset of the word in the line.
    pub start: usize,
    /// The candidates, quoted where necessary.
    pub words: Vec<String>,
}

/// The names that commands accept: those of the guest and of the current memory.
#[derive(Clone, Debug, Default)]
pub struct Names {
    pub(super) exports: Vec<(String, Signature)>,
    pub(super) globals: Vec<String>,
    pub(super) memories: Vec<String>,
    pub(super) regions: Vec<String>,
    pub(super) marks: Vec<String>,
    pub(super) structs: Vec<String>,
}

impl Names {
    /// Whether text that is not a command may be an address.
    pub(super) fn may_be_address(&self, text: &str) -> bool {
        let begins = |name: &String| !name.is_empty() && text.starts_with(&**name);
        !text.starts_with(char::is_alphabetic) || self.regions.iter().any(begins)
    }
}

/// Completes a line as typed so far. Empty for a line that is not a command.
pub fn complete(line: &str, names: &Names) -> Completion {
    let Some((name, words)) = command(line) else { return Completion::default() };
    let Some((last, before)) = words.split_last().filter(|_| !name.is_open()) else {
        // Add a space after a command that takes arguments.
        let ended = |spec: &Spec| format!("{}{}", spec.name, if spec.args().is_empty() { "" } else { " " });
        let found = COMMANDS.iter().map(ended).filter(|spec| spec.starts_with(name.text));
        return Completion { start: name.start, words: found.collect() };
    };
    let Ok(spec) = find(name.text) else { return Completion::default() };
    let before: Vec<_> = before.iter().map(|token| token.text).collect();
    let mut found = Vec::new();
    for next in follow(spec.args(), &before) {
        if let Expected::Word(slot, _) = next {
            slot.choices().for_each(|choice| found.extend(offered(choice, last.text, names)));
        }
    }
    found.dedup();
    Completion { start: last.start, words: found }
}

/// The candidates of one kind that start with `typed`.
fn offered(choice: &'static str, typed: &str, names: &Names) -> Vec<String> {
    let begun = |names: &mut dyn Iterator<Item = &str>| {
        let Some(begun) = unquoted(typed) else { return Vec::new() };
        let fitting = names.filter(|name| name.starts_with(&begun));
        fitting.map(|name| quoted(name, typed.starts_with('"'))).collect()
    };
    match choice {
        "EXPORT" => begun(&mut names.exports.iter().map(|(name, _)| name.as_str())),
        "GLOBAL" => begun(&mut names.globals.iter().map(String::as_str)),
        "MEMORY" => begun(&mut names.memories.iter().map(String::as_str)),
        "ADDR" | "REGION" => begun(&mut names.regions.iter().map(String::as_str)),
        "FINDING" => begun(&mut KINDS.iter().map(|kind| kind.name)),
        "RECIPE" => begun(&mut built_in_recipes().map(|(name, _)| name)),
        "TYPE" => begun(&mut NUMBER_TYPES.iter().map(|ty| ty.name)),
        "FORMAT" => begun(&mut Notation::ALL.into_iter().map(Notation::name)),
        "STRUCT" => {
            let built_in = built_in_structs().map(|(ty, _)| ty.name.as_str());
            begun(&mut names.structs.iter().map(String::as_str).chain(built_in))
        }
        "MARK" => begun(&mut names.marks.iter().map(String::as_str)),
        "COMMAND" => begun(&mut COMMANDS.iter().map(|spec| spec.name)),
        "FILE" => files(typed),
        choice if is_kind(choice) => Vec::new(),
        choice => begun(&mut std::iter::once(choice)),
    }
}

/// The files and directories that start with `typed`; directories end with a slash. Hidden ones are offered only after
/// a typed dot.
fn files(typed: &str) -> Vec<String> {
    let Some(begun) = unquoted(typed) else { return Vec::new() };
    let (folder, name) = begun.rfind('/').map_or(("", &*begun), |at| begun.split_at(at + 1));
    let listed = std::fs::read_dir(if folder.is_empty() { "./".into() } else { home(folder) });
    let mut found = Vec::new();
    for entry in listed.into_iter().flatten().flatten().take(100 * FILES) {
        let Ok(entry_name) = entry.file_name().into_string() else { continue };
        if entry_name.starts_with(name) && (name.starts_with('.') || !entry_name.starts_with('.')) {
            let slash = if entry.path().is_dir() { "/" } else { "" };
            found.push(quoted(&format!("{folder}{entry_name}{slash}"), typed.starts_with('"')));
        }
    }
    found.sort();
    found.truncate(FILES);
    found
}

/// The rest of a command's name and its remaining arguments, as text.
pub fn hint(line: &str, names: &Names) -> Option<String> {
    let (name, words) = command(line).filter(|(name, _)| !name.text.is_empty())?;
    let spec = find(name.text).ok()?;
    if name.is_open() {
        let rest = spec.name.strip_prefix(name.text)?;
        return Some(format!("{rest} {}", spec.args()).trim_end().to_owned()).filter(|hint| !hint.is_empty());
    }
    // No hint in the middle of a word.
    let (last, before) = words.split_last()?;
    let before: Vec<_> = before.iter().map(|token| token.text).collect();
    if !last.text.is_empty() {
        return None;
    }
    if let ("call", Some((export, given))) = (spec.name, before.split_first()) {
        let (_, signature) = names.exports.iter().find(|(name, _)| unquoted(export).as_ref() == Some(name))?;
        let types: Vec<_> = signature.params.iter().skip(given.len()).map(ToString::to_string).collect();
        return Some(types.join(" ")).filter(|hint| !hint.is_empty());
    }
    let told = follow(spec.args(), &before).into_iter().filter_map(|next| match next {
        Expected::Word(slot, rest) => Some(std::iter::once(slot).chain(rest).map(|slot| slot.to_string()).collect()),
        Expected::Text | Expected::End => None,
    });
    Some(told.map(|words: Vec<_>| words.join(" ")).collect::<Vec<_>>().join(" | ")).filter(|hint| !hint.is_empty())
}

/// The name of a command and the words after it, the last of which may be empty; `None` if the line is not a command.
fn command(line: &str) -> Option<(Token<'_>, Vec<Token<'_>>)> {
    line.strip_prefix(':').filter(|rest| !rest.starts_with(':'))?;
    let mut tokens = tokens(line, 1);
    let name = tokens.remove(0);
    Some((name, tokens))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::Type;

    fn names() -> Names {
        let signature = Signature { params: vec![Type::I32, Type::F64], results: vec![] };
        Names {
            exports: vec![("mix".to_owned(), signature.clone()), ("two words".to_owned(), signature)],
            globals: vec!["count".to_owned()],
            memories: vec!["memory".to_owned(), "second".to_owned()],
            regions: vec!["input".to_owned(), "output".to_owned()],
            structs: Vec::new(),
            marks: vec!["here".to_owned()],
        }
    }

    fn words(line: &str) -> Vec<String> {
        complete(line, &names()).words
    }

    #[test]
    fn every_word_of_a_command_completes() {
        assert_eq!(words(":pee"), ["peek "]);
        assert_eq!(words(":call m"), ["mix"]);
        assert_eq!(words(":call t"), ["\"two words\""], "what takes quotes gets them");
        assert_eq!(words(":call \"two w"), ["\"two words\""]);
        assert_eq!(words(":peek u1"), ["u16"]);
        assert_eq!(words(":peek u8 in"), ["input"]);
        assert_eq!(words(":poke text out"), ["output"]);
        assert_eq!(words(":expect at input "), ["hex", "text"]);
        assert_eq!(words(":globals c"), ["count"]);
        assert_eq!(words(":unmark "), ["here"]);
        assert_eq!(words(":copy b"), ["base64"]);
        assert_eq!(words(":copy hex o"), ["output"]);
        assert_eq!(words(":goto i"), ["input"]);
        assert_eq!(words(":shot x o"), ["overwrite"]);
        assert_eq!(words(":memory s"), ["second"]);
        assert_eq!(words(":recipe packed"), ["packed", "packed-low"]);
        assert_eq!(words(":set row"), ["rows"]);
        assert_eq!(words(":set cros"), Vec::<String>::new(), "an old name");
        assert_eq!(words(":cros"), Vec::<String>::new(), "an old name");
        assert_eq!(words(":set resend "), ["all", "last"]);
        assert_eq!(words(":set steps o"), ["on", "off"]);
        assert_eq!(words(":help :pe"), Vec::<String>::new());
        assert_eq!(words(":help pee"), ["peek"]);
        assert!(words("peek").is_empty() && words("::pee").is_empty() && words(":send hex 00 ").is_empty());
        assert_eq!(complete(":peek u8 in", &names()).start, 9);
    }

    #[test]
    fn files_complete_with_quotes_where_they_take_them() {
        let folder = std::env::temp_dir().join(format!("linmem-files-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("sub folder")).expect("a folder for the test");
        std::fs::write(folder.join("sub folder/one"), "").expect("ours");
        std::fs::write(folder.join(".hidden"), "").expect("ours");
        let at = folder.display();
        assert_eq!(words(&format!(":source {at}/")), [format!("\"{at}/sub folder/\"")]);
        assert_eq!(words(&format!(":send file \"{at}/sub folder/o")), [format!("\"{at}/sub folder/one\"")]);
        assert_eq!(words(&format!(":save {at}/.h")), [format!("{at}/.hidden")]);
        assert!(words(":save /nowhere/at/all/").is_empty());
        std::fs::remove_dir_all(&folder).expect("it was ours");
    }

    #[test]
    fn hints_tell_what_is_still_to_be_typed() {
        let hint = |line| hint(line, &names());
        assert_eq!(hint(":pee").as_deref(), Some("k TYPE ADDR [COUNT]"));
        assert_eq!(hint(":peek ").as_deref(), Some("TYPE ADDR [COUNT]"));
        assert_eq!(hint(":peek u8 ").as_deref(), Some("ADDR [COUNT]"));
        assert_eq!(hint(":peek u8 0x10 3 "), None);
        assert_eq!(hint(":peek u8"), None);
        assert_eq!(hint(":call mix ").as_deref(), Some("i32 f64"));
        assert_eq!(hint(":call mix 1 ").as_deref(), Some("f64"));
        assert_eq!(hint(":call nothing "), None);
        assert_eq!(hint(":expect at 0x10 ").as_deref(), Some("hex BYTES | text TEXT"));
        assert_eq!((hint("hello"), hint("::peek "), hint(":"), hint(":xyzzy ")), (None, None, None, None));
    }
}
