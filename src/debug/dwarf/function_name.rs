//! The name of a function, which another entry may have.

use gimli::{AttributeValue, UnitOffset, UnitSectionOffset, constants};

use super::opened::{Opened, attributes};
use super::sections::Sections;
use super::unit::Unit;
use super::units::Units;
use crate::debug::demangle::demangle;

/// Maximum number of references to follow from an entry to the one with the name.
const REFERENCES: usize = 16;

/// The demangled name of a function. Its entry may refer to another entry for the name, in another unit or in a cycle.
pub(super) fn function_name(sections: &Sections, units: &Units, unit: &Unit, entry: UnitOffset) -> Option<String> {
    let dwarf = sections.dwarf();
    let mut opened = Opened::new(sections, &dwarf, unit)?;
    let (mut entry, mut plain) = (entry, None);
    for _ in 0..REFERENCES {
        let (mut linkage, mut reference) = (None, None);
        for (name, value) in attributes(&opened.unit, entry)? {
            match name {
                constants::DW_AT_linkage_name | constants::DW_AT_MIPS_linkage_name => linkage = Some(value),
                constants::DW_AT_name if plain.is_none() => plain = sections.text(&dwarf, &opened.unit, value),
                constants::DW_AT_abstract_origin | constants::DW_AT_specification => reference = Some(value),
                _ => (),
            }
        }
        if let Some(linkage) = linkage.and_then(|value| sections.text(&dwarf, &opened.unit, value)) {
            return Some(demangle(&linkage).into_owned());
        }
        match reference {
            Some(AttributeValue::UnitRef(offset)) => entry = offset,
            Some(AttributeValue::DebugInfoRef(offset)) => {
                opened = Opened::new(sections, &dwarf, units.with_entry(offset.0)?)?;
                entry = UnitSectionOffset(offset.0).to_unit_offset(&opened.unit.header)?;
            }
            _ => break,
        }
    }
    plain
}
