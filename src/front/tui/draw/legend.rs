//! Legends: the signs of the gutter, in the rule above the steps, and the choice of what fits.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::front::tui::state::layout::Layout;
use crate::front::tui::state::lines::{below_title, to_u16};
use crate::record::Actor;

/// A sign and its meaning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) sign: &'static str,
    pub(super) style: Style,
    pub(super) meaning: &'static str,
    /// Whether the sign is on the screen.
    pub(super) is_shown: bool,
}

impl Entry {
    /// The columns for the entry and the space before it.
    fn columns(&self) -> usize {
        self.sign.width() + self.meaning.width() + 3
    }
}

/// The entries that fit into that many columns, in order. Those for signs on the screen are chosen first.
pub(super) fn fitting(entries: &[Entry], columns: usize) -> Vec<Entry> {
    let mut chosen = vec![false; entries.len()];
    let mut left = columns;
    for is_shown in [true, false] {
        for (place, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.is_shown == is_shown) {
            if entry.columns() <= left {
                left -= entry.columns();
                chosen[place] = true;
            }
        }
    }
    entries.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(entry, _)| *entry).collect()
}

/// Draws entries, each after two spaces, and shrinks the area to what remains.
pub(super) fn append(entries: &[Entry], rest: &mut Rect, canvas: &mut Canvas<'_>) {
    for entry in entries {
        canvas.append(rest, "  ", Style::new());
        canvas.append(rest, entry.sign, entry.style);
        canvas.append(rest, " ", Style::new());
        canvas.append(rest, entry.meaning, Style::new());
    }
}

/// Draws as much of the legend as fits at the right end of a rule, after a title of that many columns.
pub(super) fn draw(layout: Layout, title: usize, reader: Option<Actor>, canvas: &mut Canvas<'_>) {
    let (area, theme) = (layout.steps, canvas.theme);
    let entry = |sign, style, meaning| Entry { sign, style, meaning, is_shown: is_in_gutter(sign, layout, canvas) };
    let mut legend = match reader {
        Some(Actor::Host) => vec![Entry { is_shown: true, ..entry("r", theme.reader(), "host read") }],
        Some(_) => vec![Entry { is_shown: true, ..entry("r", theme.reader(), "guest read") }],
        None => Vec::new(),
    };
    legend.extend([
        entry("h", theme.actor(Actor::Host), "host wrote"),
        entry("g", theme.actor(Actor::Guest), "guest wrote"),
        entry("'", Style::new(), "earlier"),
        entry("+", theme.title(), "new"),
    ]);
    let legend = fitting(&legend, usize::from(area.width).saturating_sub(title + 5));
    let width = to_u16(legend.iter().map(Entry::columns).sum());
    if width == 0 {
        return;
    }
    let mut rest = Rect { x: area.right() - width - 2, width, ..area };
    append(&legend, &mut rest, canvas);
    canvas.append(&mut Rect { x: area.right() - 2, width: 1, ..area }, " ", Style::new());
}

/// Whether a row of memory has that sign.
fn is_in_gutter(sign: &str, layout: Layout, canvas: &Canvas<'_>) -> bool {
    let rows = |pane: Rect| below_title(pane).rows().map(move |row| (pane.x, row.y));
    let panes = [layout.before, layout.after].into_iter().filter(|pane| !pane.is_empty());
    panes.flat_map(rows).any(|place| canvas.buffer.cell(place).is_some_and(|cell| cell.symbol() == sign))
}
