//! The panel of changes: the ranges of bytes that changed, each by one actor.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, rows};
use crate::view::Marks;

/// The visible ranges, each with its row. The range at or before the cursor is included.
pub(crate) fn shown(marks: &Marks, cursor: u64, area: Rect) -> impl Iterator<Item = ((u64, u64), Rect)> {
    let here = marks.range_before(cursor.saturating_add(1));
    let before = here.and_then(|(start, _)| marks.range_before(start)).or(here);
    let first = before.map_or(0, |(start, _)| start);
    marks.ranges_from(first).zip(rows(below_title(area)))
}

/// The address of a line of the panel.
pub(crate) fn address(marks: &Marks, cursor: u64, area: Rect, at: Position) -> Option<u64> {
    shown(marks, cursor, area).find(|(_, line)| line.contains(at)).map(|((start, _), _)| start)
}
