//! The names of functions, globals and data segments in the linked module, from the name sections of its parts.

use std::collections::BTreeMap;

use wasm_encoder::{NameMap, NameSection};
use wasmparser::{Name, NameMap as Names};

use super::layout::Layout;
use super::summary::Summary;

/// The name section of the linked module. Unreadable names are left out.
pub(super) fn names(summaries: &[Summary<'_>], layout: &Layout) -> NameSection {
    let (mut functions, mut globals, mut data) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for (summary, mapping) in summaries.iter().zip(&layout.mappings) {
        for part in summary.names.clone().into_iter().flatten().map_while(Result::ok) {
            match part {
                Name::Function(names) => add(&mut functions, names, |index| mapping.place(0, index)),
                Name::Global(names) => add(&mut globals, names, |index| mapping.place(3, index)),
                Name::Data(names) => add(&mut data, names, |index| mapping.data(index)),
                _ => (),
            }
        }
    }
    let mut section = NameSection::new();
    section.functions(&map(&functions));
    section.globals(&map(&globals));
    section.data(&map(&data));
    section
}

/// The name of a core module.
pub(super) fn module_name(summary: &Summary<'_>) -> Option<String> {
    summary.names.clone()?.map_while(Result::ok).find_map(|part| match part {
        Name::Module { name, .. } => Some(name.to_owned()),
        _ => None,
    })
}

/// Adds names. An item that a module imports may have a name in the module that defines it, which comes first.
fn add<'a>(found: &mut BTreeMap<u32, &'a str>, names: Names<'a>, place: impl Fn(u32) -> u32) {
    for naming in names.into_iter().map_while(Result::ok) {
        found.entry(place(naming.index)).or_insert(naming.name);
    }
}

fn map(names: &BTreeMap<u32, &str>) -> NameMap {
    let mut map = NameMap::new();
    names.iter().for_each(|(index, name)| map.append(*index, name));
    map
}
