//! Saves the terminal's mode before the prompt changes it, and restores it on exits that bypass the prompt.

use std::io::{self, Write};
use std::sync::OnceLock;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Saves the terminal's mode, if there is a terminal.
pub(super) fn remember() {
    if let Ok(before) = tcgetattr(io::stdin()) {
        BEFORE.get_or_init(|| before);
    }
}

/// Has Ctrl-D send SIGQUIT, as long as nobody reads keys. What else is typed waits, and is edited by the terminal.
pub(super) fn signal_end_of_file() {
    if let Some(mut mode) = BEFORE.get().cloned() {
        mode.special_codes[SpecialCodeIndex::VQUIT] = mode.special_codes[SpecialCodeIndex::VEOF];
        // On failure, Ctrl-D is forgotten.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// Turns off line editing by the terminal between prompts. Otherwise the terminal would edit keys typed while the guest
/// runs, and lose Ctrl-D. Ctrl-C remains a signal.
pub(super) fn leave_keys() {
    if let Some(mut mode) = BEFORE.get().cloned() {
        mode.local_modes.remove(LocalModes::ICANON);
        // On failure, typed keys may be lost.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// Restores the saved mode.
pub(super) fn restore() {
    if let Some(before) = BEFORE.get() {
        // The terminal may be gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, before);
    }
}

/// Restores the saved mode, turns off bracketed paste, and starts a new line.
pub(super) fn give_back() {
    if BEFORE.get().is_some() {
        restore();
        if !super::is_dumb() {
            let _ = io::stdout().write_all(b"\x1b[?2004l\n").and_then(|()| io::stdout().flush());
        }
    }
}
