//! A copy of a module that contains its recipe.

use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

use super::LoadError;
use super::custom::SAYS;
use super::program::{binary, invalid};

/// The module as a binary, with this recipe in its custom section `linmem`, in place of any other.
///
/// # Errors
/// The bytes are not a module.
pub fn with_recipe(name: &str, bytes: &[u8], recipe: &str) -> Result<Vec<u8>, LoadError> {
    let binary = binary(name, bytes)?;
    let mut copy = Module::new();
    for payload in Parser::new(0).parse_all(&binary) {
        let payload = payload.map_err(|error| invalid(name, bytes, &error))?;
        let is_recipe = matches!(&payload, Payload::CustomSection(section) if section.name() == SAYS);
        if let Some((id, range)) = payload.as_section().filter(|_| !is_recipe) {
            let at = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
            copy.section(&RawSection { id, data: &binary[at(range.start)..at(range.end)] });
        }
    }
    copy.section(&CustomSection { name: SAYS.into(), data: recipe.as_bytes().into() });
    Ok(copy.finish())
}
