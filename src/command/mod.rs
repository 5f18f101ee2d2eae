//! The `:` language: one table of commands for parsing, completion and help, the same in every front end.
//!
//! A command acts on the session and returns in a [`Reply`] what is to be shown; it knows no terminal.

mod act;
mod args;
mod bounds;
mod check;
mod complete;
mod error;
mod file;
mod findings;
mod grammar;
mod look;
mod parts;
mod quotes;
mod set;
mod space;
mod spelling;
mod table;
mod time;

use std::ops::Range;
use std::path::PathBuf;

use crate::record::Image;
use crate::session::{About, Session, State};
use crate::view::{Places, Regions, Row, Search, Selection, parse_address, parse_range};

pub use complete::{Completion, Names, complete, hint};
pub use error::{ArgumentError, Error};
pub use file::create;
pub use parts::{Part, parts};
pub use set::limit_lines;
pub use table::{COMMANDS, Spec, find};

use self::args::{Address, RangeArg};
use self::spelling::nearest;
use crate::settings::Settings;

/// What a command sees: the session, and what is looked at.
pub struct Context<'a> {
    /// The guest and its timeline.
    pub session: &'a mut Session,
    /// The cause or step that is looked at; `None` before anything happened.
    pub at: Option<&'a Selection>,
    /// Where in memory the user is.
    pub cursor: u64,
    /// The bytes that are selected: the one at the cursor, at least.
    pub selected: Range<u64>,
    /// The settings, which `:set` changes.
    pub settings: &'a mut Settings,
}

/// A line of a list, and the place in memory that it is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, safe to print.
    pub words: String,
    /// The address, if it is about one.
    pub addr: Option<u64>,
    /// The exchange, and the step in it, if it is about another moment than the one that is looked at.
    pub at: Option<(usize, Option<usize>)>,
}

/// What came of a command.
#[derive(Debug)]
pub enum Reply {
    /// Lines of words, safe to print.
    Text(Vec<String>),
    /// What a list is of, and its lines about places in memory, from which one may go there.
    Places(String, Vec<Place>),
    /// Rows of memory.
    Rows(Vec<Row>),
    /// The user goes to a place in memory.
    Goto(u64),
    /// Memory is to be searched.
    Find(Box<Search>),
    /// A text is to be taken along.
    Copy(String),
    /// A picture of the screen is to be written to a file; whether it may replace one.
    Shot(PathBuf, bool),
    /// Something was asked of the guest; what comes of it is the next cause on the timeline.
    Sent,
    /// Another part of the timeline is to be looked at.
    Look(Box<Selection>),
    /// Another session was opened in the place of this one, or left again: that is to be looked at, and this to be said.
    Opened(Box<Selection>, String),
    /// The lines and commands of a file are to be run.
    Source(PathBuf),
    /// The user quits.
    Quit,
}

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

/// Runs a command, given without its colon. What is no command may be an address: then that is gone to.
///
/// # Errors
/// It is neither, its arguments are wrong, or it cannot be run now. Then nothing was changed.
pub fn run(text: &str, context: &mut Context<'_>) -> Result<Reply, Error> {
    match table::parse(text) {
        Ok(action) => action(context),
        Err(unknown @ Error::UnknownCommand(..)) => {
            let addr = Address(text.trim().to_owned());
            context.address(&addr).map(Reply::Goto).map_err(|error| match text.starts_with(char::is_alphabetic) {
                true => unknown,
                false => error,
            })
        }
        Err(error) => Err(error),
    }
}

/// Names the selected bytes.
///
/// # Errors
/// It is no name for a mark, or a region has it.
pub fn mark(name: &str, context: &mut Context<'_>) -> Result<Reply, Error> {
    space::mark(context, name, None)
}

impl Context<'_> {
    /// What is looked at.
    fn at(&self) -> Result<&Selection, Error> {
        self.at.ok_or_else(|| Error::failed("the guest is still loading"))
    }

    /// The address that an argument means.
    fn address(&self, addr: &Address) -> Result<u64, Error> {
        self.with_places(&addr.0, |places| parse_address(&addr.0, places))
    }

    /// The range that an argument means, as its first address and how many bytes. An address alone has `alone` bytes, or
    /// as many as there are.
    fn range(&self, range: &RangeArg, alone: Option<u64>) -> Result<(u64, u64), Error> {
        let (addr, len) = match range {
            RangeArg::Selection => return self.selection(),
            RangeArg::At(addr, len) => (addr, *len),
        };
        let (start, end) = self.with_places(&addr.0, |places| parse_range(&addr.0, places))?;
        let image = self.image()?;
        let len = match (end, len, alone) {
            (_, Some(len), _) => len,
            (Some(end), None, _) => end - start,
            (None, None, Some(len)) => len.min(image.len() - start),
            (None, None, None) => return Err(Error::failed("missing LEN behind the address")),
        };
        bounds::inside(image, start, len)?;
        Ok((start, len))
    }

    /// The range that an argument means, an address alone having one byte; or what is selected.
    fn range_or_selection(&self, range: Option<RangeArg>) -> Result<(u64, u64), Error> {
        range.map_or_else(|| self.selection(), |range| self.range(&range, Some(1)))
    }

    /// What is selected, as its first address and how many bytes.
    fn selection(&self) -> Result<(u64, u64), Error> {
        let len = self.selected.end.saturating_sub(self.selected.start);
        bounds::inside(self.image()?, self.selected.start, len)?;
        Ok((self.selected.start, len))
    }

    /// Reads a text that tells of a place; where it could be a misspelt name, the error says of which.
    fn with_places<T>(&self, text: &str, read: impl FnOnce(&Places<'_>) -> Result<T, String>) -> Result<T, Error> {
        let image = self.image()?;
        let (regions, globals) = (self.regions(), self.session.globals());
        let found = read(&Places { cursor: self.cursor, image, regions: &regions, globals });
        found.map_err(|words| {
            let is_name = text.starts_with(char::is_alphabetic) && text.chars().all(char::is_alphanumeric);
            let near = nearest(text, regions.iter().map(|region| region.name.as_str())).filter(|_| is_name);
            Error::Failed(near.map_or(words.clone(), |near| format!("{words}; did you mean {near}?")))
        })
    }

    /// The memory that commands are about, as it is at what is looked at.
    fn image(&self) -> Result<&Image, Error> {
        let number = self.session.memory();
        let missing = || match number {
            0 => Error::failed("the guest exports no memory"),
            number => Error::Failed(format!("no memory {number} at this moment")),
        };
        self.at()?.after.get(number).ok_or_else(missing)
    }

    /// What is known of the guest.
    fn about(&self) -> Result<&About, Error> {
        self.session.about().ok_or_else(|| Error::failed("the guest is still loading"))
    }

    /// The names that can be typed here.
    pub fn names(&self) -> Names {
        let interface = self.session.about().map(|about| &about.interface);
        let exports = interface.into_iter().flat_map(|interface| interface.funcs());
        let memories = interface.into_iter().flat_map(|interface| interface.memory_names());
        let regions = self.regions();
        Names {
            exports: exports.map(|(name, signature)| (name.to_owned(), signature.clone())).collect(),
            globals: self.session.globals().iter().map(|global| global.name.clone()).collect(),
            memories: memories.filter_map(|names| names.first().map(|&name| name.to_owned())).collect(),
            regions: regions.iter().take(bounds::MOST).map(|region| region.name.clone()).collect(),
            marks: self.session.bookmarks().iter().map(|mark| mark.name.clone()).collect(),
        }
    }

    /// The ranges of memory that have a name at what is looked at.
    fn regions(&self) -> Regions {
        Regions::new(self.session, self.at, &Regions::default())
    }

    /// There must be a guest to do something to.
    fn has_guest(&self) -> Result<(), Error> {
        self.session.no_guest().map_or(Ok(()), |reason| Err(Error::failed(reason)))
    }

    /// The guest must have answered all that it was sent.
    fn idle(&self) -> Result<(), Error> {
        match self.session.state() {
            State::Idle => Ok(()),
            State::Loading => Err(Error::failed("the guest is still loading")),
            State::Busy(_) => Err(Error::failed("the guest is still running")),
        }
    }
}
