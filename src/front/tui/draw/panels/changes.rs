//! The panel of changes: the ranges of bytes that changed, each by one actor.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, part, with_hint};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::panels::changes::shown;
use crate::view::{counted, name, thousands};

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(view) = app.view() else { return };
    let (marks, cursor) = (view.marks, app.space.cursor);
    let (ranges, changed) = (counted(marks.ranges() as u64, "range"), counted(marks.changed() as u64, "byte"));
    let first = shown(marks, cursor, area).next().map_or(0, |((start, _), _)| marks.range_number(start) - 1);
    let part = part(first, marks.ranges(), below_title(area).height);
    canvas.rule(
        area,
        &with_hint(&format!("changes  {changed} in {ranges}{part}"), "  (, .)", area),
        canvas.theme.title(),
    );
    let mut rest = below_title(area);
    for ((start, end), line) in shown(marks, cursor, area) {
        let by = marks.at(start).actor().map_or("", name);
        let inside = (start..end).contains(&cursor);
        let (mark, style) = if inside { (">", canvas.theme.selected()) } else { (" ", Style::new()) };
        let number = thousands(marks.range_number(start) as u64);
        let field = app.space.regions.in_range(start, end).map_or_else(String::new, |fields| format!("  {fields}"));
        let text = format!("{mark}{number} {start:#x}..{end:#x}  {} B by {by}{field}", thousands(end - start));
        canvas.put(line, &text, style);
        rest = below_title(rest);
    }
    if let Some((from, to)) = marks.grown() {
        canvas.put(rest, &format!(" + grew from {from} to {}", counted(to, "page")), Style::new());
    }
}
