//! Structs over bytes: types that a user declares, that are built in, or that DWARF has, laid over memory.

mod built_in;
mod parse;
mod rows;
mod value;

use std::sync::Arc;

use crate::debug::{DataType, DebugInfo, TypeError};
use crate::session::Structs;

pub use built_in::built_in_structs;
pub use rows::{FieldRow, StructView, fields};

/// Declares a struct, and returns it. A struct of the same name is replaced.
///
/// # Errors
/// A message that says what is wrong with the declaration.
pub fn declare(structs: &mut Structs, text: &str, debug: Option<&DebugInfo>) -> Result<Arc<DataType>, String> {
    let declared = parse::declaration(text, &|name| find(structs, name, debug))?;
    structs.declare(declared.clone())?;
    Ok(declared)
}

/// The type with this name: declared, built in, or from DWARF. The name may be followed by `*` and by `[COUNT]`.
///
/// # Errors
/// There is none, or there are several in DWARF; a message says so.
pub fn find(structs: &Structs, name: &str, debug: Option<&DebugInfo>) -> Result<Arc<DataType>, String> {
    let name = name.trim();
    if let Some(found) = structs.named(name).or_else(|| parse::basic(name)).or_else(|| built_in::named(name)) {
        return Ok(found);
    }
    if let Some((of, count)) = name.strip_suffix(']').and_then(|name| name.rsplit_once('['))
        && let Some(count) = super::whole(count.trim())
    {
        let of = find(structs, of, debug)?;
        return DataType::array(of, count).map(Arc::new).ok_or_else(|| format!("`{name}` is larger than any memory"));
    }
    if let Some(of) = name.strip_suffix('*') {
        return Ok(Arc::new(DataType::pointer(Some(find(structs, of, debug)?), 4)));
    }
    match debug.map_or(Err(TypeError::Unknown), |debug| debug.type_named(name)) {
        Ok(found) => Ok(found),
        Err(TypeError::Unknown) => {
            Err(format!("unknown type `{}`; :struct lists the known ones", super::visible(name.as_bytes())))
        }
        Err(TypeError::Several(names)) => Err(format!("several types match `{name}`: {}", names.join(", "))),
    }
}
