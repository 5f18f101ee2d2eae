//! The custom sections of a module that linmem reads and writes.

/// The section in which a module names its own convention.
pub(super) const SAYS: &str = "linmem";

/// The section in which a module that was linked from a component has what the component's types say.
pub(super) const LINKED: &str = "linmem:component";
