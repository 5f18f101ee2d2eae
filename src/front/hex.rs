//! An exchange as plain text: each step, with the rows of memory that it changed, before and after.

use std::io::{self, Write};

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

/// Writes every step of an exchange that took the memories on from `before`.
pub(super) fn write_cause(
    out: &mut impl Write,
    number: u64,
    cause: &Cause,
    before: &Memories,
    style: Style,
) -> io::Result<()> {
    let line = match &cause.trigger {
        Trigger::Line(line) => visible(line),
        Trigger::Command(words) => visible(words.as_bytes()),
        Trigger::Start => "start".to_owned(),
    };
    writeln!(out, "exchange {number}  \"{line}\"")?;
    let mut memories = before.clone();
    for (place, step) in step_lines(cause).iter().enumerate() {
        writeln!(out, "  {}", step.numbered(place + 1))?;
        if cause.crossings[place].depth == 0 {
            write_changes(out, cause, place, &mut memories, style)?;
        }
    }
    Ok(())
}

/// Writes the changed rows of one step, and takes `memories` on past it.
fn write_changes(
    out: &mut impl Write,
    cause: &Cause,
    place: usize,
    memories: &mut Memories,
    style: Style,
) -> io::Result<()> {
    let before = memories.clone();
    let changes = &cause.changes[cause.changes_of(Some(place))];
    changes.iter().for_each(|change| change.redo(memories));
    for memory in 0..memories.len() {
        let marks = Marks::new(memory, changes, &before, memories);
        if marks.span().is_none() && marks.grown().is_none() {
            continue;
        }
        writeln!(out, "      {}", difference(&marks))?;
        for addr in marks.rows(WIDTH) {
            let none = Marks::default();
            write_row(out, "before", &Row::new(&before[memory], &none, addr, WIDTH), style)?;
            let after = Row::new(&memories[memory], &marks, addr, WIDTH);
            write_row(out, "after ", &after, style)?;
            write_letters(out, &after)?;
        }
    }
    Ok(())
}

fn write_row(out: &mut impl Write, when: &str, row: &Row, style: Style) -> io::Result<()> {
    write!(out, "      {when}  {:08x} ", row.addr)?;
    for (place, cell) in row.cells().iter().enumerate() {
        out.write_all(gap(place).as_bytes())?;
        write_byte(out, cell, style)?;
    }
    out.write_all(b"  |")?;
    for cell in row.cells() {
        write!(out, "{}", cell.byte.map_or(' ', glyph))?;
    }
    out.write_all(b"|\n")
}

fn write_byte(out: &mut impl Write, cell: &Cell, style: Style) -> io::Result<()> {
    let Some(byte) = cell.byte else { return out.write_all(b"  ") };
    match (style, actor(cell.mark)) {
        (Style::Colored, Some(Actor::Host)) => write!(out, "\x1b[1;44;97m{byte:02x}\x1b[0m"),
        (Style::Colored, Some(Actor::Guest | Actor::Module)) => write!(out, "\x1b[1;43;30m{byte:02x}\x1b[0m"),
        _ => write!(out, "{byte:02x}"),
    }
}

/// A line under a row: `hh` under each byte that the host wrote, `gg` under the guest's; single where the byte
/// was written but is as it was.
fn write_letters(out: &mut impl Write, row: &Row) -> io::Result<()> {
    let mut text = String::new();
    for (place, cell) in row.cells().iter().enumerate() {
        text.push_str(gap(place));
        text.push_str(letters(cell.mark));
    }
    writeln!(out, "      {:16} {}", "", text.trim_end())
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
