//! The strip of exchanges: where its cells are.

use ratatui::layout::{Position, Rect};

use super::lines::to_u16;
use crate::view::Timeline;

/// The text before the cells.
pub(crate) const LABEL: &str = " time ";
/// The columns that are kept for the text after them.
const WORDS: u16 = 29;

/// How many cells the strip has room for.
pub(crate) fn room(area: Rect) -> usize {
    usize::from(cells(area).width.saturating_sub(WORDS))
}

/// Where the cells begin.
pub(crate) fn cells(area: Rect) -> Rect {
    let label = to_u16(LABEL.len()).min(area.width);
    Rect { x: area.x + label, width: area.width - label, ..area }
}

/// The number of the exchange whose cell is at a position of the screen.
pub(crate) fn exchange_at(timeline: &Timeline, area: Rect, at: Position) -> Option<usize> {
    let first = cells(area);
    let (size, known) = timeline.cells(room(area));
    let place = first.contains(at).then(|| usize::from(at.x - first.x))?;
    (place < known.len()).then_some(place * size)
}
