//! The `:` language: one table of commands for parsing, completion and help, the same in every front end.
//!
//! A command acts on the session and says in a [`Reply`] what is to be shown; it knows no terminal.

mod act;
mod amount;
mod args;
mod check;
mod complete;
mod file;
mod grammar;
mod look;
mod parts;
mod set;
mod space;
mod table;
mod time;

use std::ops::Range;
use std::path::PathBuf;

use crate::record::Image;
use crate::session::{About, Session, State};
use crate::view::{Places, Regions, Row, Search, Selection, parse_address, parse_range};

pub use amount::{duration, size};
pub use complete::{Completion, Names, complete, hint};
pub use file::create;
pub use parts::{Part, parts};
pub use set::Settings;
pub use table::{COMMANDS, Spec, find};

use self::args::Args;
use self::table::nearest;

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
    /// What is shown after each line, where that can be chosen.
    pub settings: Settings,
}

/// A line of a list, and the place in memory that it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The line, safe to print.
    pub words: String,
    /// The address, if it is about one.
    pub addr: Option<u64>,
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
    /// A picture of the screen is to be written into a file, over what is there if that is said.
    Shot(PathBuf, bool),
    /// Something was asked of the guest; what comes of it is the next cause on the timeline.
    Sent,
    /// Another part of the timeline is to be looked at.
    Look(Box<Selection>),
    /// Another session was opened in the place of this one, or left again: that is to be looked at, and this to be said.
    Opened(Box<Selection>, String),
    /// Something else is to be shown after each line from now on.
    Set(Settings),
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
    let mut args = Args::new(rest);
    let reply = (spec.run)(context, &mut args, text).map_err(|error| spec.explain(error))?;
    args.end().map(|()| reply).map_err(|error| spec.explain(error))
}

impl Context<'_> {
    /// What is looked at.
    fn at(&self) -> Result<&Selection, Error> {
        self.at.ok_or_else(|| Error("the guest is still being loaded".to_owned()))
    }

    /// The address that the next word tells of: a number, a region, a place and a distance.
    fn address(&self, args: &mut Args<'_>) -> Result<u64, Error> {
        let word = args.text("an address")?;
        self.place(&word)
    }

    /// The address that a text tells of.
    fn place(&self, text: &str) -> Result<u64, Error> {
        self.with_places(text, |places| parse_address(text, places))
    }

    /// The range that the next words tell of, as its first address and how many bytes: `ADDR LEN`, `ADDR..END`, a
    /// region, `selection`. An address alone has that many bytes, or as many as there are.
    fn range(&self, args: &mut Args<'_>, alone: Option<u64>) -> Result<(u64, u64), Error> {
        if args.take("selection") {
            return self.selection();
        }
        let word = args.text("an address or a range")?;
        let (start, end) = self.with_places(&word, |places| parse_range(&word, places))?;
        let image = self.image()?;
        let len = match (end, args.next_number("a length")?, alone) {
            (_, Some(len), _) => len,
            (Some(end), None, _) => end - start,
            (None, None, Some(len)) => len.min(image.len() - start),
            (None, None, None) => return Err(Error("expected a length behind the address".to_owned())),
        };
        look::inside(image, start, len)?;
        Ok((start, len))
    }

    /// What is selected, as its first address and how many bytes.
    fn selection(&self) -> Result<(u64, u64), Error> {
        let len = self.selected.end.saturating_sub(self.selected.start);
        look::inside(self.image()?, self.selected.start, len)?;
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
            Error(near.map_or(words.clone(), |near| format!("{words}; did you mean {near}?")))
        })
    }

    /// The memory that commands are about, as it is at what is looked at.
    fn image(&self) -> Result<&Image, Error> {
        let number = self.session.memory();
        let missing = || match number {
            0 => Error("the guest exports no memory".to_owned()),
            number => Error(format!("there is no memory {number} at this moment")),
        };
        self.at()?.after.get(number).ok_or_else(missing)
    }

    /// What is known of the guest.
    fn about(&self) -> Result<&About, Error> {
        self.session.about().ok_or_else(|| Error("the guest is still being loaded".to_owned()))
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
            regions: regions.iter().take(look::MOST).map(|region| region.name.clone()).collect(),
            marks: self.session.bookmarks().iter().map(|mark| mark.name.clone()).collect(),
        }
    }

    /// The ranges of memory that have a name at what is looked at.
    fn regions(&self) -> Regions {
        Regions::new(self.session, self.at, &Regions::default())
    }

    /// There must be a guest to do something to.
    fn has_guest(&self) -> Result<(), Error> {
        self.session.no_guest().map_or(Ok(()), |words| Err(Error(words.to_owned())))
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
