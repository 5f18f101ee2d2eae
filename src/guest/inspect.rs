//! Inspects a module without compiling it: its interface, its producers, and whether it can be loaded.

use super::producers::{Producers, producers};
use super::program::{binary, invalid, obstacle};
use super::{Cache, CodeSize, Interface, Kept, Limits, LoadError, validate};

/// What is known of a module without compiling it.
#[derive(Debug)]
pub struct Inspected {
    /// Its exports and imports.
    pub interface: Interface,
    /// The languages and tools that it was made with, if the module lists them.
    pub producers: Producers,
    /// Why it cannot be loaded, as far as can be told without compiling it.
    pub obstacle: Option<LoadError>,
    /// The size of its code.
    pub size: CodeSize,
    /// Its compiled code in the cache.
    pub kept: Vec<Kept>,
}

/// Inspects a module, whether or not it can be run. Also says what the cache has of it.
///
/// # Errors
/// The bytes are not a valid module.
pub fn inspect(name: &str, bytes: &[u8], limits: &Limits, cache: Option<&Cache>) -> Result<Inspected, LoadError> {
    let binary = binary(name, bytes)?;
    validate::for_any_engine(&binary).map_err(|error| invalid(name, bytes, &error))?;
    let interface = Interface::read(&binary).map_err(|error| invalid(name, bytes, &error))?;
    let obstacle = obstacle(&binary, &interface, limits);
    let (size, kept) = (CodeSize::of(&binary), cache.map(|cache| cache.of_module(&binary)).unwrap_or_default());
    Ok(Inspected { producers: producers(&binary), obstacle, interface, size, kept })
}
