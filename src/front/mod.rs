//! What the user faces: the full screen and the pipe, and the choice between them.

mod hex;
mod history;
mod lines;
mod pipe;
mod signals;
mod status;
mod tui;

use std::io::{IsTerminal, Write};

pub use lines::{Lines, Piece};
pub use status::Status;

use crate::cli::{Cli, Command};
use crate::session::{BUILT_IN, Source, SourceError};

/// Does what the command line says, and returns how it went. Failures were told on stderr by then.
pub fn run(cli: &Cli) -> Status {
    if let Some(Command::Guests) = cli.command {
        return list_guests();
    }
    let source = match find_source(cli) {
        Ok(source) => source,
        Err(error) => return status::fail(Status::NotLoaded, &error.to_string()),
    };
    let interactive = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if interactive && !cli.wants_pipe() { tui::run(source, cli) } else { pipe::run(&source, cli) }
}

fn find_source(cli: &Cli) -> Result<Source, SourceError> {
    cli.guest.as_deref().map_or_else(|| Ok(Source::default_guest()), Source::find)
}

fn list_guests() -> Status {
    let mut list = String::new();
    for (name, _, about) in BUILT_IN {
        list.push_str(&format!("{name:<16} {about}\n"));
    }
    status::of_write(std::io::stdout().write_all(list.as_bytes()))
}
