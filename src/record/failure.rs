//! Why an exchange has no answer.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::{Frame, TrapCause};

/// A name of a guest's making in one line of text: control characters, line feeds among them, become escapes.
pub fn plain(name: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    name.chars().map(escaped).collect()
}

/// A unit as it stands behind a count: `byte` behind 1, `bytes` behind any other.
pub fn unit(count: u64, one: &str) -> String {
    if count == 1 { one.to_owned() } else { format!("{one}s") }
}

/// A limit of the user's that stopped an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The guest ran longer than `--timeout` allows.
    Time(Duration),
    /// The answer is longer than `--max-output` allows: (bytes, limit).
    Output(u64, u64),
}

/// What is done with bytes in a memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They are read.
    Read,
    /// They are written.
    Write,
}

/// Bytes that are not in the encoding that a recipe gives.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncodingError {
    /// The line is not UTF-8, from this byte on.
    #[error("the recipe sends text, but the line is not valid UTF-8 (byte {0}); nothing was written")]
    LineNotUtf8(usize),
    /// The line is not pairs of hexadecimal digits.
    #[error(
        "the recipe sends bytes given as pairs of hexadecimal digits, but the line holds something else; nothing was written"
    )]
    LineNotHex,
    /// The guest's UTF-16 has an odd number of bytes.
    #[error("not valid UTF-16: {0} {unit} cannot be split into units of two (`utf8 n at p` reads another encoding)", unit = unit(*.0, "byte"))]
    OddUtf16(u64),
    /// The guest's UTF-16 has half of a surrogate pair.
    #[error("not valid UTF-16: unpaired surrogate {0:#06x}")]
    UnpairedSurrogate(u16),
}

/// Why an exchange has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The guest trapped.
    #[error("{}", trap_message(.call, .cause, .said.as_deref(), .trace))]
    Trap {
        /// The call that trapped, as `name(arguments)`.
        call: String,
        /// Why.
        cause: TrapCause,
        /// What the guest had said before, through an import that a recipe takes for its last message.
        said: Option<String>,
        /// Where, innermost first; empty when the guest's stack overflowed.
        trace: Vec<Frame>,
        /// How many frames are left out, outside the last one.
        omitted: usize,
    },
    /// An address and a length from the guest leave its memory.
    #[error(
        "out-of-bounds {access}: {len} {} at {addr:#x} would end at {:#x}, but memory ends at {memory:#x} ({memory} bytes)",
        unit(*len, "byte"),
        u128::from(*.addr) + u128::from(*.len)
    )]
    OutOfBounds {
        /// What was tried.
        access: Access,
        /// The first address.
        addr: u64,
        /// The length in bytes.
        len: u64,
        /// The size of the memory in bytes at that time.
        memory: u64,
    },
    /// The line is longer than the guest's buffer.
    #[error(
        "the line has {len} {}, but the guest's buffer at {addr:#x} has room for {room}; nothing was written",
        unit(*len, "byte")
    )]
    NoRoom {
        /// The line's length in bytes.
        len: u64,
        /// The buffer's size in bytes.
        room: u64,
        /// Where the buffer begins.
        addr: u64,
    },
    /// The line, or a text of the guest's, is not in its encoding.
    #[error(transparent)]
    Encoding(EncodingError),
    /// No zero byte ends a text.
    #[error("no zero byte ends the text at {addr:#x}: memory ends at {memory:#x}")]
    Unterminated {
        /// Where the text begins.
        addr: u64,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// A range ends before it begins.
    #[error("a range ends at {end:#x}, before its beginning at {start:#x}")]
    Backwards {
        /// Where it begins.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// The guest, or the recipe for it, reported an error.
    #[error("{0}")]
    Refused(String),
    /// The recipe would free a block a second time.
    #[error(
        "double free: {export} would free {ptr:#x} again, which line {freed_at} of the recipe freed, and nothing was \
         allocated since"
    )]
    DoubleFree {
        /// The export that frees.
        export: String,
        /// The block's address.
        ptr: u64,
        /// The line of the recipe that freed it.
        freed_at: usize,
    },
    /// The recipe stopped the guest without a message.
    #[error("the recipe stopped the guest")]
    Stopped,
    /// A memory did not grow.
    #[error(
        "memory did not grow by {pages} {}: it has {now} and may have {most}",
        unit(*pages, "page")
    )]
    NotGrown {
        /// How many pages were asked for.
        pages: u64,
        /// How many there are.
        now: u64,
        /// How many there may be.
        most: u64,
    },
    /// A global was not set.
    #[error("the global `{}` was not set: {reason}", plain(.name))]
    NotSet {
        /// The export's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// Calls between host and guest nest deeper than this.
    #[error("calls between host and guest nest deeper than {0}")]
    Nesting(usize),
    /// The exchange has more steps than are recorded.
    #[error("the exchange has more than {0} steps, the most that are recorded ({UNRECORDED})")]
    TooManySteps(usize),
    /// The exchange changed more bytes than are recorded.
    #[error("the exchange changed more than {0} bytes, old and new ones, the most that are recorded ({UNRECORDED})")]
    TooManyChanges(u64),
    /// The line is longer than all memory that a guest may have, which is this many bytes.
    #[error("the line is longer than {0} bytes, all the memory that a guest may have (--max-memory sets the limit)")]
    LineTooLong(u64),
    /// A fresh guest for the line could not be instantiated.
    #[error("no fresh guest: {0}")]
    NotInstantiated(String),
    /// A limit of the user's was reached.
    #[error(transparent)]
    Limit(Limit),
    /// The user stopped the guest.
    #[error("the guest was stopped by Ctrl-C")]
    Interrupted,
    /// The user stopped the guest before this line's turn came.
    #[error("not sent: cancelled by Ctrl-C")]
    Cancelled,
    /// The guest, a program, exited with that status.
    #[error("the guest exited with status {0}")]
    Exit(i32),
    /// One of these, while the host answered an import that the guest had called.
    #[error("{failure}, when the guest called {}", plain(.import))]
    InImport {
        /// What the guest called, as `module.name(arguments)`.
        import: String,
        /// What failed there.
        failure: Box<Failure>,
    },
    /// The convention and the guest do not fit after all.
    #[error("{0}")]
    Mismatch(String),
    /// One of these, in that line of the recipe.
    #[error("{failure} (line {at} of the recipe)")]
    InRecipe {
        /// The line, from 1.
        at: usize,
        /// What failed there.
        failure: Box<Failure>,
    },
    /// One of these, by a convention that was assumed: it may be another.
    #[error("{failure}; {assumption}")]
    Assumed {
        /// What was assumed, and what else there is.
        assumption: String,
        /// What failed.
        failure: Box<Failure>,
    },
    /// A fault of linmem's own.
    #[error("internal error: {0}")]
    Internal(String),
}

/// Where an exchange may be larger than a recorder allows.
const UNRECORDED: &str = "a pipe without --show records nothing and has no such limit";

fn trap_message(call: &str, cause: &TrapCause, said: Option<&str>, trace: &[Frame]) -> String {
    let said = said.map_or_else(String::new, |said| format!("{said}: "));
    let place = trace.first().map_or_else(String::new, |frame| format!(", in {frame}"));
    format!("{said}{} trapped: {cause}{place}", plain(call))
}

impl Failure {
    /// The failure itself, without the place in the recipe.
    pub fn root(&self) -> &Failure {
        match self {
            Failure::InRecipe { failure, .. }
            | Failure::InImport { failure, .. }
            | Failure::Assumed { failure, .. } => failure.root(),
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
            Failure::InRecipe { failure, .. } | Failure::Assumed { failure, .. } => failure.leaves_guest_suspect(),
            Failure::InImport { .. } | Failure::Trap { .. } | Failure::Exit(_) | Failure::Interrupted => true,
            failure => matches!(failure, Failure::Limit(Limit::Time(_))),
        }
    }
}

impl std::error::Error for Limit {}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Time(limit) => {
                write!(f, "the guest was still running after {limit:?} and was stopped (--timeout sets the limit)")
            }
            Limit::Output(len, limit) => {
                let unit = unit(*len, "byte");
                write!(f, "the answer has {len} {unit}, and the limit is {limit} (--max-output sets it)")
            }
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Access::Read => "read",
            Access::Write => "write",
        })
    }
}
