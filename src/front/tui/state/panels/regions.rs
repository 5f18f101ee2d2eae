//! The panel of named regions.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, window};
use crate::view::{Region, Regions};

/// The index of the region that must be visible: the one that contains the cursor, or the first.
pub(crate) fn selected(regions: &Regions, cursor: u64) -> usize {
    regions.place_of(cursor).unwrap_or(0)
}

/// The visible regions, each with its row.
pub(crate) fn shown(regions: &Regions, cursor: u64, area: Rect) -> impl Iterator<Item = (&Region, Rect)> {
    let shown = window(regions.len(), selected(regions, cursor), below_title(area));
    shown.filter_map(|(place, line)| Some((regions.get(place)?, line)))
}

/// The address of a line of the panel.
pub(crate) fn address(regions: &Regions, cursor: u64, area: Rect, at: Position) -> Option<u64> {
    shown(regions, cursor, area).find(|(_, line)| line.contains(at)).map(|(region, _)| region.start)
}
