//! A progress line on stderr for what takes long, if stderr is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr;

use crate::view::counted;

/// How long it must take before progress is shown, and the interval of updates.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(200);

/// A progress line.
pub(super) struct Progress {
    /// When the next update is due; `None` if nobody would see it.
    due: Option<Instant>,
    /// The width of the line shown, in columns.
    columns: usize,
}

impl Progress {
    /// Shows the progress of a pipe unless `quiet`, if stderr is a terminal and stdout is not.
    pub(super) fn new(quiet: bool) -> Progress {
        Progress::without_answers(quiet || io::stdout().is_terminal())
    }

    /// Shows progress while there are no answers, unless `quiet`, if stderr is a terminal.
    pub(super) fn without_answers(quiet: bool) -> Progress {
        let seen = !quiet && io::stderr().is_terminal();
        Progress { due: seen.then(|| Instant::now() + PATIENCE), columns: 0 }
    }

    /// Updates the number of answered lines.
    pub(super) fn tell(&mut self, lines: u64) {
        if lines > 0 && self.is_due() {
            self.show_now(&counted(lines, "line"));
        }
    }

    /// Updates the text, which must be safe to print.
    pub(super) fn show(&mut self, text: &str) {
        if self.is_due() {
            self.show_now(text);
        }
    }

    fn is_due(&self) -> bool {
        self.due.is_some_and(|due| Instant::now() >= due)
    }

    fn show_now(&mut self, text: &str) {
        self.due = Some(Instant::now() + PACE);
        let text = format!("linmem: {text}");
        // It may be shorter than the one before.
        let width = text.width();
        let padding = self.columns.saturating_sub(width);
        // The terminal may be gone, which does not affect the answers.
        let _ = write!(io::stderr(), "\r{text}{:padding$}", "");
        self.columns = width;
    }

    /// Erases the line, before a message or at the end.
    pub(super) fn clear(&mut self) {
        if self.columns > 0 {
            let _ = write!(io::stderr(), "\r{:1$}\r", "", self.columns);
            self.columns = 0;
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
