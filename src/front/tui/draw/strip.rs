//! The strip: the run's exchanges in one row. Each cell stands for one, or for several if they would not fit.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::legend::{self, Entry};
use super::theme::Theme;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::to_u16;
use crate::front::tui::state::strip;
use crate::record::Actor;
use crate::view::{Events, thousands};

/// What underlined cells are.
const TOUCHED: &str = "underlined:";

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let area = app.layout.strip;
    let (Some(at), false) = (&app.time.selection, area.is_empty()) else { return };
    canvas.put(area, strip::LABEL, canvas.theme.title());
    let is_open = app.session.run().is_unfinished();
    let (size, cells) = app.time.timeline.cells(strip::room(area, is_open));
    let first = strip::cells(area);
    let symbols = cells.iter().enumerate().map(|(place, &events)| match event(events, canvas.theme) {
        // A failure comes first: its exchange is noticed without findings.
        (symbol, style) if symbol != FAILED && app.has_findings(place * size..(place + 1) * size) => {
            (FINDING, style.add_modifier(Modifier::BOLD))
        }
        plain => plain,
    });
    let open = is_open.then_some((OPEN, canvas.theme.title()));
    let symbols: Vec<_> = symbols.chain(open).collect();
    for (place, &(symbol, style)) in symbols.iter().enumerate() {
        let Some(cell) = canvas.buffer.cell_mut((first.x.saturating_add(to_u16(place)), first.y)) else { break };
        // The exchange that is not over has a cell of its own.
        let here = if place == cells.len() { at.cause == app.time.timeline.len() } else { at.cause / size == place };
        let here = here && (place == cells.len() || at.cause < app.time.timeline.len());
        let touched = app.time.touched.as_ref().is_some_and(|touched| touched.any(place * size, size));
        let style = if touched { style.add_modifier(Modifier::UNDERLINED) } else { style };
        cell.set_symbol(symbol).set_style(if here { style.patch(canvas.theme.selected()) } else { style });
    }
    let end = end(app, size);
    let used = to_u16(end.width()).min(area.width);
    canvas.put(Rect { x: area.right() - used, width: used, ..area }, &end, canvas.theme.title());
    let left = to_u16(symbols.len());
    let mut rest = Rect { x: first.x + left, width: first.width.saturating_sub(left + used), ..first };
    let mut legend = legend(canvas.theme, |sign| symbols.iter().any(|(symbol, _)| *symbol == sign));
    if app.time.touched.is_some() {
        let meaning = if app.space.selected_len() > 1 { "wrote these bytes" } else { "wrote this byte" };
        let style = Style::new().add_modifier(Modifier::UNDERLINED);
        legend.push(Entry { sign: TOUCHED, style, meaning, is_shown: true });
    }
    legend::append(&legend::fitting(&legend, usize::from(rest.width)), &mut rest, canvas);
}

/// The symbol of an exchange that is not over.
const OPEN: &str = ">";
/// The symbol of an exchange that failed.
const FAILED: &str = "x";
/// The symbol of an exchange with findings. Its color is that of what it stands for.
pub(super) const FINDING: &str = "!";

/// The meanings of the symbols; those that are rare, only where they are shown.
fn legend(theme: Theme, is_shown: impl Fn(&str) -> bool) -> Vec<Entry> {
    let entry = |sign, style, meaning| Entry { sign, style, meaning, is_shown: is_shown(sign) };
    let all = [
        entry("m", theme.actor(Actor::Module), "module"),
        entry("h", theme.actor(Actor::Host), "host"),
        entry("g", theme.actor(Actor::Guest), "guest"),
        entry(FINDING, theme.title(), "finding"),
        entry(FAILED, theme.failure(), "failed"),
        entry("+", theme.title(), "grew"),
        entry(".", Style::new(), "no change"),
        entry("?", Style::new(), "unknown"),
        entry(OPEN, theme.title(), "not over"),
    ];
    all.into_iter().filter(|entry| entry.is_shown || !["?", OPEN, FINDING].contains(&entry.sign)).collect()
}

/// The text after the strip: its scale, and whether it follows the newest exchange.
fn end(app: &App, size: usize) -> String {
    let scale = if size > 1 { format!("{} a cell  ", thousands(size as u64)) } else { String::new() };
    let now = match (app.time.follows() || app.is_present(), app.session.is_replay()) {
        (false, _) => "F9: newest",
        (true, true) => "saved",
        (true, false) if app.session.stopped().is_some() => "stopped",
        (true, false) => "live",
    };
    format!("  {scale}{now} ")
}

/// The symbol for the rarest event in a cell.
fn event(events: Events, theme: Theme) -> (&'static str, Style) {
    match events {
        _ if events.has(Events::FAILED) => (FAILED, theme.failure()),
        _ if events.has(Events::GREW) => ("+", theme.title()),
        _ if events.has(Events::GUEST) => ("g", theme.actor(Actor::Guest)),
        _ if events.has(Events::HOST) => ("h", theme.actor(Actor::Host)),
        _ if events.has(Events::MODULE) => ("m", theme.actor(Actor::Module)),
        _ if events.has(Events::UNKNOWN) => ("?", Style::new()),
        _ => (".", Style::new()),
    }
}
