//! A saved session: looked at in the same screens, or printed in the same forms, without running anything.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::console::Console;
use super::status::{self, Status};
use super::{hex, json, repl, tui};
use crate::cli::{Cli, Show};
use crate::record::{Moment, Run, Trigger};
use crate::session::{Session, load};

/// Opens or prints a saved session. Where the file is damaged that is told on stderr, and the status is 7 at the end
/// unless somebody looks.
pub(super) fn run(file: &Path, show: Option<Show>, at_prompt: bool, cli: &Cli) -> Status {
    let name = file.display();
    let saved = match load(file) {
        Ok(saved) => saved,
        Err(words) => return status::fail(Status::Io, &format!("{name}: {words}")),
    };
    let damage = saved.damage.as_ref().map(|words| status::fail(Status::Io, &format!("{name}: {words}")));
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let shown = match show {
        Some(show) => status::of_write(print(&saved.run, show, cli)),
        None if terminal && !at_prompt && !super::is_dumb() => return tui::replay(Session::replay(saved), cli),
        None if at_prompt || terminal => return repl::talk(Console::replay(Session::replay(saved), cli), cli),
        None => status::of_write(print(&saved.run, Show::Hex, cli)),
    };
    damage.unwrap_or(shown)
}

/// Prints every cause but the start.
fn print(run: &Run, show: Show, cli: &Cli) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let style = if cli.colored() { hex::Style::Colored } else { hex::Style::Plain };
    for number in run.oldest()..run.len() {
        let Some(cause) = run.cause(number).filter(|cause| cause.trigger != Trigger::Start) else { continue };
        match show {
            Show::Json => json::write_cause(&mut out, number as u64, cause)?,
            Show::Hex => {
                let before = run.at(Moment { cause: number, change: 0 }).unwrap_or_default();
                hex::write_cause(&mut out, number as u64, cause, &before, style)?;
                writeln!(out, "{}", crate::view::outcome(cause))?;
            }
        }
    }
    out.flush()
}
