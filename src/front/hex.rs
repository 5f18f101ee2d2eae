//! An exchange as plain text: each step, with the rows of memory that it changed, before and after.

use std::io::Write;

use crate::record::{Actor, Cause, Memories, Trigger};
use crate::view::{Cell, Mark, Marks, Row, difference, glyph, step_lines, visible};

/// Bytes in a row of a dump.
const WIDTH: usize = 16;

/// Whether changed bytes are coloured as well as underscored with letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    Plain,
    Colored,
}

/// Writes every step of an exchange that took the memories on from `before`. Nothing of it fails: `out` is a
/// buffer.
pub(super) fn write_cause(out: &mut Vec<u8>, number: u64, cause: &Cause, before: &Memories, style: Style) {
    let line = match &cause.trigger {
        Trigger::Line(line) => visible(line),
        Trigger::Start => "start".to_owned(),
    };
    let _ = writeln!(out, "exchange {number}  \"{line}\"");
    let mut memories = before.clone();
    for (place, step) in step_lines(cause).iter().enumerate() {
        let _ = writeln!(out, "  {}", step.numbered(place + 1));
        if cause.crossings[place].depth == 0 {
            write_changes(out, cause, place, &mut memories, style);
        }
    }
}

/// Writes the changed rows of one step, and takes `memories` on past it.
fn write_changes(out: &mut Vec<u8>, cause: &Cause, place: usize, memories: &mut Memories, style: Style) {
    let before = memories.clone();
    let changes = &cause.changes[cause.changes_of(Some(place))];
    changes.iter().for_each(|change| change.redo(memories));
    for memory in 0..memories.len() {
        let marks = Marks::new(memory, changes, &before, memories);
        if marks.span().is_none() && marks.grown().is_none() {
            continue;
        }
        let _ = writeln!(out, "      {}", difference(&marks));
        for addr in marks.rows(WIDTH) {
            let none = Marks::default();
            write_row(out, "before", &Row::new(&before[memory], &none, addr, WIDTH), style);
            let after = Row::new(&memories[memory], &marks, addr, WIDTH);
            write_row(out, "after ", &after, style);
            write_letters(out, &after);
        }
    }
}

fn write_row(out: &mut Vec<u8>, when: &str, row: &Row, style: Style) {
    let _ = write!(out, "      {when}  {:08x} ", row.addr);
    for (place, cell) in row.cells().iter().enumerate() {
        let _ = out.write_all(gap(place).as_bytes());
        write_byte(out, cell, style);
    }
    let _ = out.write_all(b"  |");
    for cell in row.cells() {
        let _ = write!(out, "{}", cell.byte.map_or(' ', glyph));
    }
    let _ = out.write_all(b"|\n");
}

fn write_byte(out: &mut Vec<u8>, cell: &Cell, style: Style) {
    let text = cell.byte.map_or("  ".to_owned(), |byte| format!("{byte:02x}"));
    let _ = match (style, actor(cell.mark)) {
        (Style::Colored, Some(Actor::Host)) => write!(out, "\x1b[1;44;97m{text}\x1b[0m"),
        (Style::Colored, Some(Actor::Guest | Actor::Module)) => write!(out, "\x1b[1;43;30m{text}\x1b[0m"),
        _ => write!(out, "{text}"),
    };
}

/// A line under a row: `hh` under each byte that the host wrote, `gg` under the guest's; single where the byte
/// was written but is as it was.
fn write_letters(out: &mut Vec<u8>, row: &Row) {
    let mut text = String::new();
    for (place, cell) in row.cells().iter().enumerate() {
        text.push_str(gap(place));
        text.push_str(letters(cell.mark));
    }
    let _ = writeln!(out, "      {:16} {}", "", text.trim_end());
}

fn gap(place: usize) -> &'static str {
    if place == WIDTH / 2 { "  " } else { " " }
}

fn actor(mark: Mark) -> Option<Actor> {
    match mark {
        Mark::None => None,
        Mark::Changed(by) | Mark::Rewritten(by) => Some(by),
    }
}

fn letters(mark: Mark) -> &'static str {
    match mark {
        Mark::None => "  ",
        Mark::Changed(Actor::Host) => "hh",
        Mark::Changed(Actor::Guest) => "gg",
        Mark::Changed(Actor::Module) => "mm",
        Mark::Rewritten(Actor::Host) => "h ",
        Mark::Rewritten(Actor::Guest) => "g ",
        Mark::Rewritten(Actor::Module) => "m ",
    }
}
