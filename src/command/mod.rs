//! The `:` language: one table of commands for parsing, completion and help, the same in every front end.
//!
//! A command acts on the session and says in a [`Reply`] what is to be shown; it knows no terminal.

mod act;
mod check;
mod complete;
mod look;
mod table;
mod time;
mod words;

use std::path::PathBuf;

use crate::session::{Session, State};
use crate::view::{Places, Region, Row, Selection, parse_address, regions};

pub use complete::{Completion, Names, complete, hint};
pub use table::{COMMANDS, Spec, find};

use self::words::Words;

/// What a command sees: the session, and what is looked at.
pub struct Context<'a> {
    /// The guest and its timeline.
    pub session: &'a mut Session,
    /// The cause or crossing that is looked at; `None` before anything happened.
    pub at: Option<&'a Selection>,
}

/// What came of a command.
#[derive(Debug)]
pub enum Reply {
    /// Lines of words, safe to print.
    Text(Vec<String>),
    /// Rows of memory.
    Rows(Vec<Row>),
    /// Something was asked of the guest; what comes of it is the next cause on the timeline.
    Sent,
    /// Another part of the timeline is to be looked at.
    Look(Box<Selection>),
    /// The lines and commands of a file are to be followed.
    Source(PathBuf),
    /// The user wants to leave.
    Quit,
}

/// Why a command was not done, in the user's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(String);

/// What was typed: a line for the guest, or a command without its colon. A second colon makes a line that begins
/// with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// A line for the guest, exactly as it is.
    Line(&'a str),
    /// A command.
    Command(&'a str),
}

impl<'a> Typed<'a> {
    /// Tells what a typed line is.
    pub fn new(typed: &'a str) -> Typed<'a> {
        match typed.strip_prefix(':') {
            Some(rest) if rest.starts_with(':') => Typed::Line(rest),
            Some(rest) => Typed::Command(rest),
            None => Typed::Line(typed),
        }
    }
}

/// Runs a command, given without its colon.
///
/// # Errors
/// There is no such command, or it cannot be done as it was said.
pub fn run(text: &str, context: &mut Context<'_>) -> Result<Reply, Error> {
    let text = text.trim_start();
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let spec = find(name)?;
    let mut words = Words::new(rest);
    let reply = (spec.run)(context, &mut words, text).map_err(|error| spec.explain(error))?;
    words.end().map(|()| reply).map_err(|error| spec.explain(error))
}

impl Context<'_> {
    /// What is looked at.
    fn at(&self) -> Result<&Selection, Error> {
        self.at.ok_or_else(|| Error("the guest is still being loaded".to_owned()))
    }

    /// The address that the next word tells of: a number, a region, a place and a distance.
    fn address(&self, words: &mut Words<'_>) -> Result<u64, Error> {
        let at = self.at()?;
        let image = at.after.first().ok_or_else(|| Error("the guest exports no memory".to_owned()))?;
        let word = words.text("an address")?;
        let regions = self.regions();
        let places = Places { cursor: at.address(0).unwrap_or(0), image, regions: &regions };
        parse_address(&word, &places).map_err(Error)
    }

    /// The ranges of memory that have a name at what is looked at.
    fn regions(&self) -> Vec<Region> {
        let run = self.session.run();
        let cause = self.at.and_then(|at| run.cause(at.cause));
        regions(0, run.cause(0).map(|start| &**start), cause.map(|cause| &**cause))
    }

    /// There must be a guest to do something to.
    fn has_guest(&self) -> Result<(), Error> {
        match self.session.is_replay() {
            true => Err(Error("this is a saved session: it can be looked at, and nothing runs".to_owned())),
            false => Ok(()),
        }
    }

    /// The guest must have answered all that it was sent.
    fn idle(&self) -> Result<(), Error> {
        match self.session.state() {
            State::Idle => Ok(()),
            State::Loading => Err(Error("the guest is still being loaded".to_owned())),
            State::Busy(_) => Err(Error("the guest is still running".to_owned())),
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::view::visible(self.0.as_bytes()))
    }
}

impl std::error::Error for Error {}
