//! Requests of a front end to a guest: a line, or an operation of a command.

use std::path::PathBuf;
use std::sync::Arc;

use super::Source;
use crate::abi::Recipe;
use crate::guest::Passes;
use crate::record::{Cause, Failure, Traced, Trigger, Value};

/// A request to a guest.
#[derive(Clone, Debug)]
pub enum Request {
    /// Send a line.
    Line(Vec<u8>),
    /// Run an operation, recorded with the command's text.
    Command(String, GuestOp),
}

/// An operation on a guest.
#[derive(Clone, Debug)]
pub enum GuestOp {
    /// Call an export.
    Call(String, Vec<Value>),
    /// Write bytes to an address of a memory.
    Poke(usize, u64, Vec<u8>),
    /// Grow a memory by pages.
    Grow(usize, u64),
    /// Set an exported global.
    Set(String, Value),
    /// Replace the guest by a fresh instance of its module.
    Reset,
    /// Replace the guest by one of another module.
    Reload(Source),
    /// Replace the guest by a fresh instance, with the convention of this name or the recipe in this file.
    Adopt(PathBuf),
    /// Replace the guest by a fresh instance, with this recipe.
    AdoptRecipe(Box<Recipe>),
    /// Replace the guest by a fresh instance of its module, compiled like this.
    Recompile(Passes),
}

impl Request {
    /// What the guest is to be compiled with from then on, if that changes.
    pub(super) fn passes(&self) -> Option<Passes> {
        match self {
            Request::Command(_, GuestOp::Recompile(passes)) => Some(*passes),
            _ => None,
        }
    }

    /// The cause of a request that was cancelled before its turn.
    pub(super) fn cancelled(self) -> Cause {
        let trigger = match self {
            Request::Line(line) => Trigger::Line(line),
            Request::Command(words, _) => Trigger::Command(words),
        };
        let (steps, changes) = (Vec::new(), Vec::new());
        let (accesses, traced) = (Arc::default(), Traced::default());
        let (written, outcome) = (Vec::new(), Err(Failure::Cancelled));
        Cause { trigger, steps, changes, bare: 0, accesses, traced, written, focus: None, outcome, cleanup: None }
    }
}
