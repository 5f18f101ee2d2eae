//! The DWARF sections of a file, and the strings in them.

use std::ops::Range;
use std::sync::Arc;

use gimli::{AttributeValue, EndianSlice, LittleEndian, SectionId};

/// The reader that gimli uses for a section.
pub(super) type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// Maximum length of a string, in bytes.
const LONGEST: usize = 4096;

/// The DWARF sections of a file.
#[derive(Debug)]
pub(super) struct Sections {
    bytes: Arc<[u8]>,
    ranges: Vec<(SectionId, Range<usize>)>,
}

impl Sections {
    pub(super) fn new(bytes: Arc<[u8]>, ranges: Vec<(SectionId, Range<usize>)>) -> Sections {
        Sections { bytes, ranges }
    }

    /// The contents of a section; empty if it is missing.
    pub(super) fn bytes(&self, id: SectionId) -> &[u8] {
        let found = self.ranges.iter().find(|(section, _)| *section == id);
        found.and_then(|(_, range)| self.bytes.get(range.clone())).unwrap_or_default()
    }

    /// Borrows the sections for gimli.
    pub(super) fn dwarf(&self) -> gimli::Dwarf<Slice<'_>> {
        let section = |id: SectionId| Ok::<_, gimli::Error>(Slice::new(self.bytes(id), LittleEndian));
        gimli::Dwarf::load(section).unwrap_or_default()
    }

    /// The string that an attribute holds or refers to.
    pub(super) fn text<'a>(
        &'a self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &gimli::Unit<Slice<'a>>,
        value: AttributeValue<Slice<'a>>,
    ) -> Option<String> {
        let (section, offset) = match value {
            AttributeValue::String(text) => return Some(text.to_string_lossy().into_owned()),
            AttributeValue::DebugStrRef(offset) => (SectionId::DebugStr, offset.0),
            AttributeValue::DebugLineStrRef(offset) => (SectionId::DebugLineStr, offset.0),
            AttributeValue::DebugStrOffsetsIndex(index) => {
                (SectionId::DebugStr, dwarf.string_offset(unit, index).ok()?.0)
            }
            _ => return None,
        };
        // gimli would search the whole section for the end of the string.
        let rest = self.bytes(section).get(offset..)?;
        let len = rest.iter().take(LONGEST).position(|byte| *byte == 0)?;
        Some(String::from_utf8_lossy(&rest[..len]).into_owned())
    }
}
