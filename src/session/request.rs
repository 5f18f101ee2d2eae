//! What a front end asks of a guest: a line, or something that a command does to it.

use std::path::PathBuf;
use std::sync::Arc;

use super::about::Origin;
use super::{Live, OpenError, Options, Source};
use crate::abi::InputLine;
use crate::guest::Boundary;
use crate::record::{Cause, Failure, FocusTarget, Trigger, Value};

/// Something to be done by a guest, or to it.
#[derive(Clone, Debug)]
pub enum Request {
    /// A line is sent.
    Line(Vec<u8>),
    /// A command does something, and is remembered in its own words.
    Command(String, GuestOp),
}

/// What a command does to a guest.
#[derive(Clone, Debug)]
pub enum GuestOp {
    /// An export is called.
    Call(String, Vec<Value>),
    /// Bytes are put at an address of a memory.
    Poke(usize, u64, Vec<u8>),
    /// A memory grows by pages.
    Grow(usize, u64),
    /// An exported global is set.
    Set(String, Value),
    /// A fresh guest of the same module takes its place.
    Reset,
    /// A guest of that module takes its place.
    Reload(Source),
    /// A fresh guest of the same module takes its place, and is talked to by the convention of that name, or by the
    /// recipe in that file.
    Adopt(PathBuf),
}

impl Live {
    /// Does what was asked, and returns what came of it.
    ///
    /// # Errors
    /// A fresh guest cannot be had: the old one stays.
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
        })
    }
}

impl GuestOp {
    /// Where the guest comes from that takes the old one's place, if it is another module.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            GuestOp::Reload(source) => Some(Origin::of(source)),
            _ => None,
        }
    }
}

impl Request {
    /// What comes of a request that was cancelled while it waited for its turn.
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

/// The start of a fresh guest, as the command's doing.
fn begun(words: String, start: Cause) -> Cause {
    Cause { trigger: Trigger::Command(words), ..start }
}
