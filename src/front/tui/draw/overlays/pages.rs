//! Text over the screen: the help, the output of a command.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, part};
use crate::front::tui::state::overlays::pages::Pages;

pub(super) fn draw(title: &str, pages: &Pages, area: Rect, canvas: &mut Canvas<'_>) {
    let (first, rows, count) = pages.part();
    canvas.rule(area, &format!("{title}{}", part(first, count, rows)), canvas.theme.title());
    for (line, place) in pages.shown() {
        let style = if line.is_heading { canvas.theme.title() } else { Style::new() };
        canvas.put(Rect { x: place.x + 1, width: place.width.saturating_sub(1), ..place }, &line.text, style);
    }
}
