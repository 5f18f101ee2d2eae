//! The `:` language: one table of commands for parsing, completion and help, the same in every front end.
//!
//! A command acts on the session and returns what to show in a [`Reply`]. It does not depend on a terminal.

mod act;
mod args;
mod awaited;
mod bounds;
mod check;
mod complete;
mod control;
mod error;
mod expected;
mod file;
mod findings;
mod grammar;
mod infer;
mod look;
mod parts;
mod quotes;
mod reports;
mod set;
mod space;
mod spelling;
mod structs;
mod table;
mod time;

use std::ops::Range;
use std::path::PathBuf;

use crate::record::Image;
use crate::session::{About, Session, State};
use crate::view::{Places, Regions, Row, Search, Selection, parse_address, parse_range};

pub use complete::{Completion, Names, complete, hint};
pub use control::{WatchRequest, follow_watches, parse_place, parse_watchpoint};
pub use error::{ArgumentError, Error};
pub use file::write_file;
pub use parts::{Part, parts};
pub use reports::Report;
pub use set::limit_lines;
pub use table::{COMMANDS, Spec, find};

use self::args::{Address, RangeArg};
use self::spelling::nearest;
use crate::settings::Settings;

/// What a command can access: the session and the current selection.
pub struct Context<'a> {
    /// The guest and its timeline.
    pub session: &'a mut Session,
    /// The selected cause or step; `None` before anything happened.
    pub at: Option<&'a Selection>,
    /// The cursor's address in memory.
    pub cursor: u64,
    /// The selected bytes: at least the one at the cursor.
    pub selected: Range<u64>,
    /// The settings, which `:set` changes.
    pub settings: &'a mut Settings,
}

/// A line of a list, with an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The line, safe to print.
    pub words: String,
    /// The address that it is about, if any.
    pub addr: Option<u64>,
    /// The exchange, and the step in it, if it is about another moment than the one that is looked at.
    pub at: Option<(usize, Option<usize>)>,
}

/// The usage of a range.
const RANGE: &str = "ADDR [LEN] | ADDR..END";

/// Why nothing can be sent to a guest that waits in the middle of a call.
pub const STOPPED: &str = "the guest is stopped in the middle of a call: :continue resumes it, Ctrl-C ends the call";

/// The result of a command.
#[derive(Debug)]
pub enum Reply {
    /// Lines of text, safe to print.
    Text(Vec<String>),
    /// A list's title, and its lines with addresses to jump to.
    Places(String, Vec<Place>),
    /// A struct laid over memory: its title, and its members with their addresses.
    Struct(String, Vec<Place>),
    /// One line of JSON.
    Json(String),
    /// Rows of memory.
    Rows(Vec<Row>),
    /// Move the cursor to an address.
    Goto(u64),
    /// Search memory.
    Find(Box<Search>),
    /// A report is made, which may take long.
    Report(Box<Report>),
    /// Copy text to the clipboard.
    Copy(String),
    /// Save a picture of the screen to a file, and whether to overwrite it.
    Shot(PathBuf, bool),
    /// The guest was asked to do something; the result will be the next cause on the timeline.
    Sent,
    /// The same, and this is said before.
    SentSaying(String),
    /// Select another part of the timeline.
    Look(Box<Selection>),
    /// Another session was opened or left: select that, and print this message.
    Opened(Box<Selection>, String),
    /// Run the lines and commands in a file.
    Source(PathBuf),
    /// Quit.
    Quit,
}

/// A typed line: a line for the guest, or a command. A second colon escapes a line that begins with one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Typed<'a> {
    /// A line for the guest, verbatim.
    Line(&'a str),
    /// A command, without its colon.
    Command(&'a str),
}

impl<'a> Typed<'a> {
    /// Classifies a typed line.
    pub fn new(typed: &'a str) -> Typed<'a> {
        match typed.strip_prefix(':') {
            Some(rest) if rest.starts_with(':') => Typed::Line(rest),
            Some(rest) => Typed::Command(rest),
            None => Typed::Line(typed),
        }
    }
}

/// Runs a command, given without its colon. Text that is not a command may be an address to go to.
///
/// # Errors
/// The command is unknown, its arguments are not valid, or it cannot run now. Nothing was changed.
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
/// The name is not valid, or a region has it.
pub fn mark(name: &str, context: &mut Context<'_>) -> Result<Reply, Error> {
    space::mark(context, name, None)
}

impl Context<'_> {
    /// The selection, or an error if nothing happened yet.
    fn at(&self) -> Result<&Selection, Error> {
        self.at.ok_or_else(|| Error::failed("the guest is still loading"))
    }

    /// Resolves an address argument.
    fn address(&self, addr: &Address) -> Result<u64, Error> {
        self.with_places(&addr.0, |places| parse_address(&addr.0, places))
    }

    /// Resolves a range argument to an address and a length. An address alone gets the length `alone`, or all available
    /// bytes.
    fn range(&self, range: &RangeArg, alone: Option<u64>) -> Result<(u64, u64), Error> {
        let (addr, len) = match range {
            RangeArg::Selection => return self.selection(),
            RangeArg::At(addr, len) => (addr, *len),
        };
        let (start, end) = self.with_places(&addr.0, |places| parse_range(&addr.0, places))?;
        let image = self.image()?;
        // The name of a region with a length is the address of its start.
        if let Some(len) = len.filter(|_| end.is_some() && self.regions().named(addr.0.trim()).is_none()) {
            return Err(Error::Arguments(ArgumentError::Unexpected(len.to_string()), RANGE.to_owned()));
        }
        let len = match (end, len, alone) {
            (_, Some(len), _) => len,
            (Some(end), None, _) => end - start,
            (None, None, Some(len)) => len.min(image.len() - start),
            (None, None, None) => return Err(Error::failed("missing LEN after the address")),
        };
        bounds::inside(image, start, len)?;
        Ok((start, len))
    }

    /// Resolves a range argument, one byte for an address alone, that must have a byte.
    fn filled_range(&self, range: &RangeArg) -> Result<(u64, u64), Error> {
        self.range(range, Some(1)).and_then(|(start, len)| match len {
            0 => Err(Error::failed(bounds::EMPTY)),
            len => Ok((start, len)),
        })
    }

    /// Resolves a range argument, one byte for an address alone; without one, the selection.
    fn range_or_selection(&self, range: Option<RangeArg>) -> Result<(u64, u64), Error> {
        range.map_or_else(|| self.selection(), |range| self.range(&range, Some(1)))
    }

    /// The selection, as an address and a length.
    fn selection(&self) -> Result<(u64, u64), Error> {
        let len = self.selected.end.saturating_sub(self.selected.start);
        bounds::inside(self.image()?, self.selected.start, len)?;
        Ok((self.selected.start, len))
    }

    /// Parses text that refers to an address. The error suggests a similar name.
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

    /// The current memory at the selected moment.
    fn image(&self) -> Result<&Image, Error> {
        let number = self.session.memory();
        let missing = || match number {
            0 => Error::failed("the guest exports no memory"),
            number => Error::Failed(format!("memory {number} does not exist at this point")),
        };
        self.at()?.after.get(number).ok_or_else(missing)
    }

    /// The facts about the guest.
    fn about(&self) -> Result<&About, Error> {
        self.session.about().ok_or_else(|| Error::failed("the guest is still loading"))
    }

    /// The names that can be typed now.
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
            structs: self.session.structs().declared().map(|ty| ty.name.clone()).collect(),
            marks: self.session.bookmarks().iter().map(|mark| mark.name.clone()).collect(),
        }
    }

    /// The named ranges of memory at the selected moment.
    fn regions(&self) -> Regions {
        Regions::new(self.session, self.at, &Regions::default())
    }

    /// The guest must do nothing now: it has answered, or has stopped in the middle of a call.
    fn is_settled(&self) -> Result<(), Error> {
        if self.session.state() == State::Stopped { Ok(()) } else { self.idle() }
    }

    /// The guest must not wait in the middle of a call.
    fn is_free(&self) -> Result<(), Error> {
        match self.session.state() {
            State::Stopped => Err(Error::failed(STOPPED)),
            _ => Ok(()),
        }
    }

    /// Fails if there is no guest.
    fn has_guest(&self) -> Result<(), Error> {
        self.session.no_guest().map_or(Ok(()), |reason| Err(Error::failed(reason)))
    }

    /// Fails if the guest is still busy.
    fn idle(&self) -> Result<(), Error> {
        match self.session.state() {
            State::Idle => Ok(()),
            State::Loading => Err(Error::failed("the guest is still loading")),
            State::Busy(_) => Err(Error::failed("the guest is still running")),
            State::Stopped => Err(Error::failed(STOPPED)),
        }
    }
}
