//! The terminal as it was before the prompt took it over, for ways out that the prompt does not see.

use std::io::{self, Write};
use std::sync::OnceLock;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Remembers how the terminal is, if there is one.
pub(super) fn remember() {
    if let Ok(before) = tcgetattr(io::stdin()) {
        BEFORE.get_or_init(|| before);
    }
}

/// Gives the terminal back as it was remembered, with no paste marked any more, on a line of its own.
pub(super) fn give_back() {
    if let Some(before) = BEFORE.get() {
        // It may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
        if !super::is_dumb() {
            let _ = io::stdout().write_all(b"\x1b[?2004l\n").and_then(|()| io::stdout().flush());
        }
    }
}
