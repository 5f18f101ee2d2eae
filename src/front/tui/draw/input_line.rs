//! The input line.

use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::canvas::Canvas;
use crate::front::tui::input::line::LineEditor;
use crate::front::tui::input::mode::Focus;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::to_u16;
use crate::view::visible;

/// Draws the input line, and returns the cursor's position.
pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) -> Option<Position> {
    let label = match (app.line.sought(), app.focus) {
        (Some(sought), _) => format!("search `{}`: ", visible(sought.as_bytes())),
        (None, Focus::Input) => "> ".to_owned(),
        (None, Focus::Memory) => "  ".to_owned(),
    };
    draw_line(&label, &app.line, area, canvas)
}

/// Draws a line after its label, and returns the cursor's position.
pub(super) fn draw_line(label: &str, line: &LineEditor, area: Rect, canvas: &mut Canvas<'_>) -> Option<Position> {
    let mut rest = area;
    canvas.append(&mut rest, label, canvas.theme.title());
    let (text, column) = line.window(usize::from(rest.width));
    canvas.put(rest, &text, Style::new());
    (rest.width > 0 && area.height > 0).then(|| Position::new(rest.x + to_u16(column), rest.y))
}
