//! Effects: what needs a drawn screen or a terminal, and so is done outside the state.

use std::path::PathBuf;

/// An effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Save a picture of the screen.
    Picture(PictureFile),
    /// Send a request to the terminal.
    Terminal(Request),
}

/// A request to the loop that owns the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Leave the screen.
    Quit,
    /// Leave the screen as Ctrl-C leaves other programs.
    Interrupt,
    /// Suspend the process as Ctrl-Z does.
    Suspend,
    /// Redraw the screen.
    Redraw,
    /// Capture the mouse, or release it to the terminal.
    Mouse { take: bool },
    /// Copy text to the terminal's clipboard.
    Copy(String),
}

/// The file name of a picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureFile {
    /// The first free numbered name.
    Numbered,
    /// This name.
    Named { path: PathBuf, overwrite: bool },
}
