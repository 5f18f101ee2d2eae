//! Compilation units, with their entries and line tables, which are read when an address of the unit is first queried.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use gimli::{IncompleteLineProgram, LineProgramHeader, SectionId, UnitType};

use super::limits::Limits;
use super::lines::{self, Lines, Row};
use super::opened::Opened;
use super::scopes::Scopes;
use super::sections::{Sections, Slice};
use super::unit::{Code, Paths, Unit};
use crate::debug::path::{ends_in, joined, normalized, strip_prefix};

/// Maximum number of units.
const UNITS: usize = 1_000_000;

/// The units of a file.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Ascending by offset.
    units: Vec<Unit>,
    /// The address ranges of all units, ascending by start, each with the unit's index.
    ranges: Vec<(Range<u64>, usize)>,
    /// The length of the longest of these ranges.
    longest: u64,
    /// The directory of the first unit, which is the user's: libraries are linked after it.
    base: Option<String>,
    code_len: u64,
    /// All paths, deduplicated.
    paths: Mutex<HashSet<Arc<str>>>,
}

impl Units {
    /// Finds the units and their address ranges.
    pub(super) fn read(sections: &Sections, limits: &Limits, code_len: u64) -> Units {
        let dwarf = sections.dwarf();
        let mut units = Units { code_len, ..Units::default() };
        let mut headers = dwarf.units();
        while let Ok(Some(header)) = headers.next() {
            let is_code = matches!(header.type_(), UnitType::Compilation | UnitType::Partial | UnitType::Skeleton(_));
            // gimli shifts by the address size without checking it.
            let is_sound = matches!(header.address_size(), 4 | 8);
            if let (Some(offset), true) = (header.debug_info_offset(), is_code && is_sound) {
                let abbreviations = header.debug_abbrev_offset().0..0;
                units.units.push(Unit::new(offset.0, abbreviations));
            }
            if units.units.len() >= UNITS {
                break;
            }
        }
        let starts = units.units.iter().map(|unit| unit.abbreviations.start);
        let tables = Tables::new(starts, sections.bytes(SectionId::DebugAbbrev).len());
        units.units.iter_mut().for_each(|unit| unit.abbreviations = tables.starting_at(unit.abbreviations.start));
        units.read_roots(sections, &dwarf, limits);
        units
    }

    /// Reads the root entry of each unit.
    fn read_roots<'a>(&mut self, sections: &'a Sections, dwarf: &gimli::Dwarf<Slice<'a>>, limits: &Limits) {
        let mut starts = vec![None; self.units.len()];
        for (place, unit) in self.units.iter().enumerate() {
            let Some(opened) = Opened::new(sections, dwarf, unit) else { continue };
            if self.base.is_none() {
                self.base = opened.directory.as_deref().map(normalized);
            }
            starts[place] = opened.lines;
            let ranges = opened.extent.ranges(dwarf, &opened.unit, &limits.ranges, self.code_len);
            self.ranges.extend(ranges.into_iter().map(|range| (range, place)));
        }
        let tables = Tables::new(starts.iter().flatten().copied(), sections.bytes(SectionId::DebugLine).len());
        for (unit, start) in self.units.iter_mut().zip(starts) {
            unit.lines = start.map(|start| tables.starting_at(start));
        }
        self.ranges.sort_by_key(|(range, _)| range.start);
        self.longest = self.ranges.iter().map(|(range, _)| range.end - range.start).max().unwrap_or(0);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    pub(super) fn base(&self) -> Option<&str> {
        self.base.as_deref()
    }

    /// The units that contain an address.
    pub(super) fn at(&self, address: u64) -> impl Iterator<Item = &Unit> {
        let after = self.ranges.partition_point(|(range, _)| range.start <= address);
        let before = self.ranges[..after].iter().rev();
        let near = before.take_while(move |(range, _)| address - range.start < self.longest);
        near.filter(move |(range, _)| range.contains(&address)).filter_map(|(_, place)| self.units.get(*place))
    }

    /// The unit that contains the entry at this offset of the section.
    pub(super) fn with_entry(&self, offset: usize) -> Option<&Unit> {
        let place = self.units.partition_point(|unit| unit.offset <= offset).checked_sub(1)?;
        self.units.get(place)
    }

    /// The functions and lines of a unit, read on first use.
    pub(super) fn code<'a>(&self, unit: &'a Unit, sections: &Sections, limits: &Limits) -> Option<&'a Code> {
        let read = || {
            let dwarf = sections.dwarf();
            let opened = Opened::new(sections, &dwarf, unit)?;
            let scopes = Scopes::read(&dwarf, &opened.unit, limits, self.code_len);
            let abbreviations = opened.unit.abbreviations.clone();
            let mut code = Code { abbreviations, lines: Lines::default(), scopes, files: Paths::new() };
            if let Some(program) = program(sections, unit, &opened) {
                let header = program.header().clone();
                code.lines = Lines::read(program, limits, self.code_len);
                let numbers: HashSet<u32> = code.lines.files().chain(code.scopes.files()).collect();
                let path = |number: u32| Some((number, self.path(sections, &dwarf, &opened, &header, number)?));
                let paths =
                    numbers.into_iter().filter_map(path).map(|(number, path)| (number, self.shared(path, limits)));
                code.files = paths.filter_map(|(number, path)| Some((number, path?))).collect();
            }
            Some(code)
        };
        unit.code_or_read(read)
    }

    /// The path of a file in a line table, relative to the directory of the first unit if inside it.
    fn path<'a>(
        &self,
        sections: &'a Sections,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        opened: &Opened<'a>,
        header: &LineProgramHeader<Slice<'a>>,
        number: u32,
    ) -> Option<String> {
        let file = header.file(u64::from(number))?;
        let text = |value| sections.text(dwarf, &opened.unit, value);
        let directory = file.directory(header).and_then(text).unwrap_or_default();
        let directory = joined(opened.directory.as_deref().unwrap_or_default(), &directory);
        let path = joined(&directory, &text(file.path_name())?);
        let inside = self.base().filter(|base| !base.is_empty()).and_then(|base| strip_prefix(&path, base));
        Some(inside.filter(|path| !path.is_empty()).map_or_else(|| path.clone(), str::to_owned))
    }

    /// A shared copy of a path, if the limits allow it.
    fn shared(&self, path: String, limits: &Limits) -> Option<Arc<str>> {
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = paths.get(path.as_str()) {
            return Some(path.clone());
        }
        let path: Arc<str> = limits.paths.spend(path.len()).then_some(path)?.into();
        paths.insert(path.clone());
        Some(path)
    }

    /// The addresses at which code for a line begins, in ascending order: in files with exactly this path, or else in
    /// those whose path ends in it.
    pub(super) fn addresses_of_line(&self, sections: &Sections, file: &str, line: u32) -> Vec<u64> {
        let (mut equal, mut ending) = (Vec::new(), Vec::new());
        self.for_each_table(sections, |table| {
            let named = table.files_named(file);
            table.for_each_sequence(|rows| {
                for (number, path) in &named {
                    let found = Row::begin(rows, |row| row.file == *number && row.line == line);
                    if path == file { equal.extend(found) } else { ending.extend(found) }
                }
            });
        });
        let mut found = if equal.is_empty() { ending } else { equal };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The lines at which code of a file begins, in ascending order.
    pub(super) fn lines_of_file(&self, sections: &Sections, file: &str) -> Vec<u32> {
        let mut lines = BTreeSet::new();
        self.for_each_table(sections, |table| {
            let named: HashSet<_> = table.files_named(file).into_iter().map(|(number, _)| number).collect();
            table.for_each_sequence(|rows| {
                lines.extend(rows.iter().filter(|row| row.line > 0 && named.contains(&row.file)).map(|row| row.line));
            });
        });
        lines.into_iter().collect()
    }

    /// The paths of the files that code is from, in order.
    pub(super) fn source_files(&self, sections: &Sections) -> Vec<String> {
        let mut files = BTreeSet::new();
        self.for_each_table(sections, |table| {
            let mut numbers = HashSet::new();
            let path = table.path;
            table.for_each_sequence(|rows| numbers.extend(rows.iter().map(|row| row.file)));
            files.extend(numbers.into_iter().filter_map(path));
        });
        files.into_iter().collect()
    }

    /// Calls a function with each line table.
    fn for_each_table(&self, sections: &Sections, mut take: impl FnMut(Table<'_>)) {
        let dwarf = sections.dwarf();
        let (mut seen, limits) = (HashSet::new(), Limits::default());
        for unit in &self.units {
            if !unit.lines.as_ref().is_some_and(|table| seen.insert(table.start)) {
                continue;
            }
            let Some(opened) = Opened::new(sections, &dwarf, unit) else { continue };
            let Some(program) = program(sections, unit, &opened) else { continue };
            let header = program.header().clone();
            let files = u32::try_from(header.file_names().len()).unwrap_or(u32::MAX);
            let path = |number: u32| self.path(sections, &dwarf, &opened, &header, number);
            take(Table { program, files, path: &path, limits: &limits, code_len: self.code_len });
        }
    }

    /// The addresses at which lines begin, in ascending order.
    pub(super) fn line_starts(&self, sections: &Sections) -> Vec<u64> {
        let dwarf = sections.dwarf();
        let (mut found, mut seen, limits) = (Vec::new(), HashSet::new(), Limits::default());
        for unit in &self.units {
            if !unit.lines.as_ref().is_some_and(|table| seen.insert(table.start)) {
                continue;
            }
            let Some(opened) = Opened::new(sections, &dwarf, unit) else { continue };
            let Some(program) = program(sections, unit, &opened) else { continue };
            lines::for_each_sequence(program, &limits, self.code_len, |rows| found.extend(Row::starts(rows)));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// The line program of a unit.
fn program<'a>(sections: &'a Sections, unit: &Unit, opened: &Opened<'a>) -> Option<IncompleteLineProgram<Slice<'a>>> {
    lines::program(sections, unit.lines.clone()?, opened.unit.header.address_size())
}

/// A line table.
struct Table<'a> {
    program: IncompleteLineProgram<Slice<'a>>,
    /// The number of files in it.
    files: u32,
    /// The path of a file.
    path: &'a dyn Fn(u32) -> Option<String>,
    limits: &'a Limits,
    code_len: u64,
}

impl Table<'_> {
    /// The files whose path ends in this one: their numbers and paths.
    fn files_named(&self, file: &str) -> Vec<(u32, String)> {
        // File numbers start at 0 or 1.
        let paths = (0..=self.files).filter_map(|number| Some((number, (self.path)(number)?)));
        paths.filter(|(_, path)| ends_in(path, file)).collect()
    }

    fn for_each_sequence(self, take: impl FnMut(&[Row])) {
        lines::for_each_sequence(self.program, self.limits, self.code_len, take);
    }
}

/// The start offsets of the tables in a section. No table is read past the start of the next.
struct Tables {
    /// Ascending.
    starts: Vec<usize>,
    /// The length of the section.
    len: usize,
}

impl Tables {
    fn new(starts: impl Iterator<Item = usize>, len: usize) -> Tables {
        let mut starts: Vec<_> = starts.collect();
        starts.sort_unstable();
        starts.dedup();
        Tables { starts, len }
    }

    fn starting_at(&self, start: usize) -> Range<usize> {
        let next = self.starts.partition_point(|other| *other <= start);
        let end = self.starts.get(next).copied().unwrap_or(self.len);
        start.min(self.len)..end.min(self.len)
    }
}
