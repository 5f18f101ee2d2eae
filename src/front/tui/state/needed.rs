//! How many rows memory needs, which decides how many the lists may take.

use ratatui::layout::Rect;

use super::layout::Shape;
use crate::front::tui::input::mode::Focus;

/// The most rows that memory needed in a cause, and what that depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Needed {
    pub(super) of: Option<(Rect, Shape, Focus, usize, usize)>,
    pub(super) rows: usize,
}
