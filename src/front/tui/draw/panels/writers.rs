//! The panel of writers: every write of the bytes at the cursor, over all exchanges, in order.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let (first, last) = app.space.selected();
    let target =
        if first == last { format!("{first:#x}") } else { format!("{first:#x}..{:#x}", last.saturating_add(1)) };
    let touched = app.panels.touched.as_ref();
    let still = if touched.is_none_or(|touched| touched.is_done()) { "" } else { "  searching ..." };
    let title = with_hint(&format!("writers of {target}{still}"), "  (# * browse, t source)", area);
    canvas.rule(area, &title, canvas.theme.title());
    let Some(touched) = touched else { return };
    if touched.writers.is_empty() && still.is_empty() {
        canvas.put(below_title(area), " no known write", Style::new());
    }
    for (place, row, line) in touched.shown(area) {
        // The last one before the end of what is selected made the bytes what they are.
        let is_last = place + 1 == touched.earlier;
        let (mark, style) = if is_last { (">", canvas.theme.selected()) } else { (" ", Style::new()) };
        canvas.put(line, &format!("{mark}{}", row.text), style);
    }
}
