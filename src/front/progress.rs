//! A progress line on stderr for a long-running pipe, if stderr is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::view::counted;

/// How long a pipe must run before progress is shown, and the interval of updates.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(200);

/// The progress of a pipe.
pub(super) struct Progress {
    /// When the next update is due; `None` if nobody would see it, or the answers go to the terminal.
    due: Option<Instant>,
    /// The width of the line shown, in columns.
    columns: usize,
}

impl Progress {
    /// Shows progress unless `quiet`, if stderr is a terminal and stdout is not.
    pub(super) fn new(quiet: bool) -> Progress {
        let seen = !quiet && io::stderr().is_terminal() && !io::stdout().is_terminal();
        Progress { due: seen.then(|| Instant::now() + PATIENCE), columns: 0 }
    }

    /// Updates the number of answered lines.
    pub(super) fn tell(&mut self, lines: u64) {
        let Some(due) = self.due else { return };
        let now = Instant::now();
        if now < due || lines == 0 {
            return;
        }
        self.due = Some(now + PACE);
        let text = format!("linmem: {}", counted(lines, "line"));
        // The terminal may be gone, which does not affect the answers.
        let _ = write!(io::stderr(), "\r{text}");
        self.columns = text.len();
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
