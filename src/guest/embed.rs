//! A copy of a module that contains its recipe.

use wasm_encoder::{Component, CustomSection, Module, RawSection, Section};
use wasmparser::{Parser, Payload};

use super::custom::SAYS;
use super::program::{encode, invalid};
use super::{LoadError, component};

/// The module, or the component, as a binary, with this recipe in its custom section `linmem`, in place of any other.
///
/// # Errors
/// The bytes are neither.
pub fn with_recipe(name: &str, bytes: &[u8], recipe: &str) -> Result<Vec<u8>, LoadError> {
    let binary = encode(name, bytes)?;
    let mut copy = match component::is_component(&binary) {
        true => Component::new().finish(),
        false => Module::new().finish(),
    };
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&binary) {
        let payload = payload.map_err(|error| invalid(name, bytes, &error))?;
        match payload {
            Payload::Version { .. } => depth += 1,
            Payload::End(_) => depth -= 1,
            _ => (),
        }
        let is_recipe = matches!(&payload, Payload::CustomSection(section) if section.name() == SAYS);
        // The modules and components within a component are sections of it.
        if let Some((id, range)) = payload.as_section().filter(|_| depth == 1 && !is_recipe) {
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
            RawSection { id, data: &binary[at(range.start)..at(range.end)] }.append_to(&mut copy);
        }
    }
    CustomSection { name: SAYS.into(), data: recipe.as_bytes().into() }.append_to(&mut copy);
    Ok(copy)
}
