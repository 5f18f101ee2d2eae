//! Drawing overlays. Each has a file here and one in `state`.

mod list;
mod pages;
mod prompt;

use ratatui::layout::Position;

use super::canvas::Canvas;
use crate::front::tui::state::layout::Layout;
use crate::front::tui::state::overlays::Overlay;

/// Whether an overlay covers everything below it except the key bar.
pub(super) fn covers(overlay: &Overlay) -> bool {
    !matches!(overlay, Overlay::Prompt(_))
}

/// Draws an overlay, and returns the cursor's position.
pub(super) fn draw(overlay: &Overlay, layout: Layout, canvas: &mut Canvas<'_>) -> Option<Position> {
    if covers(overlay) {
        canvas.clear(layout.area);
    }
    match overlay {
        Overlay::Help(pages) => pages::draw("help", pages, layout.area, canvas),
        Overlay::Output(pages) => pages::draw("output of the command", pages, layout.area, canvas),
        Overlay::List(list) => list::draw(list, layout.area, canvas),
        Overlay::Prompt(prompt) => return prompt::draw(prompt, layout.input, canvas),
    }
    None
}
