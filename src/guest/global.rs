//! Exported global variables and their values.

use super::Type;
use crate::record::Value;

/// An exported global variable, resolved once: [`super::Boundary::global`] reads it.
#[derive(Clone, Debug)]
pub struct GlobalRef {
    pub(super) global: wasmer::Global,
    /// The type of its value.
    pub ty: Type,
    /// Whether it is mutable.
    pub mutable: bool,
}

/// An exported global variable of a guest, with its current value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Global {
    /// The export's name.
    pub name: String,
    /// The type of its value.
    pub ty: Type,
    /// Whether it is mutable.
    pub mutable: bool,
    /// Its value.
    pub value: Value,
}
