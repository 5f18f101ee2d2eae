//! The panel of changes grouped by function.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, rows};
use crate::view::FunctionWrites;

/// The functions that the panel shows, each with its line: those that wrote the most bytes first.
pub(crate) fn shown(writes: &[FunctionWrites], area: Rect) -> impl Iterator<Item = (&FunctionWrites, Rect)> {
    let mut sorted: Vec<_> = writes.iter().collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.bytes));
    sorted.into_iter().zip(rows(below_title(area)))
}

/// The address that a line of the panel is about.
pub(crate) fn address(writes: &[FunctionWrites], area: Rect, at: Position) -> Option<u64> {
    shown(writes, area).find(|(_, line)| line.contains(at)).map(|(one, _)| one.range.start)
}
