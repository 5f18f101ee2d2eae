//! Text, rules and rows of a list in the cells of an area: what every part of the screen is drawn with.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::view::thousands;

/// How much of an outcome a line looks at: no screen is wider.
pub(in crate::front::tui) const GLANCE: usize = 1024;
/// What a rule is made of, and one above memory of the past.
pub(in crate::front::tui) const RULER: &str = "\u{2500}";
pub(in crate::front::tui) const PAST_RULER: &str = "\u{2550}";

/// Puts text into the first row of an area, cut where the area ends, and returns the columns used.
pub(in crate::front::tui) fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let (end, _) = buffer.set_stringn(area.x, area.y, text, usize::from(area.width), style);
    // What does not fit is not lost without a sign.
    if text.len() > usize::from(area.width) && text.width() > usize::from(area.width) {
        buffer[(area.right() - 1, area.y)].set_symbol("\u{2026}").set_style(style);
    }
    end - area.x
}

/// A rule with a title, in the first row of an area.
pub(in crate::front::tui) fn rule(buffer: &mut Buffer, area: Rect, title: &str, style: Style) {
    ruled(buffer, area, title, style, RULER);
}

/// The columns that a title has in the rule of an area.
pub(in crate::front::tui) fn title_room(area: Rect) -> usize {
    usize::from(area.width.saturating_sub(3))
}

/// A rule made of a symbol.
pub(in crate::front::tui) fn ruled(buffer: &mut Buffer, area: Rect, title: &str, style: Style, symbol: &'static str) {
    if area.is_empty() {
        return;
    }
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_symbol(symbol);
    }
    let shown = shortened(title, title_room(area));
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    put(buffer, inner, &format!(" {shown} "), style);
}

/// A text in lines of that many columns at the most, broken at blanks where there are any.
pub(in crate::front::tui) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        for grapheme in broken(word, columns) {
            let line = lines.last_mut().expect("there is one");
            match line.width() + grapheme.trim_end().width() <= columns {
                true => line.push_str(grapheme),
                false => lines.push(grapheme.to_owned()),
            }
        }
    }
    lines
}

/// A word as it is, or in its characters where it is longer than a line.
fn broken(word: &str, columns: usize) -> Vec<&str> {
    if word.trim_end().width() > columns { word.graphemes(true).collect() } else { vec![word] }
}

/// As much of a text as fits into that many columns.
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

/// A text of so many columns at most: what is cut has a sign for it.
pub(in crate::front::tui) fn shortened(text: &str, columns: usize) -> String {
    match text.width() > columns {
        true => fit(text, columns.saturating_sub(1)) + "\u{2026}",
        false => text.to_owned(),
    }
}

/// A line from top to bottom beside an area.
pub(in crate::front::tui) fn column(buffer: &mut Buffer, x: u16, area: Rect) {
    for y in area.top()..area.bottom() {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(if y == area.y { "\u{252c}" } else { "\u{2502}" });
        }
    }
}

pub(in crate::front::tui) fn below_title(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

/// The items of a list that fit into an area with the selected one among them, each with its row.
pub(in crate::front::tui) fn window(count: usize, selected: usize, area: Rect) -> impl Iterator<Item = (usize, Rect)> {
    let rows = usize::from(area.height);
    let first = (selected + 1).saturating_sub(rows).min(count.saturating_sub(rows));
    (first..count).zip(0..area.height).map(move |(item, row)| (item, Rect { y: area.y + row, height: 1, ..area }))
}

/// Which items of a list are in sight, from that one on, if not all of them are: `  3-9 of 20`.
pub(in crate::front::tui) fn part(first: usize, count: usize, area: Rect) -> String {
    let rows = usize::from(area.height);
    if count <= rows || rows == 0 {
        return String::new();
    }
    let last = (first + rows).min(count);
    let [first, last, count] = [first + 1, last, count].map(|number| thousands(number as u64));
    format!("  {first}-{last} of {count}")
}

/// The same for the items that [`window`] tells.
pub(in crate::front::tui) fn part_around(count: usize, selected: usize, area: Rect) -> String {
    part(window(count, selected, area).next().map_or(0, |(first, _)| first), count, area)
}

pub(in crate::front::tui) fn to_u16(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}
