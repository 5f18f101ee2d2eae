//! A progress line on stderr for what takes long, if stderr is a terminal.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

/// How long something must take before progress is shown, and the interval of updates.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(200);

/// The progress of a pipe, or of a search.
pub(super) struct Progress {
    /// When the next update is due; `None` if nobody would see it.
    due: Option<Instant>,
    /// The width of the line shown, in columns.
    columns: usize,
}

impl Progress {
    /// Shows the progress of a pipe unless `quiet`, if stderr is a terminal and the answers do not go there too.
    pub(super) fn of_pipe(quiet: bool) -> Progress {
        Progress::new(!quiet && !io::stdout().is_terminal())
    }

    /// Shows the progress of something that prints nothing until it is done, if it `is_wanted` and stderr is a terminal.
    pub(super) fn new(is_wanted: bool) -> Progress {
        let is_seen = is_wanted && io::stderr().is_terminal();
        Progress { due: is_seen.then(|| Instant::now() + PATIENCE), columns: 0 }
    }

    /// Updates the line, if it is time.
    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        let Some(due) = self.due else { return };
        let now = Instant::now();
        if now < due {
            return;
        }
        self.due = Some(now + PACE);
        let text = format!("linmem: {}", text());
        // The terminal may be gone, which does not affect the answers.
        let _ = write!(io::stderr(), "\r{text:0$}", self.columns);
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
