//! The prompt: lines and commands, and the changed memory in the scrollback. No cursor tricks but the line's own.

use std::borrow::Cow;
use std::path::PathBuf;

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, Config, Context, EditMode, Editor, Helper};

use super::console::{Console, Fed};
use super::history::History;
use super::status::{self, Status};
use crate::cli::{Cli, Keys};
use crate::command::{Names, complete, hint};
use crate::session::{Options, Source};
use crate::view::visible;

type Prompt = Editor<Assistant, FileHistory>;

/// Runs the prompt to its end.
pub(super) fn run(source: Source, options: Options, cli: &Cli) -> Status {
    match Console::open(source, options, cli) {
        Ok(console) => talk(console, cli),
        Err(status) => status,
    }
}

/// Talks about a session until the user leaves.
pub(super) fn talk(mut console: Console, cli: &Cli) -> Status {
    let history = if cli.no_history { History::none() } else { History::load() };
    let (lines, file) = history.into_parts();
    let mut prompt = match editor(cli, lines) {
        Ok(prompt) => prompt,
        Err(error) => return status::fail(Status::Io, &format!("the terminal failed: {error}")),
    };
    if !cli.quiet {
        let name = visible(console.session.name().as_bytes());
        let convention = console.session.about().map_or(String::new(), |about| about.convention.to_string());
        console
            .say(&format!("linmem: {name}, {convention}. Type a line to send; :help lists commands; Ctrl-D leaves."));
        if let Some(why) = console.session.about().and_then(|about| about.undecided.clone()) {
            console.say(&format!(
                "{}\n:convention NAME chooses one.",
                why.lines().map(|line| visible(line.as_bytes())).collect::<Vec<_>>().join("\n")
            ));
        }
    }
    match converse(&mut console, &mut prompt, file) {
        Ok(()) => Status::Answered,
        Err(ReadlineError::Io(error)) => status::of_write(Err(error)),
        Err(error) => status::fail(Status::Io, &format!("the terminal failed: {error}")),
    }
}

fn editor(cli: &Cli, history: FileHistory) -> Result<Prompt, ReadlineError> {
    let keys = match cli.keys {
        Keys::Emacs => EditMode::Emacs,
        Keys::Vi => EditMode::Vi,
    };
    let color = if cli.colored() { ColorMode::Enabled } else { ColorMode::Disabled };
    let config = Config::builder().edit_mode(keys).color_mode(color).auto_add_history(false).build();
    let mut prompt = Editor::with_history(config, history)?;
    prompt.set_helper(Some(Assistant { names: Names::default(), files: FilenameCompleter::new() }));
    Ok(prompt)
}

/// Takes lines until the user leaves.
fn converse(console: &mut Console, prompt: &mut Prompt, mut file: Option<PathBuf>) -> Result<(), ReadlineError> {
    loop {
        console.print()?;
        if let Some(assistant) = prompt.helper_mut() {
            assistant.names = Names::of(&console.session);
        }
        let typed = match prompt.readline("> ") {
            Ok(typed) => typed,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(ReadlineError::Interrupted) => {
                console.say("Ctrl-D leaves");
                continue;
            }
            Err(error) => return Err(error),
        };
        for line in lines_of(&typed) {
            prompt.add_history_entry(line)?;
            if !answer(console, line)? {
                return keep(prompt, &mut file, console);
            }
        }
        keep(prompt, &mut file, console)?;
    }
}

/// The lines of what was typed. A paste is several; the last line's end is that of Enter.
fn lines_of(typed: &str) -> impl Iterator<Item = &str> {
    typed.strip_suffix('\n').unwrap_or(typed).split('\n')
}

/// Answers one line; false if the user wants to leave.
fn answer(console: &mut Console, line: &str) -> Result<bool, ReadlineError> {
    match console.feed(line) {
        Fed::Done => (),
        Fed::Quit => return Ok(false),
        Fed::Failed(words) => console.say(&format!("failed: {}", visible(words.as_bytes()))),
        Fed::Refused(words) => console.say(&words),
    }
    console.print()?;
    Ok(true)
}

/// Appends the new lines to the history's file. If that fails it is said once.
fn keep(prompt: &mut Prompt, file: &mut Option<PathBuf>, console: &mut Console) -> Result<(), ReadlineError> {
    let Some(path) = file.as_ref() else { return Ok(()) };
    if let Err(error) = prompt.append_history(path) {
        console.say(&format!("the history is not kept in {}: {error}", visible(path.as_os_str().as_encoded_bytes())));
        *file = None;
    }
    Ok(())
}

/// Completes and hints.
struct Assistant {
    names: Names,
    files: FilenameCompleter,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = complete(&line[..pos], &self.names);
        if found.files {
            return self.files.complete_path(line, pos);
        }
        let pair = |word: String| Pair { display: visible(word.as_bytes()), replacement: word };
        Ok((found.start, found.words.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        if pos == line.len() { hint(line) } else { None }
    }
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}
