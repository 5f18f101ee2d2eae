//! The positions of a module's code section, function bodies, and debug information sections.

use std::ops::Range;

use gimli::SectionId;
use wasmparser::{BinaryReader, CustomSectionReader, Parser, Payload, TypeRef};

use super::functions::Functions;

/// Maximum length of a file name in a section, in bytes.
const LONGEST_NAME: usize = 4096;

/// The positions of everything that debug information is read from.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// The offset of the code section's contents.
    pub(super) code_start: Option<usize>,
    pub(super) functions: Functions,
    /// The DWARF sections and their positions.
    pub(super) dwarf: Vec<(SectionId, Range<usize>)>,
    /// The contents of `external_debug_info`: the path or URL of a file with DWARF.
    pub(super) external_debug_info: Option<String>,
    /// The contents of `sourceMappingURL`: the path or URL of a source map.
    pub(super) source_mapping_url: Option<String>,
}

impl Layout {
    /// Reads the section headers. A damaged module is read as far as possible.
    pub(super) fn read(module: &[u8]) -> Layout {
        let mut layout = Layout::default();
        for payload in Parser::new(0).parse_all(module).map_while(Result::ok) {
            match payload {
                Payload::ImportSection(imports) => {
                    let imports = imports.into_imports().map_while(Result::ok);
                    let is_function = |ty: TypeRef| matches!(ty, TypeRef::Func(_) | TypeRef::FuncExact(_));
                    imports.filter(|import| is_function(import.ty)).for_each(|_| layout.functions.add_import());
                }
                Payload::CodeSectionStart { range, .. } => layout.code_start = usize::try_from(range.start).ok(),
                Payload::CodeSectionEntry(body) => layout.functions.add_body(positions(&body.range())),
                Payload::CustomSection(section) => layout.add_custom(&section),
                _ => (),
            }
        }
        layout
    }

    fn add_custom(&mut self, section: &CustomSectionReader<'_>) {
        let start = section.data_offset();
        let range = positions(&(start..start + section.data().len() as u64));
        match section.name() {
            "external_debug_info" => self.external_debug_info = text(section.data()),
            "sourceMappingURL" => self.source_mapping_url = text(section.data()),
            name => {
                if let Some(id) = dwarf_section(name) {
                    self.dwarf.push((id, range));
                }
            }
        }
    }
}

/// The section ID of a DWARF section, by name.
fn dwarf_section(name: &str) -> Option<SectionId> {
    const READ: [SectionId; 9] = [
        SectionId::DebugAbbrev,
        SectionId::DebugAddr,
        SectionId::DebugInfo,
        SectionId::DebugLine,
        SectionId::DebugLineStr,
        SectionId::DebugRanges,
        SectionId::DebugRngLists,
        SectionId::DebugStr,
        SectionId::DebugStrOffsets,
    ];
    READ.into_iter().find(|id| id.name() == name)
}

/// Decodes a string of the binary format: a length in bytes, then the bytes.
fn text(data: &[u8]) -> Option<String> {
    let text = BinaryReader::new(data, 0).read_unlimited_string().ok()?;
    (text.len() <= LONGEST_NAME).then(|| text.to_owned())
}

/// Converts offsets in a module that is in memory.
fn positions(range: &Range<u64>) -> Range<usize> {
    let position = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    position(range.start)..position(range.end)
}
