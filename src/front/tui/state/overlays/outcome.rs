//! The outcome of an action in an overlay.

use crate::front::tui::input::action::{Action, Direction, Question};

/// The outcome of an action in an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The overlay does not handle the action.
    Pass,
    /// Handled.
    Done,
    /// Handled; show this message.
    Notice(String),
    /// Close the overlay.
    Close,
    /// Close the overlay, and go to this address.
    Goto(u64),
    /// The overlay is to be closed, another moment to be selected, and the cursor to go there, if it has an address.
    Visit(usize, Option<usize>, Option<u64>),
    /// The question was answered.
    Answer(Question, String),
}

/// The line that an action moves to, from the line `from`, with `page` lines per page and `last` as the limit.
pub(super) fn moved(action: Action, from: usize, page: usize, last: usize) -> Option<usize> {
    let page = page.max(1);
    let (direction, count) = match action {
        Action::Rows(direction) => (direction, 1),
        Action::Scroll(direction, count) => (direction, count),
        Action::Page(direction) => (direction, page),
        Action::HalfPage(direction) => (direction, page.div_ceil(2)),
        Action::End(direction) => (direction, usize::MAX),
        _ => return None,
    };
    Some(match direction {
        Direction::Back => from.saturating_sub(count),
        Direction::Forward => from.saturating_add(count).min(last),
    })
}
