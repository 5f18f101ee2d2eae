//! Drawing the panels beside the steps. Each has a file here and, if its lines can be clicked, one in `state`.

mod changes;
pub(super) mod exchanges;
mod functions;
mod map;
mod regions;
mod source;
mod structs;
mod values;
mod writers;

use ratatui::layout::Rect;

use super::canvas::Canvas;
use crate::front::tui::state::app::App;
use crate::front::tui::state::panels::Panel;

/// Draws a panel.
pub(super) fn draw(app: &App, panel: Panel, area: Rect, canvas: &mut Canvas<'_>) {
    match panel {
        Panel::Values => values::draw(app, area, canvas),
        Panel::Changes if app.panels.by_function => functions::draw(app, area, canvas),
        Panel::Changes => changes::draw(app, area, canvas),
        Panel::Regions => regions::draw(app, area, canvas),
        Panel::Map => map::draw(app, area, canvas),
        Panel::Writers => writers::draw(app, area, canvas),
        Panel::Source => source::draw(app, area, canvas),
        Panel::Structs => structs::draw(app, area, canvas),
        Panel::Exchanges => exchanges::draw(app, area, canvas),
    }
}
