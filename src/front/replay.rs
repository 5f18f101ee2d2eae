//! A saved session: opened in the interactive front ends or printed, without running anything.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use super::output_format::OutputFormat;
use super::status::{self, Status};
use super::{repl, tui};
use crate::cli::{Cli, Show};
use crate::record::Trigger;
use crate::session::{PastRun, Saved, Session, load_within};
use crate::settings::{Check, Settings};
use crate::view::Explained;

/// How to open a saved session.
pub(super) struct ReplayRequest {
    /// The format to print it in, if any.
    pub(super) show: Option<Show>,
    /// Whether to open it at the prompt.
    pub(super) at_prompt: bool,
}

/// Opens or prints a saved session. Damage to the file is reported on stderr; the exit status is then 7, except in
/// interactive front ends.
pub(super) fn run(file: &Path, wish: &ReplayRequest, cli: &Cli) -> Status {
    let name = file.display();
    let saved = match load_within(file, cli.settings.limits.memory, cli.settings.inputs.session) {
        Ok(saved) => saved,
        Err(error) => return status::fail(Status::Io, &format!("{name}: {error}")),
    };
    let damage = saved.damage.as_ref().map(|words| status::fail(Status::Io, &format!("{name}: {words}")));
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    let shown = match wish.show {
        Some(show) => printed(&saved, show, cli),
        None if terminal && !wish.at_prompt && !super::is_dumb() => return tui::replay(Session::replay(saved), cli),
        None if wish.at_prompt || terminal => return repl::replay(Session::replay(saved), cli),
        None => printed(&saved, Show::Hex, cli),
    };
    damage.unwrap_or(shown)
}

/// Prints a session. With `--check`, reports its findings on stderr too, and in the exit status.
fn printed(saved: &Saved, show: Show, cli: &Cli) -> Status {
    let written = status::of_write(print(&mut io::stdout().lock(), saved, show, cli));
    let raised = cli.settings.check == Check::On && tell_findings(saved, &cli.settings);
    if raised && written == Status::Answered { Status::Findings } else { written }
}

/// Reports the findings of all runs on stderr, and returns whether there are any.
fn tell_findings(saved: &Saved, settings: &Settings) -> bool {
    let mut explained = Explained::default();
    let mut raised = false;
    for (past, number) in saved.past.iter().chain([&saved.last]).zip(1..) {
        let findings = past.review();
        let causes = past.run.oldest()..past.run.len();
        for finding in causes.flat_map(|cause| findings.of(cause)).filter(|finding| settings.shows(finding)) {
            let place = if finding.cause == 0 { "start".to_owned() } else { format!("exchange {}", finding.cause) };
            let place = if saved.past.is_empty() { place } else { format!("run {number}, {place}") };
            status::tell(&format!("{place}: finding: {}", explained.lines(finding).join("\n")));
            raised = true;
        }
    }
    raised
}

/// Prints every cause of a saved session but the starts, run by run.
///
/// # Errors
/// It cannot be written.
pub fn print(out: &mut impl Write, saved: &Saved, show: Show, cli: &Cli) -> io::Result<()> {
    let form = OutputFormat::new(show, cli);
    let mut out = BufWriter::new(out);
    let runs = saved.past.iter().chain([&saved.last]);
    runs.zip(1..).try_for_each(|(past, number)| print_run(&mut out, past, number, form, &cli.settings))?;
    out.flush()
}

fn print_run(
    out: &mut impl Write,
    past: &PastRun,
    number: usize,
    form: OutputFormat,
    settings: &Settings,
) -> io::Result<()> {
    let (run, findings) = (&past.run, past.review());
    let told = |&cause: &usize| run.listed(cause).is_some_and(|cause| cause.trigger != Trigger::Start);
    (run.oldest_listed()..run.len()).filter(told).try_for_each(|cause| {
        let found: Vec<_> = findings.of(cause).filter(|finding| settings.shows(finding)).cloned().collect();
        form.write(out, number, run, cause, &found)
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;

    /// A saved session with every kind of step and failure, each line without its checksum.
    fn lines() -> Vec<String> {
        let file = include_str!("../../tests/fixtures/session-v2.linmem");
        file.lines().map(|line| line[..line.len() - 9].to_owned()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        /// A loaded file can be printed without a panic, whatever numbers it contains.
        #[test]
        fn no_number_in_a_file_breaks_what_is_printed(
            edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), any::<u64>()), 1..4)
        ) {
            let mut lines = lines();
            for (line, digit, number) in edits {
                let line = line.index(lines.len() - 1) + 1;
                let line = &mut lines[line];
                let digits: Vec<_> = line.match_indices(|c: char| c.is_ascii_digit()).map(|(at, _)| at).collect();
                if !digits.is_empty() {
                    let at = digits[digit.index(digits.len())];
                    line.replace_range(at..=at, &(number >> (number % 64)).to_string());
                }
            }
            let sums = lines.iter().map(|line| format!("{line} {:08x}\n", crc32fast::hash(line.as_bytes())));
            let file = std::env::temp_dir().join(format!("linmem-print-{}", std::process::id()));
            std::fs::write(&file, sums.collect::<String>()).expect("the folder for temporary files is writable");
            let saved = crate::session::load(&file, 1 << 26);
            std::fs::remove_file(&file).expect("it was written");
            let cli = Cli::parse_from(["linmem"]);
            for show in [Show::Hex, Show::Json] {
                if let Ok(saved) = &saved {
                    print(&mut io::sink(), saved, show, &cli).expect("a sink takes all");
                }
            }
        }
    }
}
