//! What could stand at the end of a command that is being typed.

use super::table::{COMMANDS, Spec};
use crate::session::Session;
use crate::view::{Form, NUMBER_TYPES};

/// What could take the place of the last word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// Where the word begins, as a byte of the line.
    pub start: usize,
    /// What it could be. Names that would have to be quoted are left out.
    pub words: Vec<String>,
    /// Whether it could also be a file.
    pub files: bool,
}

/// The names of a guest that commands take.
#[derive(Clone, Debug, Default)]
pub struct Names {
    exports: Vec<String>,
    globals: Vec<String>,
}

impl Names {
    /// The names of a session's guest; none before it is loaded.
    pub fn of(session: &Session) -> Names {
        let funcs = session.about().into_iter().flat_map(|about| about.interface.funcs());
        Names {
            exports: funcs.map(|(name, _)| name.to_owned()).collect(),
            globals: session.globals().iter().map(|global| global.name.clone()).collect(),
        }
    }
}

/// Completes a line that was typed as far as this; nothing for one that is no command.
pub fn complete(line: &str, guest: &Names) -> Completion {
    let Some(command) = line.strip_prefix(':').filter(|rest| !rest.starts_with(':')) else {
        return Completion::default();
    };
    let Some((name, rest)) = command.split_once(' ') else {
        // Behind a command that takes arguments one goes on typing.
        let ended = |spec: &Spec| format!("{}{}", spec.name, if spec.args.is_empty() { "" } else { " " });
        let words = COMMANDS.iter().map(ended).filter(|name| name.starts_with(command)).collect();
        return Completion { start: 1, words, files: false };
    };
    let Ok(spec) = super::find(name) else { return Completion::default() };
    let start = line.rfind(' ').map_or(line.len(), |at| at + 1);
    let (word, first) = (&line[start..], !rest.trim_start().contains(' '));
    let types = || NUMBER_TYPES.iter().map(|ty| ty.name);
    match (spec.name, first) {
        ("call", true) => among(start, word, guest.exports.iter().map(String::as_str)),
        ("globals", true) => among(start, word, guest.globals.iter().map(String::as_str)),
        ("peek", true) => among(start, word, types()),
        ("poke", true) => among(start, word, types().chain(["hex", "text"])),
        ("find", true) => among(start, word, types().chain(["hex"])),
        ("send", true) => among(start, word, ["hex", "file"].into_iter()),
        ("expect", true) => among(start, word, ["at", "error"].into_iter()),
        ("exchange", true) => among(start, word, ["now"].into_iter()),
        ("copy", true) => among(start, word, Form::ALL.into_iter().map(Form::name)),
        ("help", true) => among(start, word, COMMANDS.iter().map(|spec| spec.name)),
        ("source" | "save" | "reload" | "write" | "shot", true) => {
            Completion { start, files: true, ..Completion::default() }
        }
        ("send", false) if rest.trim_start().starts_with("file ") => {
            Completion { start, files: true, ..Completion::default() }
        }
        _ => Completion::default(),
    }
}

fn among<'a>(start: usize, word: &str, names: impl Iterator<Item = &'a str>) -> Completion {
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_graphic() && c != '"');
    let fitting = names.filter(|name| name.starts_with(word)).filter(plain);
    Completion { start, words: fitting.map(str::to_owned).collect(), files: false }
}

/// What is still to be typed of a command, in words: its arguments.
pub fn hint(line: &str) -> Option<String> {
    let command = line.strip_prefix(':').filter(|rest| !rest.is_empty() && !rest.starts_with(':'))?;
    let spec = super::find(command.trim_end()).ok()?;
    let rest = spec.name.strip_prefix(command.trim_end())?;
    let blank = if command.ends_with(' ') { "" } else { " " };
    let hint = if command.ends_with(' ') { spec.args.to_owned() } else { format!("{rest}{blank}{}", spec.args) };
    (!hint.trim().is_empty()).then(|| hint.trim_end().to_owned())
}
