//! The map of the whole memory, one cell for each part.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::Canvas;
use crate::front::tui::state::app::App;
use crate::front::tui::state::panels::map::MapPanel;
use crate::record::Actor;
use crate::view::{HOTTEST, Mark, Piece, thousands};

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(map) = &app.panels.map else { return };
    if app.panels.shows_heat {
        return draw_heat(app, map, area, canvas);
    }
    let theme = canvas.theme;
    for (&piece, place) in map.parts.pieces.iter().zip(0..) {
        let (symbol, style) = match piece {
            Piece::Zero => (".", Style::new()),
            Piece::Data => ("=", Style::new()),
            Piece::Earlier => ("'", theme.since_start()),
            Piece::New => ("+", theme.title()),
            Piece::Now(by) => (letter(by), theme.actor(by)),
        };
        let here = place == app.space.cursor / map.parts.size;
        let style = if here { style.patch(theme.selected()) } else { style };
        if let Some(cell) = canvas.buffer.cell_mut(map.position(place)) {
            cell.set_symbol(symbol).set_style(style);
        }
    }
    let still = if map.is_done() { "" } else { "searching ...  " };
    let unit = thousands(map.parts.size);
    let title = format!("map  {still}1 cell = {unit} B  . zero  = data  ' earlier  h g m now  + new");
    canvas.rule(area, &title, theme.title());
}

/// Draws how many bytes were written to each part, from 1 to 9 on a logarithmic scale.
fn draw_heat(app: &App, map: &MapPanel, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(panel) = &app.panels.heat else { return };
    let theme = canvas.theme;
    for (level, place) in panel.heat.levels().zip(0..) {
        let style = match level {
            0..=3 => Style::new(),
            4..=6 => theme.title(),
            _ => theme.after(Mark::Changed(Actor::Guest)),
        };
        let here = place == app.space.cursor / map.parts.size;
        let style = if here { style.patch(theme.selected()) } else { style };
        let symbol = if level == 0 { ".".to_owned() } else { level.to_string() };
        if let Some(cell) = canvas.buffer.cell_mut(map.position(place)) {
            cell.set_symbol(&symbol).set_style(style);
        }
    }
    let still = if panel.heat.is_done() { "" } else { "counting ...  " };
    let (unit, most) = (thousands(map.parts.size), thousands(panel.heat.most()));
    let least = if panel.heat.is_lower_bound() { "at least " } else { "" };
    let title = format!("heat  {still}1 cell = {unit} B  {HOTTEST} = {least}{most} B written in all exchanges");
    canvas.rule(area, &title, theme.title());
}

fn letter(actor: Actor) -> &'static str {
    match actor {
        Actor::Host => "h",
        Actor::Guest => "g",
        Actor::Module => "m",
    }
}
