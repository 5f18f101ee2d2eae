//! The panel of named regions. Those that contain the cursor are marked.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, part_around, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::panels::regions::{selected, shown};
use crate::view::thousands;

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let (regions, cursor) = (&app.space.regions, app.space.cursor);
    let part = part_around(regions.len(), selected(regions, cursor), below_title(area));
    let part = if part.is_empty() { format!("  {}", thousands(regions.len() as u64)) } else { part };
    let title = with_hint(&format!("regions{part}"), "  (r lists them, m adds one)", area);
    canvas.rule(area, &title, canvas.theme.title());
    for (region, line) in shown(regions, cursor, area) {
        let inside = region.contains(cursor);
        let (mark, style) = if inside { (">", canvas.theme.selected()) } else { (" ", Style::new()) };
        let ((sign, _), len) = (region.kind.signs(), thousands(region.len()));
        let place = match region.is_empty() {
            true => format!("at {:#x}", region.start),
            false => format!("{:#x}..{:#x}  {len} B", region.start, region.end),
        };
        let text = format!("{mark}{sign:1}{:<10} {place}", region.name);
        canvas.put(line, &text, style);
    }
}
