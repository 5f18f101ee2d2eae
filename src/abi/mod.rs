//! Conventions: how a line gets into a guest's memory, and how its answer comes out.
//!
//! A convention is chosen from what a module exports alone; guest code is never run to find out. It speaks to
//! the guest through [`Boundary`], so that one description of an exchange serves the recorded and the fast way.

mod static_buffer;

use std::fmt;

use crate::guest::{Boundary, Guest, Interface};
use crate::record::Failure;

pub use static_buffer::StaticBuffer;

/// A convention, with the names of a guest's exports filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The guest owns a buffer and tells where it is.
    StaticBuffer(static_buffer::Names),
}

/// A convention, bound to the functions of one guest.
pub enum Convention {
    /// The guest owns a buffer and tells where it is.
    StaticBuffer(StaticBuffer),
}

/// Why no convention was chosen, with what was looked for and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConvention(String);

impl Plan {
    /// Chooses a convention for a module. `call` names the transform, where the user says it.
    ///
    /// # Errors
    /// No convention fits, or the transform could be one of several.
    pub fn choose(interface: &Interface, call: Option<&str>) -> Result<Plan, NoConvention> {
        static_buffer::Names::detect(interface, call).map(Plan::StaticBuffer).map_err(NoConvention)
    }

    /// The convention's name.
    pub fn name(&self) -> &'static str {
        match self {
            Plan::StaticBuffer(_) => "static buffer",
        }
    }

    /// Resolves the names in a guest, and asks the guest what it is asked once: here, the buffer's size.
    ///
    /// # Errors
    /// A call failed, or the guest lacks what the plan names.
    pub fn bind(&self, guest: &Guest) -> Result<Convention, Failure> {
        match self {
            Plan::StaticBuffer(names) => StaticBuffer::bind(names, guest).map(Convention::StaticBuffer),
        }
    }
}

impl Convention {
    /// What is done once for a fresh guest, before any line.
    ///
    /// # Errors
    /// A call failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary) -> Result<(), Failure> {
        match self {
            Convention::StaticBuffer(convention) => convention.prepare(boundary),
        }
    }

    /// One exchange: `line` goes in, the answer is appended to `answer`.
    ///
    /// # Errors
    /// Why there is no answer; `answer` is as it was then.
    pub fn exchange(&self, boundary: &mut impl Boundary, line: &[u8], answer: &mut Vec<u8>) -> Result<(), Failure> {
        match self {
            Convention::StaticBuffer(convention) => convention.exchange(boundary, line, answer),
        }
    }
}

impl fmt::Display for NoConvention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoConvention {}
