//! The tree of steps. Its root, the exchange as a whole, is the title.

use ratatui::style::Style;

use super::canvas::{Canvas, part_around};
use super::legend;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::steps;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (area, theme) = (app.layout.steps, canvas.theme);
    let selection = app.time.selection.as_ref();
    let whole = selection.is_some_and(|at| at.step.is_none());
    let name = if whole { ">all steps" } else { "steps" };
    let part = selection.map(|at| part_around(at.steps(), at.step.unwrap_or(0), below_title(area)));
    let title = format!("{name}{}", part.unwrap_or_default());
    canvas.rule(area, &title, if whole { theme.selected() } else { theme.title() });
    legend::draw(area, title.len(), canvas);
    canvas.column(area.right(), area);
    let Some(at) = selection else { return };
    for (place, line) in steps::shown(at, area) {
        let selected = at.step == Some(place);
        let (mark, style) = if selected { (">", theme.selected()) } else { (" ", Style::new()) };
        canvas.buffer.set_style(line, style);
        let columns = usize::from(line.width).saturating_sub(1);
        canvas.put(line, &format!("{mark}{}", at.line(place).within(place + 1, columns)), style);
    }
}
