//! Lists in an area of the screen: which items are shown, and in which rows.

use ratatui::layout::Rect;

/// An area without its first row, the title.
pub(crate) fn below_title(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

/// The rows of an area, from top to bottom.
pub(crate) fn rows(area: Rect) -> impl Iterator<Item = Rect> {
    (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}

/// The items of a list that fit into an area, including the selected one, each with its row.
pub(crate) fn window(count: usize, selected: usize, area: Rect) -> impl Iterator<Item = (usize, Rect)> {
    let height = usize::from(area.height);
    let first = (selected + 1).saturating_sub(height).min(count.saturating_sub(height));
    (first..count).zip(rows(area))
}

pub(crate) fn to_u16(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}
