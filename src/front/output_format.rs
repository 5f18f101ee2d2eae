//! The formats of `--show`: a cause as a hex dump, or as JSON.

use std::io::{self, Write};

use super::{hex, json};
use crate::check::Finding;
use crate::cli::{Cli, Show};
use crate::record::{Moment, Run};
use crate::view::outcome;

/// A format in which to print causes.
#[derive(Clone, Copy)]
pub(super) enum OutputFormat {
    /// Each step with the rows that it changed.
    Hex(hex::Style),
    /// One object a line.
    Json,
}

impl OutputFormat {
    /// The format requested.
    pub(super) fn new(show: Show, cli: &Cli) -> OutputFormat {
        match show {
            Show::Json => OutputFormat::Json,
            Show::Hex => OutputFormat::Hex(hex::Style::new(cli)),
        }
    }

    /// Writes a cause of a run and its answer, as far as it is kept. Runs are numbered from 1.
    pub(super) fn write(
        self,
        out: &mut impl Write,
        number: usize,
        run: &Run,
        cause: usize,
        findings: &[Finding],
    ) -> io::Result<()> {
        let Some(node) = run.listed(cause) else { return Ok(()) };
        match self {
            OutputFormat::Json => json::write_cause(out, number, cause as u64, node, findings),
            OutputFormat::Hex(style) => {
                let before = run.at(Moment { cause, change: 0 }).unwrap_or_default();
                hex::write_cause(out, cause as u64, node, &before, style)?;
                hex::write_findings(out, findings)?;
                if node.outcome.is_ok() { writeln!(out, "{}", outcome(node)) } else { Ok(()) }
            }
        }
    }
}
