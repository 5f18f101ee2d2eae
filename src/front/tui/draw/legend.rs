//! The legend of the gutter's letters, in the rule above the steps.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::front::tui::state::lines::to_u16;
use crate::record::Actor;

const LEGEND: [(&str, Option<Actor>); 6] = [
    (" h", Some(Actor::Host)),
    (" host wrote  ", None),
    ("g", Some(Actor::Guest)),
    (" guest wrote", None),
    ("  ' earlier", None),
    ("  + new ", None),
];

/// Draws as much of the legend as fits at the right end of a rule, after a title of that many columns.
pub(super) fn draw(area: Rect, title: usize, canvas: &mut Canvas<'_>) {
    let width = |count: usize| to_u16(LEGEND[..count].iter().map(|(text, _)| text.width()).sum());
    let fits = |count: &usize| width(*count) + to_u16(title) + 5 <= area.width;
    let Some(count) = [6, 5, 4, 2].into_iter().find(fits) else { return };
    let width = width(count);
    let mut rest = Rect { x: area.right() - width - 1, width, ..area };
    for (text, actor) in &LEGEND[..count] {
        canvas.append(&mut rest, text, actor.map_or(Style::new(), |actor| canvas.theme.actor(actor)));
    }
}
