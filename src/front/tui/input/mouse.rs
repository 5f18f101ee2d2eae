//! Turns mouse events into actions.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::action::{Action, Direction};

/// How many lines the wheel scrolls.
const WHEEL: usize = 3;

/// The action of a mouse event, if any.
pub(crate) fn action(event: MouseEvent) -> Option<Action> {
    let at = Position::new(event.column, event.row);
    match event.kind {
        MouseEventKind::ScrollUp => Some(Action::Scroll(Direction::Back, WHEEL)),
        MouseEventKind::ScrollDown => Some(Action::Scroll(Direction::Forward, WHEEL)),
        MouseEventKind::Down(MouseButton::Left) => Some(Action::Press(at)),
        MouseEventKind::Drag(MouseButton::Left) => Some(Action::Drag(at)),
        _ => None,
    }
}
