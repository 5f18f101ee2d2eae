//! Draws text, rules and titles into the cells of an area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::theme::Theme;
use crate::front::tui::state::lines::window;
use crate::view::{thousands, visible};

/// The maximum length of a line or answer that is drawn; no screen is wider.
const GLANCE: usize = 1024;
/// The symbol of rules, and of those above memory in the past.
pub(super) const RULER: &str = "\u{2500}";
pub(super) const PAST_RULER: &str = "\u{2550}";

/// The buffer and the theme.
pub(crate) struct Canvas<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) theme: Theme,
}

impl<'a> Canvas<'a> {
    pub(crate) fn new(buffer: &'a mut Buffer, theme: Theme) -> Canvas<'a> {
        Canvas { buffer, theme }
    }

    /// Draws text into the first row of an area, truncated at its end, and returns the columns used.
    pub(super) fn put(&mut self, area: Rect, text: &str, style: Style) -> u16 {
        if area.is_empty() {
            return 0;
        }
        let (end, _) = self.buffer.set_stringn(area.x, area.y, text, usize::from(area.width), style);
        // Mark truncated text.
        if text.len() > usize::from(area.width) && text.width() > usize::from(area.width) {
            self.buffer[(area.right() - 1, area.y)].set_symbol("\u{2026}").set_style(style);
        }
        end - area.x
    }

    /// Draws text, and shrinks the area to what remains.
    pub(super) fn append(&mut self, rest: &mut Rect, text: &str, style: Style) {
        let used = self.put(*rest, text, style);
        *rest = Rect { x: rest.x + used, width: rest.width - used, ..*rest };
    }

    /// Draws a rule with a title in the first row of an area.
    pub(super) fn rule(&mut self, area: Rect, title: &str, style: Style) {
        self.ruled(area, title, style, RULER);
    }

    /// Draws a rule made of a given symbol.
    pub(super) fn ruled(&mut self, area: Rect, title: &str, style: Style, symbol: &'static str) {
        if area.is_empty() {
            return;
        }
        for x in area.left()..area.right() {
            self.buffer[(x, area.y)].set_symbol(symbol);
        }
        let shown = shortened(title, title_room(area));
        let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
        self.put(inner, &format!(" {shown} "), style);
    }

    /// Draws a vertical line beside an area.
    pub(super) fn column(&mut self, x: u16, area: Rect) {
        for y in area.top()..area.bottom() {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_symbol(if y == area.y { "\u{252c}" } else { "\u{2502}" });
            }
        }
    }

    /// Clears an area.
    pub(super) fn clear(&mut self, area: Rect) {
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }
}

/// The columns available for a title in an area's rule.
pub(super) fn title_room(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(3))
}

/// A title followed by a hint, if both fit in the area's rule.
pub(super) fn with_hint(title: &str, hint: &str, area: Rect) -> String {
    let fits = title.width() + hint.width() <= title_room(area);
    format!("{title}{}", if fits { hint } else { "" })
}

/// The longest prefix of a text that fits into that many columns.
fn fit(text: &str, columns: usize) -> String {
    let mut fitted = String::new();
    for grapheme in text.graphemes(true) {
        if fitted.width() + grapheme.width() > columns {
            break;
        }
        fitted.push_str(grapheme);
    }
    fitted
}

/// Truncates a text to at most that many columns, and marks the cut.
pub(super) fn shortened(text: &str, columns: usize) -> String {
    match text.width() > columns {
        true => fit(text, columns.saturating_sub(1)) + "\u{2026}",
        false => text.to_owned(),
    }
}

/// Which items of a list are shown, unless all are: `  3-9 of 20`.
pub(super) fn part(first: usize, count: usize, rows: u16) -> String {
    let rows = usize::from(rows);
    if count <= rows || rows == 0 {
        return String::new();
    }
    let last = (first + rows).min(count);
    let [first, last, count] = [first + 1, last, count].map(|number| thousands(number as u64));
    format!("  {first}-{last} of {count}")
}

/// The same for the items of [`window`].
pub(super) fn part_around(count: usize, selected: usize, area: Rect) -> String {
    part(window(count, selected, area).next().map_or(0, |(first, _)| first), count, area.height)
}

/// The beginning of a line or an answer, as text.
pub(super) fn glance(bytes: &[u8]) -> String {
    visible(&bytes[..bytes.len().min(GLANCE)])
}
