//! The panel of a struct: its members, before and after.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, part_around, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::panels::structs::{members, shown};

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(view) = app.view().and_then(|view| members(&app.session, &view)) else {
        canvas.rule(area, "struct", canvas.theme.title());
        canvas.put(below_title(area), " :struct NAME @ ADDR shows memory as a struct", Style::new());
        return;
    };
    let cursor = app.space.cursor;
    let first = shown(&view, cursor, area).next().map_or(0, |(place, ..)| place);
    let part = part_around(view.rows.len(), first, below_title(area));
    let title = format!("{} @ {:#x}{part}", view.name, view.addr);
    canvas.rule(area, &with_hint(&title, "  (:struct lists them)", area), canvas.theme.title());
    let lines = view.lines();
    for (place, row, line) in shown(&view, cursor, area) {
        let (mark, style) = match (row.range.contains(&cursor), row.has_changed()) {
            (true, _) => (">", canvas.theme.selected()),
            (false, true) => (" ", canvas.theme.title()),
            (false, false) => (" ", Style::new()),
        };
        canvas.put(line, &format!("{mark}{}", lines[place]), style);
    }
}
