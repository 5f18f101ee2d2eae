//! The tree of steps. Its root, the exchange as a whole, is the title.

use ratatui::style::Style;

use super::canvas::{Canvas, part_around};
use super::legend;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::steps::{self, StepRow};
use crate::view::{AccessLine, Selection, StepLine, access_line};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (area, theme) = (app.layout.steps, canvas.theme);
    let selection = app.time.selection.as_ref();
    let whole = selection.is_some_and(|at| at.step.is_none());
    let title = selection.map_or_else(|| "steps".to_owned(), |at| title(app, at));
    canvas.rule(area, &title, if whole { theme.selected() } else { theme.title() });
    let reading = selection.and_then(|at| at.reading(app.memory()));
    legend::draw(app.layout, title.len(), reading.map(|reading| reading.by), canvas);
    canvas.column(area.right(), area);
    let Some(at) = selection else { return };
    let shown = steps::shown(at, app.accesses(), area);
    let lines: Vec<_> = shown.iter().map(|(row, _)| step_line(at, *row)).collect();
    for (place, (row, line)) in shown.into_iter().enumerate() {
        let selected = match row {
            StepRow::Step(place) => at.step == Some(place) && at.access.is_none(),
            StepRow::Access(number) => at.access == Some(number),
            StepRow::Group(_) => false,
        };
        let (mark, style) = if selected { (">", theme.selected()) } else { (" ", Style::new()) };
        canvas.buffer.set_style(line, style);
        let columns = usize::from(line.width).saturating_sub(1);
        let text = match &lines[place] {
            Some((number, step)) => step.within(*number, columns, name_room(&step.name, &lines, columns)),
            None => access_text(app, at, row),
        };
        canvas.put(line, &format!("{mark}{text}"), style);
    }
}

fn title(app: &App, at: &Selection) -> String {
    match (at.access, at.step) {
        (Some(_), Some(step)) => {
            let is_done = app.accesses().is_some_and(crate::view::Accesses::is_done);
            format!("accesses of step {}{}", step + 1, if is_done { "" } else { "  grouping ..." })
        }
        _ => {
            let name = if at.step.is_none() { ">all steps" } else { "steps" };
            let part = part_around(at.steps(), at.step.unwrap_or(0), below_title(app.layout.steps));
            format!("{name}{part}")
        }
    }
}

/// The step of a row, with its number.
fn step_line(at: &Selection, row: StepRow) -> Option<(usize, StepLine)> {
    match row {
        StepRow::Step(place) => Some((place + 1, at.line(place))),
        StepRow::Group(_) | StepRow::Access(_) => None,
    }
}

/// The columns for a name in a list: what the longest line with it leaves, so that it has one form.
fn name_room(name: &str, lines: &[Option<(usize, StepLine)>], columns: usize) -> usize {
    let same = lines.iter().flatten().filter(|(_, line)| line.name == name);
    same.map(|(number, line)| line.name_room(*number, columns)).min().unwrap_or(columns)
}

fn access_text(app: &App, at: &Selection, row: StepRow) -> String {
    match row {
        StepRow::Step(_) => String::new(),
        StepRow::Group(group) => {
            let text = app.accesses().map_or_else(String::new, |accesses| accesses.group_text(group));
            format!("  {text}")
        }
        StepRow::Access(number) => {
            let line = access_line(&at.node, number, app.debug().as_deref());
            line.map_or_else(String::new, |AccessLine { number, what, place }| format!("    {number} {what}  {place}"))
        }
    }
}
