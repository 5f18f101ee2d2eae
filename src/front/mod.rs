//! What the user faces: the full screen, the prompt, scripts and the pipe, and the choice between them.

mod console;
mod cooked;
mod form;
mod hex;
mod history;
mod inspect;
mod json;
mod lines;
mod manual;
mod pipe;
mod progress;
mod repl;
mod replay;
mod script;
mod signals;
mod status;
mod tui;

use std::io::IsTerminal;

pub use lines::{Lines, Piece};
pub use status::Status;
pub use tui::Offscreen;

use crate::abi::recipe::parse;
use crate::abi::{BUILT_IN as BUILT_IN_RECIPES, built_in};
use crate::cli::{Cli, Command};
use crate::session::{Options, Source, SourceError};

/// Does what the command line says, and returns how it went. Failures were told on stderr by then.
pub fn run(cli: &Cli) -> Status {
    if let Some(command) = &cli.command {
        return match command {
            Command::Replay { file, show, repl, max_memory } => {
                let wish = replay::Wish { show: *show, at_prompt: *repl, most: *max_memory };
                replay::run(file, &wish, cli)
            }
            command => manual::print(command),
        };
    }
    let options = match options(cli) {
        Ok(options) => options,
        Err((status, words)) => return status::fail(status, &words),
    };
    let source = match find_source(cli) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    match &cli.script {
        Some(file) => script::run(source, options, cli, file),
        None if cli.repl => repl::run(source, options, cli),
        None if !interactive || cli.wants_pipe() => pipe::run(&source, &options, cli),
        None if is_dumb() => repl::run(source, options, cli),
        None => tui::run(source, options, cli),
    }
}

/// Whether the terminal says that it cannot move its cursor.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the command line, in which
/// nothing that the user gave reaches the terminal raw.
pub fn usage(error: &clap::Error) -> Status {
    if !error.use_stderr() {
        return status::of_write(error.print());
    }
    let words = error.to_string();
    status::fail(Status::Usage, words.trim_start_matches("error: ").trim_end())
}

/// How the guest is to be run, with the recipe read if a file of one was given.
fn options(cli: &Cli) -> Result<Options, (Status, String)> {
    let mut options = cli.options();
    let Some(abi) = &cli.abi else { return Ok(options) };
    let named = abi.to_str().filter(|name| built_in(name).is_some());
    if let Some(name) = named.filter(|_| !abi.exists()) {
        options.wish.convention = Some(name.to_owned());
        return Ok(options);
    }
    let file = abi.display().to_string();
    let text = std::fs::read_to_string(abi).map_err(|error| {
        let names: Vec<_> = BUILT_IN_RECIPES.iter().map(|(name, _)| *name).collect();
        (Status::Usage, format!("{file}: {error}; the conventions that come along are {}", names.join(", ")))
    })?;
    let recipe = parse(&text).map_err(|error| (Status::NoConvention, format!("{file}: {error}")))?;
    options.wish.recipe = Some((file, recipe));
    Ok(options)
}

fn find_source(cli: &Cli) -> Result<Source, SourceError> {
    cli.guest.as_deref().map_or_else(|| Ok(Source::default_guest()), Source::find)
}
