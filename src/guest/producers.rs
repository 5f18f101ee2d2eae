//! The tools that produced a module, from its `producers` custom section.

use wasmparser::{BinaryReaderError, Parser, Payload, ProducersSectionReader};

use super::names::shortened;

/// Maximum number of tools.
const TOOLS: usize = 16;

/// The tools that produced a module, as `name version`. Empty if the section cannot be read.
pub(super) fn producers(binary: &[u8]) -> Vec<String> {
    let sections = Parser::new(0).parse_all(binary).map_while(Result::ok);
    let section = sections.filter_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == "producers" => Some(section),
        _ => None,
    });
    section.take(1).flat_map(|section| tools(section.data()).unwrap_or_default()).collect()
}

fn tools(data: &[u8]) -> Result<Vec<String>, BinaryReaderError> {
    let mut found = Vec::new();
    for field in ProducersSectionReader::new(wasmparser::BinaryReader::new(data, 0))? {
        let field = field?;
        for value in field.values {
            let value = value?;
            let tool = format!("{} {}", shortened(value.name), shortened(value.version)).trim_end().to_owned();
            if found.len() < TOOLS && !found.contains(&tool) {
                found.push(tool);
            }
        }
    }
    Ok(found)
}
