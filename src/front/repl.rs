//! The prompt: lines, commands and changed memory in the scrollback. Moves the cursor only within the edited line.

use std::borrow::Cow;
use std::io::{self, ErrorKind, IsTerminal, Stdin};
use std::sync::mpsc::{Sender, channel};

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{ColorMode, CompletionType, Config, Context, EditMode, Editor, ExternalPrinter, Helper};

use super::console::{Console, Read};
use super::history::{History, Keeper};
use super::messages::Message;
use super::status::{self, Status};
use super::{Lines, Piece, script, system};
use crate::cli::{Cli, Keys};
use crate::command::{Names, Part, complete, hint, parts};
use crate::record::Failure;
use crate::session::{Options, Session, Source};
use crate::view::visible;

type Prompt = Editor<Assistant, MemHistory>;

/// Runs the prompt to its end.
pub(super) fn run(source: Source, options: Options, cli: &Cli) -> Status {
    // Nobody reads keys while the guest is loaded.
    system::signal_end_of_file();
    let opened = Console::open(source, options, cli, true);
    system::restore();
    match opened {
        Ok(console) => talk(console, cli),
        Err(status) => status,
    }
}

/// Opens a saved session.
pub(super) fn replay(session: Session, cli: &Cli) -> Status {
    match Console::replay(session, cli) {
        Ok(console) => talk(console, cli),
        Err(status) => status,
    }
}

/// Runs the prompt until the user quits.
fn talk(mut console: Console, cli: &Cli) -> Status {
    let history = if cli.settings.history { History::load() } else { History::none() };
    console.pauses = true;
    let (lines, keeper) = history.into_parts();
    system::enter_prompt();
    let prompt = match editor(cli, lines) {
        Ok(prompt) => prompt,
        Err(error) => return status::fail(Status::Io, &format!("terminal error: {error}")),
    };
    if !cli.settings.quiet {
        let name = visible(console.session.name().as_bytes());
        // A recipe file may have no name.
        let convention = console.session.about().map(|about| about.convention.as_str()).filter(|name| !name.is_empty());
        let convention = convention.map_or(String::new(), |name| format!(", {}", visible(name.as_bytes())));
        let what = match console.session.is_replay() {
            true => "Saved session: :exchange NUMBER, :back and :forward show its exchanges",
            false => "Type a line to send it",
        };
        console.say(&format!("linmem: {name}{convention}. {what}; :help lists commands; Ctrl-D quits."));
        if let Some(why) = console.session.about().and_then(|about| about.untraced.clone()) {
            console.say(&super::untraced(&why));
        }
        if let Some(why) = console.session.about().and_then(|about| about.undecided.clone()) {
            console.say(&format!(
                "{}\nChoose one with :convention NAME.",
                why.lines().map(|line| visible(line.as_bytes())).collect::<Vec<_>>().join("\n")
            ));
        }
        if let Some(assumed) = console.session.about().and_then(|about| about.assumed.clone()) {
            console.say(&visible(assumed.as_bytes()));
        }
    }
    console.session.missing_stops().iter().for_each(|missing| console.say(missing));
    let talked = converse(&mut console, prompt, keeper);
    system::leave_prompt();
    match talked {
        Ok(()) => Status::Answered,
        Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::FileTooLarge => {
            status::fail(Status::ExchangeFailed, &error.to_string())
        }
        Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
            status::fail(Status::Io, &format!("reading stdin failed: {error}"))
        }
        Err(ReadlineError::Io(error)) => status::of_write(Err(error)),
        Err(error) => status::fail(Status::Io, &format!("terminal error: {error}")),
    }
}

fn editor(cli: &Cli, history: MemHistory) -> Result<Prompt, ReadlineError> {
    let keys = match cli.settings.keys {
        Keys::Emacs => EditMode::Emacs,
        Keys::Vi => EditMode::Vi,
    };
    let color = if cli.colored() { ColorMode::Enabled } else { ColorMode::Disabled };
    // Tab completes the common prefix; a second Tab lists the candidates.
    let config = Config::builder().edit_mode(keys).color_mode(color).completion_type(CompletionType::List);
    let mut prompt = Editor::with_history(config.auto_add_history(false).build(), history)?;
    prompt.set_helper(Some(Assistant { names: Names::default() }));
    Ok(prompt)
}

/// Prints text above the line being edited. Uses a thread, because printing after the line is sent may block until the
/// next one.
fn printer(prompt: &mut Prompt) -> Option<Sender<String>> {
    // A dumb terminal has none.
    let mut printer = prompt.create_external_printer().ok()?;
    let (sender, texts) = channel::<String>();
    std::thread::spawn(move || {
        while let Ok(first) = texts.recv() {
            if printer.print(first + &texts.try_iter().collect::<String>()).is_err() {
                return;
            }
        }
    });
    Some(sender)
}

/// Reads lines until the user quits.
fn converse(console: &mut Console, mut prompt: Prompt, mut keeper: Keeper) -> Result<(), ReadlineError> {
    let above = printer(&mut prompt);
    if above.is_some() {
        system::leave_keys();
    }
    let longest = usize::try_from(console.settings.limits.memory).unwrap_or(usize::MAX);
    let mut piped = (!io::stdin().is_terminal()).then(|| Lines::new(io::stdin(), b'\n', longest));
    loop {
        if let Some(assistant) = prompt.helper_mut() {
            assistant.names = console.names();
        }
        let (back, editor) = channel();
        let Read { typed, early } = console.read(above.clone(), move |sender| {
            std::thread::spawn(move || {
                let typed = match &mut piped {
                    Some(lines) => piped_line(lines, longest),
                    None => system::editing(|| prompt.readline("> ")),
                };
                // The receiver outlives this thread unless the program ends.
                let _ = back.send((prompt, piped));
                let _ = sender.send(Message::Read(typed));
            });
        })?;
        (prompt, piped) = editor.recv().map_err(|_| ReadlineError::Eof)?;
        let typed = match typed {
            Ok(typed) => typed,
            Err(ReadlineError::Eof) => return Ok(()),
            // It interrupted the guest, which was reported.
            Err(ReadlineError::Interrupted) if early => continue,
            Err(ReadlineError::Interrupted) => {
                console.say("Ctrl-D quits");
                continue;
            }
            // The window was resized; redraw the line.
            Err(ReadlineError::Signal(_)) => continue,
            // Stdin is not a terminal; the invalid line was consumed.
            Err(ReadlineError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
                console.say("not valid UTF-8: the line was not sent; :send hex BYTES sends any bytes");
                continue;
            }
            Err(error) => return Err(error),
        };
        console.forget_interrupt();
        for line in lines_of(&typed) {
            if prompt.add_history_entry(line)? {
                keeper.keep(line);
            }
            answer(console, line)?;
            if console.leaving {
                return Ok(());
            }
            if console.is_interrupted() {
                break;
            }
        }
        if let Some(words) = keeper.trouble() {
            console.say(&visible(words.as_bytes()));
        }
    }
}

/// Reads a line where there is no terminal. The editor would read a line of any length.
fn piped_line(lines: &mut Lines<Stdin>, longest: usize) -> rustyline::Result<String> {
    loop {
        match lines.piece() {
            Piece::Line(line, _) => {
                let line = std::str::from_utf8(line).map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
                return Ok(line.strip_suffix('\r').unwrap_or(line).to_owned());
            }
            Piece::End => return Err(ReadlineError::Eof),
            Piece::TooLong(_) => return Err(too_long(longest).into()),
            Piece::Wanting => {
                // Its end may never come.
                let filled = if lines.is_skipping() { Err(too_long(longest)) } else { lines.fill() };
                filled?;
            }
        }
    }
}

fn too_long(longest: usize) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, Failure::LineTooLong(longest as u64).to_string())
}

/// Splits the input into lines. A paste has several; Enter ends the last one.
fn lines_of(typed: &str) -> impl Iterator<Item = &str> {
    typed.strip_suffix('\n').unwrap_or(typed).split('\n')
}

/// Answers one line.
fn answer(console: &mut Console, line: &str) -> Result<(), ReadlineError> {
    let fed = script::feed(console, line);
    console.tell(fed);
    Ok(console.print()?)
}

/// Completion, hints and highlighting.
struct Assistant {
    names: Names,
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = complete(&line[..pos], &self.names);
        let pair = |word: String| Pair { display: visible(word.as_bytes()), replacement: word };
        Ok((found.start, found.words.into_iter().map(pair).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, pos: usize, _: &Context<'_>) -> Option<String> {
        if pos == line.len() { hint(line, &self.names) } else { None }
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let parts = parts(line, &self.names);
        if parts.is_empty() {
            return Cow::Borrowed(line);
        }
        // An escape lies inside its quotes, and follows them in the list.
        let mut kinds = vec![None; line.len()];
        parts.into_iter().for_each(|(range, part)| kinds[range].fill(Some(part)));
        let (mut text, mut present) = (String::new(), None);
        for (at, c) in line.char_indices() {
            if kinds[at] != present {
                present = kinds[at];
                text.push_str("\x1b[0m");
                text.push_str(present.map_or("", style));
            }
            text.push(c);
        }
        text.push_str("\x1b[0m");
        Cow::Owned(text)
    }

    fn highlight_char(&self, line: &str, _: usize, _: CmdKind) -> bool {
        line.starts_with(':')
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("\x1b[2m{hint}\x1b[0m"))
    }
}

/// The style of a part. Errors are underlined as well as red.
fn style(part: Part) -> &'static str {
    match part {
        Part::Command => "\x1b[1m",
        Part::Unknown | Part::Wrong => "\x1b[4;31m",
        Part::Keyword | Part::Quoted => "\x1b[36m",
        Part::Escape => "\x1b[1;36m",
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}
