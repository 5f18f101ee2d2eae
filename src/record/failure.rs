//! Why an exchange has no answer, in the user's words.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A name of a guest's making in one line of text: control characters, line feeds among them, become escapes.
pub fn plain(name: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    name.chars().map(escaped).collect()
}

/// A unit as it stands behind a count: `byte` behind 1, `bytes` behind any other.
pub fn unit(count: u64, one: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{one}s") }
}

/// A place in the guest's code, innermost first in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The function's name from the module's name section, or `None` if it bears none.
    pub name: Option<String>,
    /// The function's index in the module.
    pub index: u32,
    /// The byte offset of the instruction in the module, if it is known.
    pub offset: Option<usize>,
}

/// A limit of the user's that stopped an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The guest ran longer than `--timeout` allows.
    Time(Duration),
    /// The answer is longer than `--max-output` allows: (bytes, limit).
    Output(u64, u64),
}

/// Why an exchange has no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The guest trapped.
    Trap {
        /// The call that trapped, as `name(arguments)`.
        call: String,
        /// What the guest did, in plain words.
        cause: String,
        /// What the guest had said before, through an import that a recipe takes for its last words.
        said: Option<String>,
        /// Where; empty when the guest's stack overflowed.
        trace: Vec<Frame>,
    },
    /// An address and a length, of the guest's making, leave its memory.
    OutOfBounds {
        /// What was tried: `writing` or `reading`.
        attempt: Cow<'static, str>,
        /// The first address.
        addr: u64,
        /// The length in bytes.
        len: u64,
        /// The size of the memory in bytes at that time.
        memory: u64,
    },
    /// The line is longer than the guest's buffer.
    NoRoom {
        /// The line's length in bytes.
        len: u64,
        /// The buffer's size in bytes.
        room: u64,
        /// Where the buffer begins.
        addr: u64,
    },
    /// The guest said no, with the words that tell how.
    Refused(String),
    /// A limit of the user's was reached.
    Limit(Limit),
    /// The user stopped the guest.
    Interrupted,
    /// The user stopped the guest before this line's turn came.
    Cancelled,
    /// The guest ended itself, as a program does, with that exit status.
    Exit(i32),
    /// One of these, while the host answered an import that the guest had called.
    InImport {
        /// What the guest called, as `module.name(arguments)`.
        import: String,
        /// What failed there.
        failure: Box<Failure>,
    },
    /// The convention and the guest do not fit after all.
    Mismatch(String),
    /// One of these, in that line of the recipe.
    InRecipe {
        /// The line, from 1.
        at: usize,
        /// What failed there.
        failure: Box<Failure>,
    },
}

impl Failure {
    /// The failure itself, without the place in the recipe.
    pub fn root(&self) -> &Failure {
        match self {
            Failure::InRecipe { failure, .. } | Failure::InImport { failure, .. } => failure.root(),
            failure => failure,
        }
    }

    /// The failure with its place in the recipe, if that says anything about it.
    pub fn in_recipe(self, at: usize) -> Failure {
        match self {
            Failure::Limit(_) | Failure::Interrupted | Failure::Cancelled | Failure::InRecipe { .. } => self,
            // A line that was made up has no place.
            failure if at == 0 => failure,
            failure => Failure::InRecipe { at, failure: Box::new(failure) },
        }
    }

    /// The failure with the import that the guest called, if that says anything about it.
    pub fn in_import(self, import: impl FnOnce() -> String) -> Failure {
        match self {
            Failure::Limit(_) | Failure::Interrupted | Failure::Cancelled | Failure::Exit(_) => self,
            failure => Failure::InImport { import: import(), failure: Box::new(failure) },
        }
    }

    /// Whether the guest was stopped in the middle of its work, so that its state may be inconsistent.
    pub fn leaves_guest_suspect(&self) -> bool {
        match self {
            Failure::InRecipe { failure, .. } => failure.leaves_guest_suspect(),
            Failure::InImport { .. } | Failure::Trap { .. } | Failure::Exit(_) | Failure::Interrupted => true,
            failure => matches!(failure, Failure::Limit(Limit::Time(_))),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Trap { call, cause, said, trace } => {
                if let Some(said) = said {
                    write!(f, "{said}: ")?;
                }
                write!(f, "{} trapped: {cause}", plain(call))?;
                match trace.first() {
                    Some(frame) => write!(f, ", in {frame}"),
                    None => Ok(()),
                }
            }
            Failure::OutOfBounds { attempt, addr, len, memory } => write!(
                f,
                "{attempt} {len} {} at {addr:#x} would end at {:#x}, outside the guest's memory, which ends at {memory:#x} ({memory} bytes)",
                unit(*len, "byte"),
                u128::from(*addr) + u128::from(*len)
            ),
            Failure::NoRoom { len, room, addr } => write!(
                f,
                "the line is {len} {} long, and the guest's buffer at {addr:#x} has room for {room}; nothing was written",
                unit(*len, "byte")
            ),
            Failure::Refused(words) | Failure::Mismatch(words) => f.write_str(words),
            Failure::Exit(status) => write!(f, "the guest ended itself with exit status {status}"),
            Failure::InImport { import, failure } => write!(f, "{failure}, when the guest called {}", plain(import)),
            Failure::InRecipe { at, failure } => write!(f, "{failure} (line {at} of the recipe)"),
            Failure::Limit(Limit::Time(limit)) => {
                write!(f, "the guest was still running after {limit:?} and was stopped (--timeout sets the limit)")
            }
            Failure::Limit(Limit::Output(len, limit)) => {
                let unit = unit(*len, "byte");
                write!(f, "the answer is {len} {unit} long, and the limit is {limit} (--max-output sets it)")
            }
            Failure::Interrupted => f.write_str("the guest was stopped by Ctrl-C"),
            Failure::Cancelled => f.write_str("not sent: Ctrl-C came before its turn"),
        }
    }
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => f.write_str(&plain(name))?,
            None => write!(f, "function {}", self.index)?,
        }
        self.offset.map_or(Ok(()), |offset| write!(f, " (byte {offset:#x} of the module)"))
    }
}

impl std::error::Error for Failure {}
