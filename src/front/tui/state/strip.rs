//! The layout of the strip of exchanges.

use ratatui::layout::{Position, Rect};

use super::lines::to_u16;
use crate::view::Timeline;

/// The text before the cells.
pub(crate) const LABEL: &str = " time ";
/// The columns reserved for the text after them.
const WORDS: u16 = 29;

/// The number of cells that fit; one less for ended exchanges, if one is not over.
pub(crate) fn room(area: Rect, is_open: bool) -> usize {
    usize::from(cells(area).width.saturating_sub(WORDS + u16::from(is_open)))
}

/// The area of the cells.
pub(crate) fn cells(area: Rect) -> Rect {
    let label = to_u16(LABEL.len()).min(area.width);
    Rect { x: area.x + label, width: area.width - label, ..area }
}

/// The exchange whose cell is at a screen position. One that is not over has the last cell.
pub(crate) fn exchange_at(timeline: &Timeline, is_open: bool, area: Rect, at: Position) -> Option<usize> {
    let first = cells(area);
    let (size, known) = timeline.cells(room(area, is_open));
    let place = first.contains(at).then(|| usize::from(at.x - first.x))?;
    match place == known.len() && is_open {
        true => Some(timeline.len()),
        false => (place < known.len()).then_some(place * size),
    }
}
