//! A saved session: looked at in the same screens, or printed in the same forms, without running anything.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::output_format::OutputFormat;
use super::status::{self, Status};
use super::{repl, tui};
use crate::cli::{Cli, Show};
use crate::record::{Run, Trigger};
use crate::session::{Saved, Session, load};

/// How a saved session is to be opened.
pub(super) struct ReplayRequest {
    /// The form to print it in, if it is to be printed.
    pub(super) show: Option<Show>,
    /// Whether it is to be opened at the prompt.
    pub(super) at_prompt: bool,
    /// The most bytes for its memories.
    pub(super) most: u64,
}

/// Opens or prints a saved session. Where the file is damaged that is told on stderr, and the status is 7 at the end
/// unless somebody looks.
pub(super) fn run(file: &Path, wish: &ReplayRequest, cli: &Cli) -> Status {
    let name = file.display();
    let saved = match load(file, wish.most) {
        Ok(saved) => saved,
        Err(words) => return status::fail(Status::Io, &format!("{name}: {words}")),
    };
    let damage = saved.damage.as_ref().map(|words| status::fail(Status::Io, &format!("{name}: {words}")));
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let shown = match wish.show {
        Some(show) => status::of_write(print(&saved, OutputFormat::new(show, cli))),
        None if terminal && !wish.at_prompt && !super::is_dumb() => return tui::replay(Session::replay(saved), cli),
        None if wish.at_prompt || terminal => return repl::replay(Session::replay(saved), cli),
        None => status::of_write(print(&saved, OutputFormat::new(Show::Hex, cli))),
    };
    damage.unwrap_or(shown)
}

/// Prints every cause but the start, run by run.
fn print(saved: &Saved, form: OutputFormat) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let runs = saved.past.iter().chain([&saved.last]).map(|chapter| &chapter.run);
    runs.zip(1..).try_for_each(|(run, number)| print_run(&mut out, run, number, form))?;
    out.flush()
}

fn print_run(out: &mut impl Write, run: &Run, number: usize, form: OutputFormat) -> io::Result<()> {
    let told = |&cause: &usize| run.cause(cause).is_some_and(|cause| cause.trigger != Trigger::Start);
    (run.oldest()..run.len()).filter(told).try_for_each(|cause| form.write(out, number, run, cause))
}
