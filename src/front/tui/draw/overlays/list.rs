//! A list over the screen.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::Canvas;
use crate::front::tui::state::overlays::list::List;
use crate::view::thousands;

pub(super) fn draw(list: &List, area: Rect, canvas: &mut Canvas<'_>) {
    let (number, count) = (thousands(list.selected as u64 + 1), thousands(list.places.len() as u64));
    canvas.rule(area, &format!("line {number} of {count}  {}", list.title), canvas.theme.title());
    for (number, line) in list.shown() {
        let selected = number == list.selected;
        let (mark, style) = if selected { (">", canvas.theme.selected()) } else { (" ", Style::new()) };
        canvas.buffer.set_style(line, style);
        canvas.put(line, &format!("{mark}{}", list.places[number].words), style);
    }
}
