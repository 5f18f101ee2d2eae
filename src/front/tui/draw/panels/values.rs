//! The panel of values: the last writer at the cursor, what a host sees there, and the bytes there as numbers and text,
//! before and after.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use crate::front::tui::draw::canvas::{Canvas, shortened, title_room};
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::below_title;
use crate::front::tui::state::overlays::pages::wrapped;
use crate::view::{Entry, Order, inspect};

/// The minimum width of a value if several are shown in a row.
const VALUE: u16 = 36;
/// The minimum height of the values below which the origin gets no line of its own.
const ORIGIN_HEIGHT: u16 = 6;

pub(super) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let (cursor, order, regions) = (app.space.cursor, app.panels.order, &app.space.regions);
    let mut values = below_title(below_title(area));
    let (writer, origin) = writer_and_origin(app, values);
    canvas.put(below_title(area), &writer, Style::new());
    if let Some(origin) = origin {
        canvas.put(values, &origin, Style::new());
        values = below_title(values);
    }
    values = put_seen(&app.space.here.seen, values, canvas);
    let columns = (values.width / VALUE).max(1);
    let (width, shown) = (values.width / columns, values.height.saturating_mul(columns));
    let entries = app.view().map(|view| inspect(view.before, view.after, cursor, order, regions));
    let entries = entries.unwrap_or_default();
    let part = match entries.len() {
        count if count <= usize::from(shown) || shown == 0 => String::new(),
        count => format!("  {shown} of {count}"),
    };
    let title = title(cursor, &app.space.here.names, &part, title_room(area));
    canvas.rule(area, &title, canvas.theme.title());
    for (entry, place) in entries.iter().zip(0..shown) {
        let (column, row) = (place % columns, place / columns);
        let cell = Rect { x: values.x + column * width, y: values.y + row, width: width.saturating_sub(1), height: 1 };
        let style = if entry.before != entry.after { canvas.theme.title() } else { Style::new() };
        let order = if order == Order::Big && entry.has_order() { " be" } else { "" };
        let name = format!(" {:<8} ", format!("{}{order}", entry.name));
        let room = usize::from(cell.width).saturating_sub(name.width());
        canvas.put(cell, &(name + &within(entry, room)), style);
    }
}

/// Puts what a host sees into the first rows, and returns the others. One is left to the values.
fn put_seen(seen: &[String], area: Rect, canvas: &mut Canvas<'_>) -> Rect {
    let width = usize::from(area.width);
    let mut lines: Vec<_> = seen.iter().flat_map(|line| wrapped(&format!(" {line}"), width, 4)).collect();
    let room = usize::from(area.height).saturating_sub(1);
    if lines.len() > room {
        lines.truncate(room.saturating_sub(1));
        lines.extend((room > 0).then(|| " ... :as lists the rest".to_owned()));
    }
    lines.iter().fold(area, |rest, line| {
        canvas.put(rest, line, Style::new());
        below_title(rest)
    })
}

/// The line for the last writer at the cursor, and the line after it for the origin of the byte, if that needs one.
/// It is never cut: where it does not fit, `:origin` still has it.
fn writer_and_origin(app: &App, values: Rect) -> (String, Option<String>) {
    let writer = format!(" {}", app.space.here.writer);
    let Some(origin) = &app.space.here.origin else { return (writer, None) };
    let both = format!("{writer}   origin: {origin}");
    if both.width() <= usize::from(values.width) {
        return (both, None);
    }
    let line = format!(" origin: {origin}");
    let fits = values.height >= ORIGIN_HEIGHT && line.width() <= usize::from(values.width);
    (writer, fits.then_some(line))
}

/// The cursor's address, as many of its names as fit, and which values are shown if that fits beside one name.
fn title(address: u64, names: &[String], part: &str, room: usize) -> String {
    let at = format!("at {address:#x}");
    let Some(name) = names.first() else { return at + part };
    let least = at.width() + 2 + name.width() + if names.len() > 1 { 3 } else { 0 };
    let part = if least + part.width() <= room { part } else { "" };
    let columns = room.saturating_sub(at.width() + 2 + part.width());
    format!("{at}  {}{part}", named(names, columns))
}

/// As many of the names as fit into that many columns, and the number of others. Shows at least the start of the first.
fn named(names: &[String], columns: usize) -> String {
    let text = |count: usize| match names.len() - count {
        0 => names.join(", "),
        more => format!("{} +{more}", names[..count].join(", ")),
    };
    let fits = |count: &usize| text(*count).width() <= columns;
    match (1..=names.len()).rev().find(fits) {
        Some(count) => text(count),
        None if names.len() < 2 => names.concat(),
        None => {
            let more = format!(" +{}", names.len() - 1);
            shortened(&names[0], columns.saturating_sub(more.width())) + &more
        }
    }
}

/// A value before and after, in at most that many columns. Truncates the value before first.
fn within(value: &Entry, columns: usize) -> String {
    let text = value.words();
    match value.sides() {
        (Some(before), after) if text.width() > columns => {
            let arrow = format!("-> {after}");
            match columns.checked_sub(arrow.width()) {
                None => after.to_owned(),
                Some(0 | 1) => arrow,
                Some(room) => format!("{} {arrow}", shortened(before, room - 1)),
            }
        }
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_do_not_fit_are_counted() {
        let names = ["input", "buffer+0x2", "heap+0x400", "stack+0x10"].map(str::to_owned);
        assert_eq!(named(&names, 100), "input, buffer+0x2, heap+0x400, stack+0x10");
        assert_eq!(named(&names, 24), "input, buffer+0x2 +2");
        assert_eq!(named(&names, 12), "input +3");
        assert_eq!(named(&names, 7), "inp\u{2026} +3");
        assert_eq!(named(&names[..1], 3), "input", "the title is cut as a whole");
        assert_eq!(named(&[], 3), "");
        assert_eq!(title(0x41c, &names, "  4 of 18", 29), "at 0x41c  input +3  4 of 18");
        assert_eq!(title(0x41c, &names, "  4 of 18", 26), "at 0x41c  input +3", "a name comes before the count");
        assert_eq!(title(0x41c, &[], "  4 of 18", 26), "at 0x41c  4 of 18");
    }
}
