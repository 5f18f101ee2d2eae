//! Actions: the meanings of keys and of the mouse.

use ratatui::layout::Position;

use super::line::Edit;
use crate::view::Notation;

/// A user action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Sends the line.
    Send,
    /// Edits the line.
    Edit(Edit),
    /// Completes the command being typed.
    Complete,
    /// Ends the history search, and restores the text typed before it.
    CancelSearch,
    /// Moves the focus from the input line to the memory.
    EnterMemory,
    /// Moves the focus from the memory to the input line.
    EnterLine,
    /// Closes the innermost thing that is open.
    Close,
    /// Accepts what was typed or selected in an overlay.
    Accept,
    /// Interrupts a running guest, otherwise clears the line.
    Interrupt,
    /// Asks whether to quit.
    AskToQuit,
    /// Quits if the line is empty, otherwise deletes a character.
    DeleteOrQuit,
    /// Suspends the process, as Ctrl-Z usually does.
    Suspend,
    /// Redraws the screen.
    Redraw,
    /// Opens or closes the help.
    Help,
    /// Moves through the steps, into calls.
    Step(Direction),
    /// Moves through the steps without entering calls.
    Beside(Direction),
    /// Moves from a step to its call, and from a step of the host to the exchange as a whole.
    Out,
    /// Moves through the exchanges.
    Exchange(Direction),
    /// Moves through the runs. Each reset or reload began one.
    Run(Direction),
    /// Goes to the newest exchange of the current run, and follows new ones.
    Newest,
    /// Shows the next memory.
    Memory,
    /// Moves the cursor by lines.
    Rows(Direction),
    /// Moves the cursor by bytes.
    Bytes(Direction),
    /// Moves by a page.
    Page(Direction),
    /// Moves by half a page.
    HalfPage(Direction),
    /// Goes to the first or the last address or line.
    End(Direction),
    /// Goes to the previous or next range of changed bytes.
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
    /// Shows the map of the memory as heat, or as what is there.
    Heat,
    /// Shows the source of the access, then the writers of the bytes at the cursor.
    Source,
    /// Goes to an earlier position of the cursor, or forward again.
    Trail(Direction),
    /// Follows the pointer at the cursor.
    Follow,
    /// Asks a question in place of the input line.
    Ask(Question),
    /// Copies the selected bytes in a notation.
    Copy(Notation),
    /// Goes to the previous or next match of the search.
    Match(Direction),
    /// Shows the previous or next panel beside the steps.
    Panel(Direction),
    /// Changes the arrangement of the panes.
    Arrange,
    /// Changes how many bytes a row has.
    Width(Direction),
    /// Changes the byte order of the values.
    ByteOrder,
    /// Saves a picture of the screen.
    Picture,
    /// Starts or ends a selection of bytes.
    Select,
    /// Runs a command.
    Command(&'static str),
    /// Captures the mouse, or releases it to the terminal.
    ToggleMouse,
    /// A mouse button was pressed.
    Press(Position),
    /// The mouse was moved with the button held.
    Drag(Position),
    /// The wheel was turned by that many lines.
    Scroll(Direction, usize),
}

/// Backward (earlier, up) or forward (later, down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Back,
    Forward,
}

/// A question in place of the input line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Question {
    /// The address to go to.
    Address,
    /// The pattern to search for.
    Pattern,
    /// A name for the selected bytes.
    Name,
    /// The bytes to write at the cursor.
    Bytes,
    /// An address or a command.
    Command,
    /// The notation for copying the selected bytes; answered with one key.
    Notation,
    /// The file to write the selected bytes to.
    File,
}
