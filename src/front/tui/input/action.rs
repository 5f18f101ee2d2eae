//! Actions: what keys and the mouse ask for.

use ratatui::layout::Position;

use super::line::Edit;
use crate::view::Notation;

/// What the user asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends the line.
    Send,
    /// Changes the line.
    Edit(Edit),
    /// Completes the command that is typed.
    Complete,
    /// Ends the search in earlier lines, and brings back what was typed before it.
    CancelSearch,
    /// Moves from the input line to the memory.
    EnterMemory,
    /// Moves from the memory to the input line.
    EnterLine,
    /// Closes the innermost thing that is open.
    Close,
    /// Accepts what was typed or selected in an overlay.
    Accept,
    /// Stops a running guest, else clears the line.
    Interrupt,
    /// Quits at once.
    Quit,
    /// Quits if the line is empty, else deletes a character.
    DeleteOrQuit,
    /// Stops the program as Ctrl-Z does elsewhere.
    Suspend,
    /// Draws the screen again.
    Redraw,
    /// Opens or closes the help.
    Help,
    /// Moves along the steps, into calls.
    Step(Direction),
    /// Moves along the steps that are no deeper.
    Beside(Direction),
    /// Moves out of a call, and from the host's steps to the exchange as a whole.
    Out,
    /// Moves along the exchanges.
    Exchange(Direction),
    /// Moves along the runs: each reset or reload began one.
    Run(Direction),
    /// Goes to the newest exchange of the present run, and follows.
    Newest,
    /// Shows the next memory.
    Memory,
    /// Moves by lines.
    Rows(Direction),
    /// Moves the cursor in memory by bytes.
    Bytes(Direction),
    /// Moves by a page.
    Page(Direction),
    /// Moves by half a page.
    HalfPage(Direction),
    /// Goes to the first or the last address or line.
    End(Direction),
    /// Goes to the previous or next run of changed bytes.
    Change(Direction),
    /// Goes along the timeline to the previous or next write of the byte at the cursor.
    Write(Direction),
    /// Goes along the timeline to the previous or next read of the bytes at the cursor.
    Read(Direction),
    /// Opens the selected call at its first access, or closes it.
    Open,
    /// Goes to the previous or next access of the exchange.
    Store(Direction),
    /// Goes to the previous or next group of accesses: to another function or line.
    Group(Direction),
    /// Groups the changes by function, or not.
    ByFunction,
    /// Shows the source of the access, then the writers of the bytes at the cursor.
    Source,
    /// Goes to where the cursor was before, and forward again.
    Trail(Direction),
    /// Follows the pointer at the cursor.
    Follow,
    /// Asks for something in place of the input line.
    Ask(Question),
    /// Copies the selected bytes in a notation.
    Copy(Notation),
    /// Goes to the previous or next match of the search.
    Match(Direction),
    /// Shows the previous or next panel beside the steps.
    Panel(Direction),
    /// Changes how the panes are arranged.
    Arrange,
    /// Changes how many bytes a row has.
    Width(Direction),
    /// Changes the byte order of the values.
    ByteOrder,
    /// Saves a picture of the screen.
    Picture,
    /// Begins to select bytes, or ends it.
    Select,
    /// Runs a command.
    Command(&'static str),
    /// Takes the mouse, or gives it back to the terminal.
    ToggleMouse,
    /// A mouse button was pressed.
    Press(Position),
    /// The mouse was moved with the button pressed.
    Drag(Position),
    /// The wheel was turned, by that many lines.
    Scroll(Direction, usize),
}

/// Backward (earlier, up) or forward (later, down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Back,
    Forward,
}

/// What is asked for in place of the input line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// Where to go.
    Address,
    /// What to search for.
    Pattern,
    /// A name for the selected bytes.
    Name,
    /// What to write at the cursor.
    Bytes,
    /// Where to go, or a command.
    Command,
    /// In which notation to copy the selected bytes: one key answers it.
    Notation,
    /// To which file to write the selected bytes.
    File,
}
