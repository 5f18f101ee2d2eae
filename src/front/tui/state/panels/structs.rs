//! The panel of the struct that was laid over memory last: its members before and after the selected moment.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, window};
use crate::session::{Placed, Session};
use crate::view::DiffView;
use crate::view::structs::{FieldRow, StructView};

/// The struct that the panel shows: the one placed last in the selected memory.
pub(crate) fn placed(session: &Session) -> Option<&Placed> {
    session.structs().placed().iter().rev().find(|placed| placed.memory == session.memory())
}

/// Its members.
pub(crate) fn members(session: &Session, view: &DiffView<'_>) -> Option<StructView> {
    placed(session).map(|placed| StructView::new(&placed.ty, placed.addr, view.before, view.after))
}

/// The visible members, each with its index and its row. The one at the cursor, or the first that changed, is included.
pub(crate) fn shown(view: &StructView, cursor: u64, area: Rect) -> impl Iterator<Item = (usize, &FieldRow, Rect)> {
    let here = view.rows.iter().position(|row| row.range.contains(&cursor));
    let selected = here.or_else(|| view.rows.iter().position(FieldRow::has_changed)).unwrap_or(0);
    let shown = window(view.rows.len(), selected, below_title(area));
    shown.map(|(place, line)| (place, &view.rows[place], line))
}

/// The address of a line of the panel.
pub(crate) fn address(view: &StructView, cursor: u64, area: Rect, at: Position) -> Option<u64> {
    shown(view, cursor, area).find(|(_, _, line)| line.contains(at)).map(|(_, row, _)| row.range.start)
}
