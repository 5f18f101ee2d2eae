//! The terminal's modes: remembered before linmem changes them, and restored on every way out.
//!
//! [`give_back`] may run on any thread, and in a handler of signals: it takes no lock, allocates nothing, and does not
//! wait for a terminal that takes no more output.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering::SeqCst};
use std::time::Duration;

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::stdio::{stdin, stdout};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, isatty, tcgetattr, tcsetattr};

/// The modes before linmem changed any.
static BEFORE: OnceLock<Termios> = OnceLock::new();
/// What linmem turned on.
static TAKEN: AtomicU8 = AtomicU8::new(NOTHING);

const NOTHING: u8 = 0;
/// Bracketed paste, for the prompt.
const PROMPT: u8 = 1;
/// Nothing but modes, for a prompt on a terminal without escapes.
const PLAIN_PROMPT: u8 = 2;
/// What the full screen needs.
const SCREEN: u8 = 3;

/// Whether the line editor is waiting for keys.
static EDITING: AtomicBool = AtomicBool::new(false);

/// Turns bracketed paste off, and begins a new line.
const LEAVE_PROMPT: &[u8] = b"\x1b[?2004l\n";
/// Turns bracketed paste on.
const PASTE: &[u8] = b"\x1b[?2004h";
/// Ends a frame that is half drawn, turns off the mouse and bracketed paste, and returns to the usual screen with a
/// cursor.
const LEAVE_SCREEN: &[u8] =
    b"\x1b[?2026l\x1b[0m\x1b[?1006l\x1b[?1015l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?2004l\x1b[?1049l\x1b[?25h";

/// How long and how often to wait for a terminal that takes no output.
const PATIENCE: Duration = Duration::from_millis(2);
const TRIES: usize = 10;

fn remember() {
    if let Ok(before) = tcgetattr(stdin()) {
        BEFORE.get_or_init(|| before);
    }
}

/// The prompt begins: saves the terminal's modes, if there is a terminal.
pub(in crate::front) fn enter_prompt() {
    remember();
    let has_escapes = BEFORE.get().is_some() && isatty(stdout()) && !crate::front::is_dumb();
    TAKEN.store(if has_escapes { PROMPT } else { PLAIN_PROMPT }, SeqCst);
}

/// The prompt ends.
pub(in crate::front) fn leave_prompt() {
    TAKEN.store(NOTHING, SeqCst);
    restore();
}

/// Has Ctrl-D send SIGQUIT until [`restore`], while nobody reads keys. What else is typed waits, and is edited by the
/// terminal.
pub(in crate::front) fn signal_end_of_file() {
    remember();
    if let Some(mut mode) = BEFORE.get().cloned() {
        mode.special_codes[SpecialCodeIndex::VQUIT] = mode.special_codes[SpecialCodeIndex::VEOF];
        // On failure, Ctrl-D is forgotten.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &mode);
    }
}

/// Turns off line editing by the terminal between prompts. Otherwise the terminal would edit keys typed while the guest
/// runs, and lose Ctrl-D. Ctrl-C remains a signal.
pub(in crate::front) fn leave_keys() {
    if let Some(mut mode) = BEFORE.get().cloned() {
        mode.local_modes.remove(LocalModes::ICANON);
        // On failure, typed keys may be lost.
        let _ = tcsetattr(stdin(), OptionalActions::Now, &mode);
    }
}

/// Has the terminal pass every key on, for the full screen. From here on [`give_back`] leaves the full screen.
pub(in crate::front) fn take_for_screen() -> io::Result<()> {
    remember();
    TAKEN.store(SCREEN, SeqCst);
    let mut mode = tcgetattr(stdin())?;
    mode.make_raw();
    Ok(tcsetattr(stdin(), OptionalActions::Now, &mode)?)
}

/// Restores the saved modes.
pub(in crate::front) fn restore() {
    if let Some(before) = BEFORE.get() {
        // The terminal may be gone.
        let _ = tcsetattr(stdin(), OptionalActions::Now, before);
    }
}

/// Gives the terminal back as it was. Failures cannot be reported: the terminal is gone.
pub(in crate::front) fn give_back() {
    match TAKEN.swap(NOTHING, SeqCst) {
        SCREEN => write_now(LEAVE_SCREEN),
        PROMPT => write_now(LEAVE_PROMPT),
        _ => (),
    }
    restore();
}

/// Writes to stdout at once, as far as that is possible.
fn write_now(bytes: &[u8]) {
    let Ok(flags) = fcntl_getfl(stdout()) else { return };
    // Otherwise a write could wait for ever.
    let _ = fcntl_setfl(stdout(), flags | OFlags::NONBLOCK);
    let (mut rest, mut tries) = (bytes, 0);
    while !rest.is_empty() && tries < TRIES {
        match rustix::io::write(stdout(), rest) {
            Ok(count) => rest = rest.get(count..).unwrap_or_default(),
            Err(Errno::AGAIN) => {
                tries += 1;
                std::thread::sleep(PATIENCE);
            }
            Err(Errno::INTR) => (),
            Err(_) => break,
        }
    }
    // Others have the same terminal.
    let _ = fcntl_setfl(stdout(), flags);
}

/// The modes and the use of the terminal, before the program is suspended.
pub(super) struct Suspended {
    mode: Option<Termios>,
    taken: u8,
}

/// Runs the line editor.
pub(in crate::front) fn editing<T>(edit: impl FnOnce() -> T) -> T {
    EDITING.store(true, SeqCst);
    let result = edit();
    EDITING.store(false, SeqCst);
    result
}

/// Whether the line editor waits for keys but does not have the terminal: it gave that back, and will take it again.
pub(super) fn is_editor_away() -> bool {
    EDITING.load(SeqCst) && tcgetattr(stdin()).is_ok_and(|mode| !is_edited(&mode))
}

/// Whether these are the modes of the line editor, for which no key is a signal.
fn is_edited(mode: &Termios) -> bool {
    !mode.local_modes.contains(LocalModes::ISIG)
}

/// Gives the terminal back until the program is resumed.
pub(super) fn suspend() -> Suspended {
    let (mode, taken) = (tcgetattr(stdin()).ok(), TAKEN.load(SeqCst));
    give_back();
    Suspended { mode, taken }
}

/// Takes the terminal again as it was. Returns whether a line is being edited.
pub(super) fn resume(before: &Suspended) -> bool {
    TAKEN.store(before.taken, SeqCst);
    let Some(mode) = before.mode.as_ref().filter(|_| before.taken != NOTHING) else { return false };
    let _ = tcsetattr(stdin(), OptionalActions::Now, mode);
    if is_edited(mode) && before.taken == PROMPT {
        write_now(PASTE);
    }
    is_edited(mode)
}
