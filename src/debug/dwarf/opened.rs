//! A unit opened for reading: its abbreviations and the attributes of its root entry.

use std::sync::Arc;

use gimli::{
    AttributeValue, DebugAbbrev, DebugAbbrevOffset, DebugAddrBase, DebugInfoOffset, DebugLocListsBase,
    DebugRngListsBase, DebugStrOffsetsBase, DwarfFileType, LittleEndian, SectionId, UnitOffset, constants,
};

use super::scopes::{ATTRIBUTES, Extent};
use super::sections::{Sections, Slice};
use super::unit::Unit;

/// A unit, borrowing from the sections.
pub(super) struct Opened<'a> {
    pub(super) unit: gimli::Unit<Slice<'a>>,
    /// The directory that it was compiled in.
    pub(super) directory: Option<String>,
    /// The offset of its line table.
    pub(super) lines: Option<usize>,
    /// The address ranges of its code.
    pub(super) extent: Extent<'a>,
}

impl<'a> Opened<'a> {
    /// Reads the abbreviations and the root entry. gimli's own method would also read the line table each time.
    pub(super) fn new(sections: &'a Sections, dwarf: &gimli::Dwarf<Slice<'a>>, unit: &Unit) -> Option<Opened<'a>> {
        let header = dwarf.unit_header(DebugInfoOffset(unit.offset)).ok()?;
        let read = || {
            let table = sections.bytes(SectionId::DebugAbbrev).get(unit.abbreviations.clone())?;
            DebugAbbrev::new(table, LittleEndian).abbreviations(DebugAbbrevOffset(0)).ok().map(Arc::new)
        };
        let abbreviations = unit.known_abbreviations().or_else(read)?;
        let (encoding, main) = (header.encoding(), DwarfFileType::Main);
        let unit = gimli::Unit {
            header,
            abbreviations,
            name: None,
            comp_dir: None,
            low_pc: 0,
            str_offsets_base: DebugStrOffsetsBase::default_for_encoding_and_file(encoding, main),
            addr_base: DebugAddrBase(0),
            loclists_base: DebugLocListsBase::default_for_encoding_and_file(encoding, main),
            rnglists_base: DebugRngListsBase::default_for_encoding_and_file(encoding, main),
            line_program: None,
            dwo_id: None,
        };
        let mut opened = Opened { unit, directory: None, lines: None, extent: Extent::default() };
        opened.read_root(sections, dwarf)?;
        Some(opened)
    }

    fn read_root(&mut self, sections: &'a Sections, dwarf: &gimli::Dwarf<Slice<'a>>) -> Option<()> {
        let attributes = attributes(&self.unit, self.unit.header.root_offset())?;
        let (mut directory, mut low) = (None, None);
        for (name, value) in attributes {
            self.extent.take(name, value);
            match (name, value) {
                (constants::DW_AT_comp_dir, value) => directory = Some(value),
                (constants::DW_AT_low_pc, value) => low = Some(value),
                (constants::DW_AT_stmt_list, AttributeValue::DebugLineRef(offset)) => self.lines = Some(offset.0),
                (constants::DW_AT_str_offsets_base, AttributeValue::DebugStrOffsetsBase(base)) => {
                    self.unit.str_offsets_base = base;
                }
                (constants::DW_AT_addr_base, AttributeValue::DebugAddrBase(base)) => self.unit.addr_base = base,
                (constants::DW_AT_rnglists_base, AttributeValue::DebugRngListsBase(base)) => {
                    self.unit.rnglists_base = base;
                }
                _ => (),
            }
        }
        // These attributes may refer to ones that come later.
        self.directory = directory.and_then(|value| sections.text(dwarf, &self.unit, value));
        self.unit.low_pc = low.and_then(|value| dwarf.attr_address(&self.unit, value).ok()?).unwrap_or(0);
        Some(())
    }
}

type Attributes<'a> = Vec<(gimli::DwAt, AttributeValue<Slice<'a>>)>;

/// The attributes of an entry.
pub(super) fn attributes<'a>(unit: &gimli::Unit<Slice<'a>>, entry: UnitOffset) -> Option<Attributes<'a>> {
    let mut entries = unit.entries_raw(Some(entry)).ok()?;
    let specs = entries.read_abbreviation().ok()??.attributes();
    let specs = (specs.len() <= ATTRIBUTES).then_some(specs)?;
    let attribute = |spec: &gimli::AttributeSpecification| entries.read_attribute(*spec).ok();
    let attributes: Option<Vec<_>> = specs.iter().map(attribute).collect();
    Some(attributes?.iter().map(|attribute| (attribute.name(), attribute.value())).collect())
}
