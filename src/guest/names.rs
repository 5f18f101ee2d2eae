//! The names that a module's name section gives its globals and data segments. They are for people, may be missing,
//! and are not trusted. A damaged section is read as far as possible.

use std::collections::HashMap;

use wasmparser::{BinaryReader, Name, NameMap, NameSectionReader};

/// Maximum length of a name, in bytes.
const LONGEST: usize = 64;
/// Maximum number of names of a kind.
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

/// A name, cut to the maximum length.
pub(super) fn shortened(name: &str) -> &str {
    &name[..name.floor_char_boundary(LONGEST)]
}
