//! What a front end asks of a guest: a line, or something that a command does to it.

use std::path::PathBuf;

use super::about::Origin;
use super::{Live, OpenError, Options, Source};
use crate::abi::Line;
use crate::guest::Boundary;
use crate::record::{Cause, Failure, Trigger, Value, Wanted};

/// Something to be done by a guest, or to it.
#[derive(Debug)]
pub enum Request {
    /// A line is sent.
    Line(Vec<u8>),
    /// A command does something, and is remembered in its own words.
    Command(String, Deed),
}

/// What a command does to a guest.
#[derive(Debug)]
pub enum Deed {
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
            Request::Line(line) => return Ok(self.send(Line { bytes: &line, ended: true }, number)),
            Request::Command(words, deed) => (words, deed),
        };
        Ok(match deed {
            Deed::Call(name, args) => self.act(words, number, |guest| {
                let func = guest.recorded.func(&name)?;
                guest.recorded.transform_next(Wanted::Call);
                guest.call(&func, &args)
            }),
            Deed::Poke(memory, addr, bytes) => {
                self.act(words, number, |guest| guest.recorded.write(memory, addr, &bytes))
            }
            Deed::Grow(memory, pages) => {
                self.act(words, number, |guest| guest.recorded.grow(memory, pages).map(|_| ()))
            }
            Deed::Set(global, value) => self.act(words, number, |guest| guest.recorded.set(&global, value)),
            Deed::Reset => begun(words, self.restart()?),
            Deed::Reload(source) => begun(words, self.reload(&source, options)?),
            Deed::Adopt(named) => begun(words, self.adopt(&named)?),
        })
    }
}

impl Deed {
    /// Where the guest comes from that takes the old one's place, if it is another module.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            Deed::Reload(source) => Some(Origin::of(source)),
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
        let (crossings, changes) = (Vec::new(), Vec::new());
        Cause { trigger, crossings, changes, focus: None, outcome: Err(Failure::Cancelled) }
    }
}

/// The start of a fresh guest, as the command's doing.
fn begun(words: String, start: Cause) -> Cause {
    Cause { trigger: Trigger::Command(words), ..start }
}
