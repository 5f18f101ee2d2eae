//! The panel of the source: the function, source line and instruction of the selected access, or of the last write of the
//! bytes at the cursor.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::{below_title, rows};

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let cursor = app.space.cursor;
    let is_access = app.time.selection.as_ref().is_some_and(|at| at.access.is_some());
    let about = if is_access { "source of this access".to_owned() } else { format!("last write at {cursor:#x}") };
    canvas.rule(area, &with_hint(&about, "  (t lists all writers)", area), canvas.theme.title());
    let Some(source) = app.panels.touched.as_ref().and_then(|touched| touched.source.as_ref()) else {
        canvas.put(below_title(area), " searching ...", Style::new());
        return;
    };
    if source.found.is_none() {
        canvas.put(below_title(area), " no known write here", Style::new());
        return;
    }
    let (bold, selected) = (canvas.theme.title(), canvas.theme.selected());
    let mut lines = rows(below_title(area));
    let mut put = |text: &str, style: Style| {
        if let Some(line) = lines.next() {
            canvas.put(line, text, style);
        }
    };
    if let Some(place) = source.places.first() {
        put(&format!(" {place}"), bold);
    }
    if let Some(line) = &source.line {
        put(&format!(" | {}", crate::view::visible(line.trim_start().as_bytes())), Style::new());
    }
    let used = 1 + usize::from(source.line.is_some());
    let left = usize::from(below_title(area).height).saturating_sub(used);
    let inlined = source.places.len().saturating_sub(1).min(left.saturating_sub(3));
    for place in &source.places[1.min(source.places.len())..][..inlined] {
        put(&format!("   inlined into {place}"), Style::new());
    }
    let left = left - inlined;
    let here = source.instructions.iter().position(|&(offset, _)| offset == source.offset).unwrap_or(0);
    let first = here.saturating_sub(left / 2).min(source.instructions.len().saturating_sub(left));
    for (offset, text) in source.instructions.iter().skip(first).take(left) {
        let is_here = *offset == source.offset;
        let (mark, style) = if is_here { (">", selected) } else { (" ", Style::new()) };
        put(&format!("{mark}{offset:#x}  {text}"), style);
    }
}
