//! The legend of the gutter's letters, in the rule above the steps.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::front::tui::state::lines::to_u16;
use crate::record::Actor;

/// Draws as much of the legend as fits at the right end of a rule, after a title of that many columns. If the selected
/// step read something, that comes first.
pub(super) fn draw(area: Rect, title: usize, reader: Option<Actor>, canvas: &mut Canvas<'_>) {
    let theme = canvas.theme;
    let read = match reader {
        Some(Actor::Host) => vec![("r", theme.reader()), (" host read  ", Style::new())],
        Some(_) => vec![("r", theme.reader()), (" guest read  ", Style::new())],
        None => Vec::new(),
    };
    let mut legend = read;
    legend.extend([
        ("h", theme.actor(Actor::Host)),
        (" host wrote  ", Style::new()),
        ("g", theme.actor(Actor::Guest)),
        (" guest wrote  ", Style::new()),
        ("'", Style::new()),
        (" earlier  ", Style::new()),
        ("+", theme.title()),
        (" new ", Style::new()),
    ]);
    let width = |count: usize| to_u16(legend[..count].iter().map(|(text, _)| text.width()).sum());
    let fits = |count: &usize| width(*count) + to_u16(title) + 6 <= area.width;
    let Some(count) = (1..=legend.len() / 2).rev().map(|pairs| 2 * pairs).find(fits) else { return };
    let width = width(count);
    let mut rest = Rect { x: area.right() - width - 2, width: width + 1, ..area };
    canvas.append(&mut rest, " ", Style::new());
    for (text, style) in &legend[..count] {
        canvas.append(&mut rest, text, *style);
    }
}
