//! The tools that produced a module, from its `producers` custom sections: one linked from several has several.

use wasmparser::{BinaryReaderError, Parser, Payload, ProducersSectionReader};

use super::names::shortened;

/// Maximum number of languages, and of tools.
const MOST: usize = 16;

/// The languages and tools that a module was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Producers {
    /// The languages of its sources.
    pub languages: Vec<String>,
    /// The tools, as `name version`.
    pub tools: Vec<String>,
}

/// What a module says of how it was made. Empty if the section cannot be read.
pub(super) fn producers(binary: &[u8]) -> Producers {
    let sections = Parser::new(0).parse_all(binary).map_while(Result::ok);
    let section = sections.filter_map(|payload| match payload {
        Payload::CustomSection(section) if section.name() == "producers" => Some(section),
        _ => None,
    });
    let mut found = Producers::default();
    section.take(MOST).for_each(|section| drop(read(section.data(), &mut found)));
    found
}

/// Adds what a section says.
fn read(data: &[u8], found: &mut Producers) -> Result<(), BinaryReaderError> {
    for field in ProducersSectionReader::new(wasmparser::BinaryReader::new(data, 0))? {
        let field = field?;
        let names = if field.name == "language" { &mut found.languages } else { &mut found.tools };
        for value in field.values {
            let value = value?;
            let name = format!("{} {}", shortened(value.name), shortened(value.version)).trim_end().to_owned();
            if names.len() < MOST && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(())
}
