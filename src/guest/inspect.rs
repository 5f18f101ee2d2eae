//! A module looked at without compiling it: its interface, the tools that made it, and whether it can be loaded.

use super::producers::producers;
use super::program::{binary, invalid, obstacle};
use super::{Interface, Limits, LoadError, validate};

/// What can be said of a module without compiling it.
#[derive(Debug)]
pub struct Inspected {
    /// What it exports and imports.
    pub interface: Interface,
    /// The tools that made it, as `name version` each, as far as it says.
    pub producers: Vec<String>,
    /// Why it cannot be loaded, as far as that can be known without compiling it.
    pub obstacle: Option<LoadError>,
}

/// Looks at a module, be it one that can be run or not.
///
/// # Errors
/// The bytes are not a valid module.
pub fn inspect(name: &str, bytes: &[u8], limits: &Limits) -> Result<Inspected, LoadError> {
    let binary = binary(name, bytes)?;
    validate::for_any_engine(&binary).map_err(|error| invalid(name, bytes, &error))?;
    let interface = Interface::read(&binary).map_err(|error| invalid(name, bytes, &error))?;
    let obstacle = obstacle(&binary, &interface, limits);
    Ok(Inspected { producers: producers(&binary), obstacle, interface })
}
