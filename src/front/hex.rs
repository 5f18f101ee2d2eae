//! An exchange as plain text: each step, with its changed rows of memory before and after.

use std::io::{self, IsTerminal, Write};

use crate::check::Finding;
use crate::cli::Cli;
use crate::record::{Actor, Cause, Image, Memories, StepKind, Trigger};
use crate::view::{
    Cell, Mark, Marks, Row, Selection, Steps, backtrace, caution, difference, dropped_in_full, exchange, failure,
    finding, glyph, quoted, visible, written_ranges,
};

/// The prefix of a row. Words come first, for screen readers.
const BEFORE: &str = "      before  ";
const AFTER: &str = "      after   ";
const BY: &str = "      by      ";
/// Bytes per row, and the columns that such a row takes. Narrower terminals get half as many.
const WIDTH: usize = 16;
const COLUMNS: u16 = 92;

/// The style of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Style {
    /// Whether changed bytes are coloured as well as marked with letters below.
    colored: bool,
    /// Bytes per row.
    width: usize,
}

impl Style {
    /// The style that the command line requests and stdout supports.
    pub(super) fn new(cli: &Cli) -> Style {
        Style { colored: cli.colored(), width: WIDTH }.fitted()
    }

    /// The style for the terminal's current width.
    pub(super) fn fitted(self) -> Style {
        let columns = io::stdout().is_terminal().then(crossterm::terminal::size);
        let narrow = matches!(columns, Some(Ok((1..COLUMNS, _))));
        Style { width: if narrow { WIDTH / 2 } else { WIDTH }, ..self }
    }
}

/// Writes what is wrong with an exchange, a line each.
pub(super) fn write_findings(out: &mut impl Write, findings: &[Finding]) -> io::Result<()> {
    findings.iter().try_for_each(|found| writeln!(out, "  finding: {}", finding(found)))
}

/// Writes every step of an exchange that began with the memories `before`.
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
    // Both steps and changes are in order: each step's changes start at or after those of the step before.
    let (mut memories, mut made) = (before.clone(), 0);
    let steps = Steps::new(cause);
    for (place, step) in cause.steps.iter().enumerate() {
        writeln!(out, "  {}", steps.line(cause, place).numbered(place + 1))?;
        cause.changes[made..step.changes.start].iter().for_each(|change| change.redo(&mut memories));
        made = step.changes.start;
        if let StepKind::Read { memory, addr, len, .. } = step.kind
            && let Some(image) = memories.get(memory)
            && let Some(text) = quoted(image, &(addr..addr.saturating_add(len)), SENTENCE)
        {
            writeln!(out, "      {text}")?;
        }
        // The host's work for an import consists of steps of its own, which follow directly.
        if !matches!(step.kind, StepKind::Import { .. }) {
            write_changes(out, cause, place, &memories, style)?;
        }
    }
    if !cause.written.is_empty() {
        writeln!(out, "  bytes not kept; it wrote {}", written_ranges(cause))?;
    }
    let Some(failure) = failure(cause) else { return Ok(()) };
    writeln!(out, "  failed: {failure}")?;
    let mut calls = cause.failures().flat_map(backtrace);
    calls.try_for_each(|line| writeln!(out, "    {}", visible(line.as_bytes())))
}

/// The maximum length of a sentence about what was read, in characters.
const SENTENCE: usize = 100;
/// The maximum number of changed rows that are written at a prompt, and where else to look.
const ROWS: (usize, &str) = (24, ":changes lists what changed");
/// The same of each step in a pipe. More would be gigabytes.
const MANY_ROWS: (usize, &str) = (1 << 16, "--show json lists what changed");

/// Writes the headline of the selection.
pub(super) fn write_headline(out: &mut impl Write, at: &Selection) -> io::Result<()> {
    match (at.step, at.selected_line()) {
        (Some(place), Some(step)) => {
            let headline = step.headline();
            writeln!(out, "{}, step {} of {}: {headline}", exchange(at.cause), place + 1, at.steps())
        }
        _ => writeln!(out, "{}", exchange(at.cause)),
    }
}

/// Writes the steps of the selected exchange.
pub(super) fn write_steps(out: &mut impl Write, at: &Selection) -> io::Result<()> {
    (0..at.steps()).try_for_each(|place| writeln!(out, "  {}", at.line(place).numbered(place + 1)))
}

/// Writes the notes of the selected exchange.
pub(super) fn write_notes(out: &mut impl Write, at: &Selection) -> io::Result<()> {
    at.node.steps.iter().try_for_each(|step| match &step.kind {
        StepKind::Note { text } => writeln!(out, "note: {}", visible(text.as_bytes())),
        _ => Ok(()),
    })
}

/// Writes the rows of memory that the selection changed.
pub(super) fn write_changed_rows(out: &mut impl Write, at: &Selection, style: Style) -> io::Result<()> {
    for (memory, marks) in at.marks.iter().enumerate() {
        if at.marks.len() > 1 && marks.rows(style.width).next().is_some() {
            writeln!(out, "      memory {memory}")?;
        }
        write_rows(out, marks, at.before.get(memory), &at.after[memory], style, ROWS)?;
    }
    Ok(())
}

/// Writes what the selection read, and a summary of each memory's changes. With several memories, only of those that
/// changed.
pub(super) fn write_sentence(out: &mut impl Write, at: &Selection) -> io::Result<()> {
    let several = at.marks.len() > 1;
    let read = (0..at.marks.len()).find_map(|memory| Some((memory, at.read_sentence(memory, SENTENCE)?)));
    if let Some((memory, read)) = &read {
        let which = if several { format!("memory {memory}: ") } else { String::new() };
        writeln!(out, "{which}{read}")?;
    }
    let changed = at.marks.iter().enumerate().filter(|(_, marks)| !marks.is_empty());
    for (memory, marks) in changed.clone() {
        let which = if several { format!("memory {memory}: ") } else { String::new() };
        writeln!(out, "{which}{}", difference(marks))?;
    }
    if changed.count() == 0 && read.is_none() {
        writeln!(out, "{}", difference(&Marks::default()))?;
    }
    if let Some(caution) = caution(at.known()) {
        writeln!(out, "{caution}")?;
    }
    at.dropped_in_full().map_or(Ok(()), |dropped| writeln!(out, "{dropped}"))
}

/// Writes rows of memory.
pub(super) fn write_dump(out: &mut impl Write, rows: &[Row], style: Style) -> io::Result<()> {
    for row in rows {
        write_row(out, "", row, style)?;
        if row.is_marked() {
            write_letters(out, "", row)?;
        }
    }
    Ok(())
}

/// Writes the changed rows of a step that began with the memories `before`.
fn write_changes(out: &mut impl Write, cause: &Cause, place: usize, before: &Memories, style: Style) -> io::Result<()> {
    let changes = &cause.changes[cause.changes_of(Some(place))];
    if changes.is_empty() {
        return Ok(());
    }
    let mut memories = before.clone();
    changes.iter().for_each(|change| change.redo(&mut memories));
    for memory in 0..memories.len() {
        let marks = Marks::new(memory, changes, before, &memories);
        if marks.is_empty() {
            continue;
        }
        writeln!(out, "      {}", difference(&marks))?;
        if let Some(caution) = caution(cause.known(Some(place))) {
            writeln!(out, "      {caution}")?;
        }
        if let Some(dropped) = dropped_in_full(cause, Some(place)) {
            writeln!(out, "      {dropped}")?;
        }
        write_rows(out, &marks, before.get(memory), &memories[memory], style, MANY_ROWS)?;
    }
    Ok(())
}

/// Writes the changed rows of a memory, before and after, and the number of rows left out.
fn write_rows(
    out: &mut impl Write,
    marks: &Marks,
    before: Option<&Image>,
    after: &Image,
    style: Style,
    (most, elsewhere): (usize, &str),
) -> io::Result<()> {
    let (none, empty) = (Marks::default(), Image::default());
    for addr in marks.rows(style.width).take(most) {
        write_row(out, BEFORE, &Row::new(before.unwrap_or(&empty), &none, addr, style.width), style)?;
        let after = Row::new(after, marks, addr, style.width);
        write_row(out, AFTER, &after, style)?;
        write_letters(out, BY, &after)?;
    }
    let left = marks.count_rows(style.width).saturating_sub(most);
    if left > 0 {
        writeln!(out, "      ... and {left} more changed rows ({elsewhere})")?;
    }
    Ok(())
}

fn write_row(out: &mut impl Write, when: &str, row: &Row, style: Style) -> io::Result<()> {
    write!(out, "{when}{:08x} ", row.addr)?;
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
    match (style.colored, cell.mark.actor()) {
        (true, Some(Actor::Host)) => write!(out, "\x1b[1;44;97m{byte:02x}\x1b[0m"),
        (true, Some(Actor::Guest | Actor::Module)) => write!(out, "\x1b[1;43;30m{byte:02x}\x1b[0m"),
        _ => write!(out, "{byte:02x}"),
    }
}

/// A line under a row: `hh` under each byte that the host changed, `gg` under the guest's; a single letter if the byte
/// was written but has the same value.
fn write_letters(out: &mut impl Write, when: &str, row: &Row) -> io::Result<()> {
    let mut text = String::new();
    for (place, cell) in row.cells().iter().enumerate() {
        text.push_str(gap(place));
        text.push_str(letters(cell.mark));
    }
    writeln!(out, "{when}{:8} {}", "", text.trim_end())
}

fn gap(place: usize) -> &'static str {
    if place == WIDTH / 2 { "  " } else { " " }
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
