//! DWARF: the functions, including inlined ones, and the source lines at an address.
//!
//! gimli parses each item; this module bounds how much is parsed. Malicious sections, such as a thousand units that
//! share one line table, would otherwise take hours or all memory. Each table is read once, tables must not overlap,
//! and the limits in [`Limits`] apply. Anything beyond is ignored.

mod compilers;
mod function_name;
mod limits;
mod lines;
mod opened;
mod scopes;
mod sections;
mod types;
mod unit;
mod units;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use gimli::SectionId;

use super::SourceFrame;
use super::layout::Layout;
use limits::Limits;
use sections::Sections;
pub use types::TypeError;
use types::TypeNames;
use unit::{Code, Paths, Unit};
use units::Units;

pub use compilers::Compiler;

/// Maximum depth of inlined functions.
const INLINED: usize = 64;
/// Maximum number of units searched for one address. Units overlap only in damaged information.
const OVERLAPPING: usize = 16;

/// The DWARF of a module.
#[derive(Debug)]
pub(super) struct Dwarf {
    sections: Sections,
    units: Units,
    limits: Limits,
    /// Read on first use.
    types: OnceLock<TypeNames>,
}

impl Dwarf {
    /// Finds the units; `None` if there are none. The sections may come from another file than the module, whose code
    /// section has length `code_len`.
    pub(super) fn read(bytes: Arc<[u8]>, layout: &Layout, code_len: u64) -> Option<Dwarf> {
        if !layout.dwarf.iter().any(|(id, _)| *id == SectionId::DebugInfo) {
            return None;
        }
        let sections = Sections::new(bytes, layout.dwarf.clone());
        let limits = Limits::default();
        let units = Units::read(&sections, &limits, code_len);
        (!units.is_empty()).then_some(Dwarf { sections, units, limits, types: OnceLock::new() })
    }

    /// The compilers of its units.
    pub(super) fn compilers(&self) -> Vec<Compiler> {
        compilers::compilers(&self.sections, self.units.iter())
    }

    /// The directory that the module was compiled in. Relative paths are relative to it.
    pub(super) fn base(&self) -> Option<&str> {
        self.units.base()
    }

    /// The source frames at an address, innermost first.
    pub(super) fn frames(&self, address: u64) -> Vec<SourceFrame> {
        let units = self.units.at(address).take(OVERLAPPING);
        units.map(|unit| self.frames_in(unit, address)).find(|frames| !frames.is_empty()).unwrap_or_default()
    }

    /// The file and the line at an address, where code was inlined those of the inlined code: what the innermost of the
    /// frames has, without the names that take long to find. The inner value is `None` if the code there has no line.
    pub(super) fn line(&self, address: u64) -> Option<Option<(Arc<str>, u32)>> {
        self.units.at(address).take(OVERLAPPING).find_map(|unit| {
            let Code { lines, scopes, files, .. } = self.units.code(unit, &self.sections, &self.limits)?;
            match lines.at(address) {
                Some(row) => Some(files.get(&row.file).cloned().filter(|_| row.line > 0).map(|file| (file, row.line))),
                None => (!scopes.at(address).is_empty()).then_some(None),
            }
        })
    }

    fn frames_in(&self, unit: &Unit, address: u64) -> Vec<SourceFrame> {
        let Some(code) = self.units.code(unit, &self.sections, &self.limits) else { return Vec::new() };
        let Code { lines, scopes, files, .. } = code;
        let mut location = lines.at(address).map(|row| (row.file, row.line, row.column));
        let mut frames = Vec::new();
        for scope in scopes.at(address).into_iter().rev().take(INLINED) {
            let function = function_name::function_name(&self.sections, &self.units, unit, scope.entry);
            frames.push(SourceFrame { function, inlined: scope.call.is_some(), ..located(location, files) });
            location = scope.call;
        }
        if frames.is_empty() && location.is_some() {
            frames.push(located(location, files));
        }
        frames
    }

    /// The addresses at which code for a line begins, in ascending order.
    pub(super) fn addresses_of_line(&self, file: &str, line: u32) -> Vec<u64> {
        self.units.addresses_of_line(&self.sections, file, line)
    }

    /// The source files of the code.
    pub(super) fn source_files(&self) -> Vec<String> {
        self.units.source_files(&self.sections)
    }

    /// The lines of a file at which code begins.
    pub(super) fn lines_of_file(&self, file: &str) -> Vec<u32> {
        self.units.lines_of_file(&self.sections, file)
    }

    /// The addresses at which lines begin, in ascending order.
    pub(super) fn line_starts(&self) -> Vec<u64> {
        self.units.line_starts(&self.sections)
    }
}

/// A frame at a file number, line and column. 0 means an unknown line or column.
fn located(location: Option<(u32, u32, u32)>, files: &Paths) -> SourceFrame {
    let Some((file, line, column)) = location else { return SourceFrame::default() };
    let known = |n: u32| (n > 0).then_some(n);
    SourceFrame { file: files.get(&file).cloned(), line: known(line), column: known(column), ..SourceFrame::default() }
}

/// Whether a range can contain code: not empty, not at 0, where linkers put removed code, and not past the end.
fn is_code(range: &Range<u64>, code_len: u64) -> bool {
    range.start > 0 && range.start < range.end && range.end <= code_len
}
