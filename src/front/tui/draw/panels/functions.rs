//! The panel of changes grouped by function: what each wrote in the selected step.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, part, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::panels::functions::shown;
use crate::view::{counted, thousands, visible};

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let writes = app.writes().unwrap_or_default();
    let is_done = app.accesses().is_none_or(crate::view::Accesses::is_done);
    let still = if is_done { "" } else { "  counting ..." };
    let part = part(0, writes.len(), below_title(area).height);
    let title = with_hint(&format!("writes by function{still}{part}"), "  (f: by range)", area);
    canvas.rule(area, &title, canvas.theme.title());
    if writes.is_empty() {
        let is_traced = app.time.selection.as_ref().is_some_and(|at| at.node.traced.stores);
        let text = match is_traced {
            true => " no known store in this step",
            false => " no stores were recorded in this exchange",
        };
        canvas.put(below_title(area), text, Style::new());
    }
    for (one, line) in shown(writes, area) {
        let inside = one.memory == app.memory() && one.range.contains(&app.space.cursor);
        let (mark, style) = if inside { (">", canvas.theme.selected()) } else { (" ", Style::new()) };
        let memory = if one.memory == 0 { String::new() } else { format!("{}:", one.memory) };
        let (function, stores) = (visible(one.function.as_bytes()), counted(one.stores, "store"));
        let range = format!("{memory}{:#x}..{:#x}", one.range.start, one.range.end);
        let text = format!("{mark}{function}  {} B in {stores}, {range}", thousands(one.bytes));
        canvas.put(line, &text, style);
    }
}
