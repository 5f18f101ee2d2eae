//! The whole screen.

use ratatui::layout::Position;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::{header, input_line, key_bar, memory, overlays, panels, status, steps, strip};
use crate::front::tui::input::mode::Mode;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;

/// Draws the state, and returns the cursor's position.
pub(crate) fn draw(app: &App, canvas: &mut Canvas<'_>) -> Option<Position> {
    let mut cursor = None;
    if !app.overlays.iter().any(overlays::covers) {
        cursor = draw_base(app, canvas).filter(|_| matches!(app.mode(), Mode::Input | Mode::History));
    }
    for overlay in app.overlays.iter() {
        cursor = overlays::draw(overlay, app.layout, canvas);
    }
    key_bar::draw(app, canvas);
    canvas.theme.charset.apply(canvas.buffer);
    cursor
}

/// Draws what is below the overlays, and returns the position of the input line's cursor.
fn draw_base(app: &App, canvas: &mut Canvas<'_>) -> Option<Position> {
    let layout = app.layout;
    if layout.has_memory() {
        header::draw(app, canvas);
        strip::draw(app, canvas);
        memory::draw(app, canvas);
        steps::draw(app, canvas);
        panels::draw(app, app.shown_panel(), layout.side, canvas);
        if !layout.transcript.is_empty() {
            panels::exchanges::draw(app, layout.transcript, canvas);
            canvas.column(layout.side.right(), layout.side);
        }
        status::draw(app, canvas);
    } else {
        status::draw(app, canvas);
        canvas.put(below_title(layout.status), "too small to show memory: needs 44x12", Style::new());
    }
    input_line::draw(app, layout.input, canvas)
}
