//! What comes of an action in an overlay.

use crate::front::tui::input::action::{Action, Direction, Question};

/// What came of an action in an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The action is not one of its own.
    Pass,
    /// It is done.
    Done,
    /// It is done, and the user is to read this.
    Notice(String),
    /// The overlay is to be closed.
    Close,
    /// The overlay is to be closed, and the cursor to go there.
    Goto(u64),
    /// The overlay is to be closed, another moment to be selected, and the cursor to go there, if it has an address.
    Visit(usize, Option<usize>, Option<u64>),
    /// A question is answered.
    Answer(Question, String),
}

/// Where an action leads in a list of lines: from a line on, with that many in a page, and no further than the last.
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
