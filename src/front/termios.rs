//! The terminal as it was before the prompt took it over, for ways out that the prompt does not see.

use std::io::{self, Write};
use std::sync::OnceLock;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Remembers how the terminal is, if there is one.
pub(super) fn remember() {
    if let Ok(before) = tcgetattr(io::stdin()) {
        BEFORE.get_or_init(|| before);
    }
}

/// Has the terminal leave all keys to the prompt that comes next: what is pressed while the guest runs would be edited
/// by the terminal, and Ctrl-D lost to it. Ctrl-C stays a signal.
pub(super) fn leave_keys() {
    if let Some(mut mode) = BEFORE.get().cloned() {
        mode.local_modes.remove(LocalModes::ICANON);
        // If it cannot be, a key is lost.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// Restores the terminal as it was remembered.
pub(super) fn restore() {
    if let Some(before) = BEFORE.get() {
        // It may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}

/// Gives the terminal back as it was remembered, with no paste marked any more, on a line of its own.
pub(super) fn give_back() {
    if BEFORE.get().is_some() {
        restore();
        if !super::is_dumb() {
            let _ = io::stdout().write_all(b"\x1b[?2004l\n").and_then(|()| io::stdout().flush());
        }
    }
}
