//! What findings rest on: a module's interface, and the recipe that drives it.

use crate::abi::Recipe;
use crate::check::Facts;
use crate::guest::Interface;

/// What findings rest on: the module's interface, and the recipe.
pub(super) fn facts(interface: &Interface, recipe: &Recipe) -> Facts {
    Facts::new(interface, recipe, memory_of(interface, recipe))
}

/// The index of the memory that a guest's recipe uses: the one that it names, or else the first named one.
pub(super) fn memory_of(interface: &Interface, recipe: &Recipe) -> usize {
    let (memories, wanted) = (interface.memory_names(), recipe.memory.as_deref());
    let used = |names: &Vec<&str>| wanted.map_or(!names.is_empty(), |name| names.contains(&name));
    memories.iter().position(used).unwrap_or(0)
}
