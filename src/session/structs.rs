//! Structs of a session: the types that the user declared, and where they are laid over memory.

use std::sync::Arc;

use crate::debug::DataType;

/// Maximum number of declared types, and of placed ones.
const MOST: usize = 256;

/// A struct laid over memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The memory's index.
    pub memory: usize,
    /// Its address.
    pub addr: u64,
    /// Its type.
    pub ty: Arc<DataType>,
}

/// The declared types, and the structs laid over memory, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Structs {
    declared: Vec<Arc<DataType>>,
    placed: Vec<Placed>,
}

impl Structs {
    /// Adds a declared type, replacing any with the same name. What was placed keeps its type.
    ///
    /// # Errors
    /// There are too many.
    pub fn declare(&mut self, ty: Arc<DataType>) -> Result<(), String> {
        self.declared.retain(|other| other.name != ty.name);
        if self.declared.len() >= MOST {
            return Err(format!("too many structs (the limit is {MOST})"));
        }
        self.declared.push(ty);
        Ok(())
    }

    /// The declared type with this name.
    pub fn named(&self, name: &str) -> Option<Arc<DataType>> {
        self.declared.iter().find(|ty| ty.name == name).cloned()
    }

    /// The declared types, oldest first.
    pub fn declared(&self) -> impl Iterator<Item = &DataType> {
        self.declared.iter().map(|ty| &**ty)
    }

    /// Lays a struct over memory. It replaces one of the same type, and the oldest if there are too many.
    pub fn place(&mut self, placed: Placed) {
        self.placed.retain(|other| other.ty.name != placed.ty.name);
        if self.placed.len() >= MOST {
            self.placed.remove(0);
        }
        self.placed.push(placed);
    }

    /// The structs laid over memory, oldest first.
    pub fn placed(&self) -> &[Placed] {
        &self.placed
    }
}
