//! The strip: the run's exchanges in one row. Each cell stands for one, or for several if they would not fit.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::theme::Theme;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::to_u16;
use crate::front::tui::state::strip;
use crate::record::Actor;
use crate::view::{Events, thousands};

/// The part of the legend that the gutter's legend lacks.
const LEGEND: &str = "  x failed  + grew  . nothing changed";

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let area = app.layout.strip;
    let (Some(at), false) = (&app.time.selection, area.is_empty()) else { return };
    canvas.put(area, strip::LABEL, canvas.theme.title());
    let (size, cells) = app.time.timeline.cells(strip::room(area));
    let first = strip::cells(area);
    for (place, &events) in cells.iter().enumerate() {
        let Some(cell) = canvas.buffer.cell_mut((first.x.saturating_add(to_u16(place)), first.y)) else { break };
        let (symbol, style) = event(events, canvas.theme);
        let here = at.cause / size == place;
        cell.set_symbol(symbol).set_style(if here { style.patch(canvas.theme.selected()) } else { style });
    }
    let end = end(app, size);
    let used = to_u16(end.width()).min(area.width);
    canvas.put(Rect { x: area.right() - used, width: used, ..area }, &end, canvas.theme.title());
    let left = to_u16(cells.len());
    let rest = Rect { x: first.x + left, width: first.width.saturating_sub(left + used), ..first };
    if usize::from(rest.width) >= LEGEND.len() {
        canvas.put(rest, LEGEND, Style::new());
    }
}

/// The text after the strip: its scale, and whether it follows the newest exchange.
fn end(app: &App, size: usize) -> String {
    let scale = if size > 1 { format!("{} a cell  ", thousands(size as u64)) } else { String::new() };
    let now = match (app.time.follows() || app.is_present(), app.session.is_replay()) {
        (false, _) => "F9: newest",
        (true, true) => "saved",
        (true, false) => "live",
    };
    format!("  {scale}{now} ")
}

/// The symbol for the rarest event in a cell.
fn event(events: Events, theme: Theme) -> (&'static str, Style) {
    match events {
        _ if events.has(Events::FAILED) => ("x", theme.failure()),
        _ if events.has(Events::GREW) => ("+", theme.title()),
        _ if events.has(Events::GUEST) => ("g", theme.actor(Actor::Guest)),
        _ if events.has(Events::HOST) => ("h", theme.actor(Actor::Host)),
        _ if events.has(Events::MODULE) => ("m", theme.actor(Actor::Module)),
        _ if events.has(Events::UNKNOWN) => ("?", Style::new()),
        _ => (".", Style::new()),
    }
}
