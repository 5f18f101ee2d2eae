//! Which compilers made a module's code, as its units say.

use gimli::{AttributeValue, constants};

use super::opened::{Opened, attributes};
use super::sections::Sections;
use super::unit::Unit;

/// Maximum number of units that are asked, and of different compilers.
const UNITS: usize = 10_000;
const MOST: usize = 16;
/// Maximum length of a compiler's name.
const LONGEST: usize = 64;

/// A compiler, and the language that it compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiler {
    /// Its name and version.
    pub name: String,
    /// The language of the source.
    pub language: String,
    /// The language that the unit declares, without its prefix `DW_LANG_`. Compilers of languages without a number
    /// declare another one.
    pub declared: String,
}

/// The compilers of these units, without repetition.
pub(super) fn compilers<'a>(sections: &Sections, units: impl Iterator<Item = &'a Unit>) -> Vec<Compiler> {
    let mut found = Vec::new();
    for compiler in units.take(UNITS).filter_map(|unit| compiler(sections, unit)) {
        if found.len() < MOST && !found.contains(&compiler) {
            found.push(compiler);
        }
    }
    found
}

fn compiler(sections: &Sections, unit: &Unit) -> Option<Compiler> {
    let dwarf = sections.dwarf();
    let opened = Opened::new(sections, &dwarf, unit)?;
    let (mut name, mut declared) = (None, None);
    for (attribute, value) in attributes(&opened.unit, opened.unit.header.root_offset())? {
        match (attribute, value) {
            (constants::DW_AT_producer, value) => name = sections.text(&dwarf, &opened.unit, value),
            (constants::DW_AT_language, AttributeValue::Language(language)) => declared = language.static_string(),
            _ => (),
        }
    }
    let mut name = name?;
    name.truncate(name.floor_char_boundary(LONGEST));
    let declared = declared.unwrap_or_default().trim_start_matches("DW_LANG_").to_owned();
    // Zig declares C99, for the sake of debuggers.
    let language = if name.starts_with("zig ") { "Zig".to_owned() } else { declared.clone() };
    Some(Compiler { name, language, declared })
}
