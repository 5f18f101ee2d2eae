//! The list of steps: which are visible, and in which rows.

use ratatui::layout::{Position, Rect};

use super::lines::{below_title, window};
use crate::view::Selection;

/// The steps that fit below an area's title, including the selected one, each with its row. If the call that contains
/// them is not visible otherwise, it takes the first row.
pub(crate) fn shown(at: &Selection, area: Rect) -> impl Iterator<Item = (usize, Rect)> + use<> {
    let (selected, area) = (at.step.unwrap_or(0), below_title(area));
    let first = window(at.steps(), selected, area).next().map(|(place, _)| place);
    let around = first.filter(|&place| place != selected && area.height > 2).and_then(|place| at.steps.around(place));
    window(at.steps(), selected, area).map(move |(place, line)| match around {
        Some(around) if Some(place) == first => (around, line),
        _ => (place, line),
    })
}

/// The step at a screen position: `Some(None)` is the exchange as a whole, the title.
pub(crate) fn step_at(at: &Selection, area: Rect, position: Position) -> Option<Option<usize>> {
    if area.contains(position) && position.y == area.y {
        return Some(None);
    }
    shown(at, area).find(|(_, line)| line.contains(position)).map(|(place, _)| Some(place))
}
