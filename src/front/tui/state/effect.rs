//! Effects: what the state cannot do itself, because it takes a drawn screen or a terminal.

use std::path::PathBuf;

/// What is to be done outside of the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Save a picture of the screen.
    Picture(PictureFile),
    /// Do what takes the terminal.
    Terminal(Request),
}

/// What is asked of the loop that has the terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Leave the screen.
    Quit,
    /// Stop the process as Ctrl-Z does.
    Suspend,
    /// Draw the screen again.
    Redraw,
    /// Take the mouse, or give it to the terminal.
    Mouse { take: bool },
    /// Hand a text to the terminal's clipboard.
    Copy(String),
}

/// Where a picture of the screen is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PictureFile {
    /// Under the first free name.
    Numbered,
    /// Under this name.
    Named { path: PathBuf, overwrite: bool },
}
