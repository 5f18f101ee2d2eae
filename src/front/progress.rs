//! The line on stderr that tells how far a long pipe is, where a person can see it.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::view::counted;

/// How long a pipe must take before it tells how far it is, and how often it does.
const PATIENCE: Duration = Duration::from_secs(1);
const PACE: Duration = Duration::from_millis(200);

/// How far a pipe is.
pub(super) struct Progress {
    /// When the next line is due; `None` if nobody would see it, or its place on the terminal is taken.
    due: Option<Instant>,
    /// The columns that the line takes now.
    columns: usize,
}

impl Progress {
    /// Tells, unless it is to be quiet, if stderr is a terminal and the answers go elsewhere.
    pub(super) fn new(quiet: bool) -> Progress {
        let seen = !quiet && io::stderr().is_terminal() && !io::stdout().is_terminal();
        Progress { due: seen.then(|| Instant::now() + PATIENCE), columns: 0 }
    }

    /// So many lines were answered.
    pub(super) fn tell(&mut self, lines: u64) {
        let Some(due) = self.due else { return };
        let now = Instant::now();
        if now < due || lines == 0 {
            return;
        }
        self.due = Some(now + PACE);
        let text = format!("linmem: {}", counted(lines, "line"));
        // The terminal may be gone; the answers are not for it.
        let _ = write!(io::stderr(), "\r{text}");
        self.columns = text.len();
    }

    /// Takes the line away, for words or for the end.
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
