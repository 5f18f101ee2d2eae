//! Line tables: the file, line and column of an address.

use std::ops::Range;

use gimli::{ColumnType, DebugLine, DebugLineOffset, IncompleteLineProgram, LittleEndian, SectionId};

use super::is_code;
use super::limits::Limits;
use super::sections::{Sections, Slice};

/// Maximum length of a line table's header, in bytes. gimli reserves memory for as many files as fit into it.
const HEADER: u64 = 1 << 20;

/// The rows of a line table, sorted by address.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<Row>);

/// The start of a range of code, and its source location.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    address: u32,
    /// The file's number in the table; [`NO_FILE`] at the end of a sequence.
    pub(super) file: u32,
    /// The line, from 1; 0 if unknown.
    pub(super) line: u32,
    /// The column, from 1; 0 if unknown.
    pub(super) column: u32,
}

const NO_FILE: u32 = u32::MAX;

impl Lines {
    /// Runs a line program to its end or its first error.
    pub(super) fn read(program: IncompleteLineProgram<Slice<'_>>, limits: &Limits, code_len: u64) -> Lines {
        let mut sequences: Vec<Vec<Row>> = Vec::new();
        for_each_sequence(program, limits, code_len, |sequence| sequences.push(sequence.to_vec()));
        sequences.sort_by_key(|rows| rows.first().map_or(0, |row| row.address));
        Lines(sequences.concat())
    }

    /// The row of an address. `None` for code that the compiler generated for no particular line.
    pub(super) fn at(&self, address: u64) -> Option<Row> {
        let address = u32::try_from(address).ok()?;
        let place = self.0.partition_point(|row| row.address <= address).checked_sub(1)?;
        Some(self.0[place]).filter(|row| row.file != NO_FILE && row.line > 0)
    }

    /// The numbers of the files in the rows.
    pub(super) fn files(&self) -> impl Iterator<Item = u32> {
        self.0.iter().map(|row| row.file).filter(|file| *file != NO_FILE)
    }
}

/// Calls a function with each sequence of rows that covers code, including its end marker.
pub(super) fn for_each_sequence(
    program: IncompleteLineProgram<Slice<'_>>,
    limits: &Limits,
    code_len: u64,
    mut take: impl FnMut(&[Row]),
) {
    let mut rows = program.rows();
    let mut sequence: Vec<Row> = Vec::new();
    while let Ok(Some((_, row))) = rows.next_row() {
        if !limits.rows.spend(1) {
            return;
        }
        let number = |n: u64| u32::try_from(n).unwrap_or(0);
        let column = match row.column() {
            ColumnType::LeftEdge => 0,
            ColumnType::Column(column) => number(column.get()),
        };
        let file = if row.end_sequence() { NO_FILE } else { number(row.file_index()) };
        let line = row.line().map_or(0, |line| number(line.get()));
        sequence.push(Row { address: u32::try_from(row.address()).unwrap_or(u32::MAX), file, line, column });
        if row.end_sequence() {
            let first = sequence.first().map_or(0, |row| u64::from(row.address));
            if is_code(&(first..row.address()), code_len) {
                take(&sequence);
            }
            sequence.clear();
        }
    }
}

impl Row {
    /// The addresses in a sequence at which a line begins, whichever.
    pub(super) fn starts(rows: &[Row]) -> impl Iterator<Item = u64> {
        let mut before = (NO_FILE, 0);
        rows.iter().filter_map(move |row| {
            let here = (row.file, row.line);
            let begins = std::mem::replace(&mut before, here) != here && row.file != NO_FILE && row.line > 0;
            begins.then_some(u64::from(row.address))
        })
    }

    /// The addresses in a sequence at which code for a line begins: where the previous row is for another line.
    pub(super) fn begin(rows: &[Row], is_wanted: impl Fn(&Row) -> bool) -> impl Iterator<Item = u64> {
        let mut before = false;
        rows.iter().filter_map(move |row| {
            let here = row.file != NO_FILE && is_wanted(row);
            let begins = here && !before;
            before = here;
            begins.then_some(u64::from(row.address))
        })
    }
}

/// The line program of a table. It must not overlap the next one.
pub(super) fn program(
    sections: &Sections,
    table: Range<usize>,
    address_size: u8,
) -> Option<IncompleteLineProgram<Slice<'_>>> {
    let section = sections.bytes(SectionId::DebugLine).get(..table.end)?;
    if header_len(section.get(table.start..)?)? > HEADER {
        return None;
    }
    let offset = DebugLineOffset(table.start);
    DebugLine::new(section, LittleEndian).program(offset, address_size, None, None).ok()
}

/// The length of a line table according to its header.
fn header_len(table: &[u8]) -> Option<u64> {
    let number = |at: usize, size: usize| {
        let bytes = table.get(at..at + size)?;
        Some(bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    };
    let (start, size) = if number(0, 4)? == 0xffff_ffff { (12, 8) } else { (4, 4) };
    // Version 5 has the sizes of addresses and segment selectors first.
    let at = if number(start, 2)? >= 5 { start + 4 } else { start + 2 };
    number(at, size)
}
