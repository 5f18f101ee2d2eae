//! What a module's name section calls its globals and its data segments. It is made for people, may be missing,
//! and nothing in it is believed: a damaged one is read as far as it goes.

use std::collections::HashMap;

use wasmparser::{BinaryReader, Name, NameMap, NameSectionReader};

/// The longest name that is kept, in bytes.
const LONGEST: usize = 64;
/// The most names of a kind that are kept.
const MOST: usize = 100_000;

/// Names by index.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) globals: HashMap<u32, String>,
    pub(super) data: HashMap<u32, String>,
}

impl Names {
    /// Reads the contents of a name section.
    pub(super) fn read(section: BinaryReader<'_>) -> Names {
        let mut names = Names::default();
        for subsection in NameSectionReader::new(section).map_while(Result::ok) {
            match subsection {
                Name::Global(map) => names.globals = by_index(map),
                Name::Data(map) => names.data = by_index(map),
                _ => (),
            }
        }
        names
    }
}

fn by_index(map: NameMap<'_>) -> HashMap<u32, String> {
    let named = map.into_iter().map_while(Result::ok).take(MOST);
    named.map(|naming| (naming.index, shortened(naming.name).to_owned())).collect()
}

/// As much of a name as is kept.
pub(super) fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST)]
}
