//! A question in place of the input line.

use ratatui::layout::{Position, Rect};

use crate::front::tui::draw::canvas::Canvas;
use crate::front::tui::draw::input_line::draw_line;
use crate::front::tui::state::overlays::prompt::Prompt;

/// Draws the question and the typed answer, and returns the cursor's position.
pub(super) fn draw(prompt: &Prompt, area: Rect, canvas: &mut Canvas<'_>) -> Option<Position> {
    canvas.clear(area);
    draw_line(&prompt.label(), &prompt.input, area, canvas)
}
