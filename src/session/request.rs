//! Requests of a front end to a guest: a line, or an operation of a command.

use std::path::PathBuf;
use std::sync::Arc;

use super::about::Origin;
use super::{Live, OpenError, Options, Source};
use crate::abi::InputLine;
use crate::guest::{Boundary, Passes};
use crate::record::{Cause, Failure, FocusTarget, Trigger, Value};

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
    /// Replace the guest by a fresh instance of its module, compiled like this.
    Recompile(Passes),
}

impl Live {
    /// Performs the request, and returns the resulting cause.
    ///
    /// # Errors
    /// A fresh guest could not be created: the old one stays.
    pub(super) fn perform(&mut self, request: Request, number: u64, options: &Options) -> Result<Cause, OpenError> {
        let (words, deed) = match request {
            Request::Line(line) => return Ok(self.send(InputLine { bytes: &line, ended: true }, number)),
            Request::Command(words, deed) => (words, deed),
        };
        Ok(match deed {
            GuestOp::Call(name, args) => self.act(words, number, |guest| {
                let func = guest.recorded.func(&name)?;
                guest.recorded.transform_next(FocusTarget::Call);
                guest.call(&func, &args)
            }),
            GuestOp::Poke(memory, addr, bytes) => {
                self.act(words, number, |guest| guest.recorded.write(memory, addr, &bytes))
            }
            GuestOp::Grow(memory, pages) => {
                self.act(words, number, |guest| guest.recorded.grow(memory, pages).map(|_| ()))
            }
            GuestOp::Set(global, value) => self.act(words, number, |guest| guest.recorded.set(&global, value)),
            GuestOp::Reset => begun(words, self.restart()?),
            GuestOp::Reload(source) => begun(words, self.reload(&source, options)?),
            GuestOp::Adopt(named) => begun(words, self.adopt(&named)?),
            GuestOp::Recompile(trace) => begun(words, self.recompile(&Options { trace, ..options.clone() })?),
        })
    }
}

impl GuestOp {
    /// Where the new guest comes from, if the module changes.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            GuestOp::Reload(source) => Some(Origin::of(source)),
            _ => None,
        }
    }
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
        let accesses = Arc::default();
        Cause { trigger, steps, changes, accesses, focus: None, outcome: Err(Failure::Cancelled), cleanup: None }
    }
}

/// The start of a fresh guest, attributed to a command.
fn begun(words: String, start: Cause) -> Cause {
    Cause { trigger: Trigger::Command(words), ..start }
}
