//! The user interfaces: the full screen, the prompt, scripts and the pipe, and the choice between them.

mod answers;
mod compiling;
mod console;
mod convention_page;
mod hex;
mod history;
mod infer;
mod inspect;
mod json;
mod lines;
mod man;
mod manual;
mod messages;
mod output_format;
mod pipe;
mod progress;
mod recipe;
mod repl;
mod replay;
mod script;
mod shown;
mod sourced;
mod status;
mod system;
mod tui;
mod waiting;

use std::io::IsTerminal;

pub use inspect::{json as inspection_json, text as inspection_text};
pub use lines::{Lines, Piece};
pub use replay::print as print_saved;
pub use status::Status;
pub use tui::Offscreen;

use crate::abi::ConventionRequest;
use crate::cli::{Cli, Command, ConventionArgs};
use crate::session::{Source, SourceError, Watched};

/// Runs the command line, and returns the exit status. Errors were printed to stderr.
pub fn run(cli: &Cli) -> Status {
    system::outlive_full_files();
    system::restore_before_aborting();
    if let Some(why) = &cli.unread {
        status::tell(why);
    }
    let is_silent = cli.script.is_some() && cli.settings.quiet && cli.show.is_none();
    if system::is_stdout_closed() && !is_silent {
        return status::of_write(Err(closed()));
    }
    if let Some(command) = &cli.command {
        return match command {
            Command::Replay { file, show, repl } => {
                let wish = replay::ReplayRequest { show: *show, at_prompt: *repl };
                replay::run(file, &wish, cli)
            }
            Command::Infer(args) => infer::run(args, cli),
            Command::Recipe { act: Some(act), .. } => recipe::run(act, cli),
            command => manual::print(command, cli),
        };
    }
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    let is_piped = cli.script.is_none() && !cli.repl && (!interactive || cli.wants_pipe());
    let mut options = compiling::options(cli, !is_piped || cli.show.is_some() || cli.checks(false));
    options.wish = match wish(&cli.convention, cli) {
        Ok(wish) => wish,
        Err(status) => return status,
    };
    let source = match find_source(cli) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    // Interactive users can call exports by hand; a pipe cannot.
    options.wish.by_hand = !is_piped;
    if cli.watch {
        options.watched = match watched(cli, interactive, &options.wish) {
            Ok(watched) => watched,
            Err(words) => return status::fail(Status::Usage, words),
        };
    }
    match &cli.script {
        Some(file) => script::run(source, options, cli, file),
        None if cli.repl => repl::run(source, options, cli),
        None if !interactive || cli.wants_pipe() => pipe::run(&source, &options, cli),
        None if is_dumb() => repl::run(source, options, cli),
        None => tui::run(source, options, cli),
    }
}

/// The files to watch.
///
/// # Errors
/// There is no interactive front end or no file, as a message.
fn watched(cli: &Cli, interactive: bool, wish: &ConventionRequest) -> Result<Watched, &'static str> {
    if !cli.repl && !interactive {
        return Err("--watch needs the full-screen view or the prompt");
    }
    let guest = cli.guest.clone().filter(|file| file.exists());
    let guest = Some(guest.ok_or("--watch needs a guest file; built-in guests do not change")?);
    Ok(Watched { guest, recipe: cli.convention.abi.clone().filter(|_| wish.recipe.is_some()) })
}

/// Whether the terminal cannot move its cursor, according to `TERM`.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// The error of writing to a closed stdout.
fn closed() -> std::io::Error {
    std::io::Error::other("it is closed")
}

/// Prints clap's output: the requested help, or a usage error with control characters escaped.
pub fn usage(error: &clap::Error) -> Status {
    if !error.use_stderr() {
        return status::of_write(if system::is_stdout_closed() { Err(closed()) } else { error.print() });
    }
    let words = error.to_string();
    status::fail(Status::Usage, words.trim_start_matches("error: ").trim_end())
}

/// The convention request. An error was printed to stderr.
fn wish(how: &ConventionArgs, cli: &Cli) -> Result<ConventionRequest, Status> {
    how.request(&cli.settings.limits).map_err(|error| {
        let exists = how.abi.as_ref().is_some_and(|file| file.exists());
        status::fail(if exists { Status::NoConvention } else { Status::Usage }, &error.to_string())
    })
}

fn find_source(cli: &Cli) -> Result<Source, SourceError> {
    let find = |guest| Source::find_within(guest, &cli.settings.limits);
    cli.guest.as_deref().map_or_else(|| Ok(Source::default_guest()), find)
}

/// The message that a guest's stores are not recorded, with the reason.
fn untraced(why: &str) -> String {
    format!(
        "stores are not recorded, so changes are found by comparing memory: {}",
        crate::view::visible(why.as_bytes())
    )
}
