//! Modes: what keys mean depends on what has the focus.

/// What has the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The input line: every printable key is text.
    Input,
    /// The input line during a history search.
    History,
    /// The memory.
    Memory,
    /// The memory, while the guest waits in the middle of a call.
    Stopped,
    /// A question in place of the input line: every printable key is text.
    Prompt,
    /// The choice of a notation for copying.
    Copy,
    /// A list over the screen.
    List,
    /// The help over the screen.
    Help,
    /// The output of a command over the screen.
    Output,
}

impl Mode {
    /// Every mode.
    pub(crate) const ALL: [Mode; 9] = [
        Mode::Input,
        Mode::History,
        Mode::Memory,
        Mode::Stopped,
        Mode::Prompt,
        Mode::Copy,
        Mode::List,
        Mode::Help,
        Mode::Output,
    ];

    /// Its name, as the screen shows it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Input => "INPUT",
            Mode::History => "HISTORY",
            Mode::Memory => "MEMORY",
            Mode::Stopped => "STOPPED",
            Mode::Prompt => "PROMPT",
            Mode::Copy => "COPY",
            Mode::List => "LIST",
            Mode::Help => "HELP",
            Mode::Output => "OUTPUT",
        }
    }

    /// Whether the memory has the keys.
    pub(crate) fn is_memory(self) -> bool {
        matches!(self, Mode::Memory | Mode::Stopped)
    }

    /// Whether every printable key is text.
    pub(crate) fn takes_text(self) -> bool {
        matches!(self, Mode::Input | Mode::History | Mode::Prompt)
    }
}

/// A set of modes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Modes(u16);

impl Modes {
    /// The set of these modes.
    pub(crate) const fn of(modes: &[Mode]) -> Modes {
        let (mut set, mut place) = (0, 0);
        while place < modes.len() {
            set |= 1 << modes[place] as u16;
            place += 1;
        }
        Modes(set)
    }

    /// Whether the set contains a mode.
    pub(crate) const fn has(self, mode: Mode) -> bool {
        self.0 & (1 << mode as u16) != 0
    }
}

/// The part of the screen that has the focus if no overlay is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Focus {
    Input,
    Memory,
}
