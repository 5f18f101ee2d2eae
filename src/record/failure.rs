//! Why an exchange has no answer.

use std::fmt;
use std::time::Duration;

use thiserror::Error;

use super::{Frame, TrapCause, TrapDetail, counted, thousands};

/// A name chosen by the guest, on one line: control characters are escaped.
pub fn plain(name: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    name.chars().map(escaped).collect()
}

/// Whether a character is invisible, or acts on the text around it, though it is no control character.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A unit with its plural: `byte` for 1, `bytes` for any other count.
pub fn unit(count: u64, one: &str) -> String {
    match count {
        1 => one.to_owned(),
        _ if one.ends_with('s') => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

/// A user-set limit that stopped an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The guest ran longer than `--timeout` allows.
    Time(Duration),
    /// A call ran longer than `--step-timeout` allows.
    Step(Duration),
    /// The answer is longer than `--max-output` allows: (bytes, limit).
    Output(u64, u64),
}

/// How bytes of a memory are accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// A read.
    Read,
    /// A write.
    Write,
}

/// Bytes that are not in the encoding that the recipe specifies.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EncodingError {
    /// The line is not UTF-8, from this byte on.
    #[error("the recipe sends text, but the line is not valid UTF-8 (at byte {0}); nothing was written")]
    LineNotUtf8(usize),
    /// The line is not pairs of hexadecimal digits.
    #[error(
        "the recipe sends bytes given as pairs of hexadecimal digits, but the line contains something else; nothing was written"
    )]
    LineNotHex,
    /// The guest's UTF-16 has an odd number of bytes.
    #[error(
        "not valid UTF-16: odd length ({0} {unit}); if the string is not UTF-16, name its encoding, as in `utf8 n at p`",
        unit = unit(*.0, "byte")
    )]
    OddUtf16(u64),
    /// The guest's UTF-16 has an unpaired surrogate.
    #[error("not valid UTF-16: unpaired surrogate {0:#06x}")]
    UnpairedSurrogate(u16),
}

/// Why an exchange has no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Failure {
    /// The guest trapped.
    #[error("{}", trap_message(.call, .cause, .said.as_deref(), .trace, .detail))]
    Trap {
        /// The call that trapped, as `name(arguments)`.
        call: String,
        /// Why.
        cause: TrapCause,
        /// The last message that the guest emitted through an import before it trapped.
        said: Option<String>,
        /// The stack trace, innermost frame first; empty after a stack overflow.
        trace: Vec<Frame>,
        /// Number of outermost frames left out.
        omitted: usize,
        /// What else is known of it.
        detail: Box<TrapDetail>,
    },
    /// The guest gave an address and length outside its memory.
    #[error(
        "out-of-bounds {access}: {} at {addr:#x} would end at {:#x}, but memory ends at {memory:#x} ({})",
        counted(*len, "byte"),
        u128::from(*.addr) + u128::from(*.len),
        counted(*memory, "byte")
    )]
    OutOfBounds {
        /// The attempted access.
        access: Access,
        /// The first address.
        addr: u64,
        /// The length in bytes.
        len: u64,
        /// The size of the memory in bytes at the time.
        memory: u64,
    },
    /// The line is longer than the guest's buffer.
    #[error(
        "the line has {}, but the guest's buffer at {addr:#x} holds only {}; nothing was written",
        counted(*len, "byte"),
        thousands(*room)
    )]
    NoRoom {
        /// The line's length in bytes.
        len: u64,
        /// The buffer's size in bytes.
        room: u64,
        /// Where the buffer begins.
        addr: u64,
    },
    /// The line, or text from the guest, is not in its encoding.
    #[error(transparent)]
    Encoding(EncodingError),
    /// A string has no terminating zero byte.
    #[error("the string at {addr:#x} has no terminating zero byte: memory ends at {memory:#x}")]
    Unterminated {
        /// Where the string begins.
        addr: u64,
        /// The size of the memory in bytes.
        memory: u64,
    },
    /// A range ends before it begins.
    #[error("a range ends at {end:#x}, before its start at {start:#x}")]
    Backwards {
        /// Where it begins.
        start: u64,
        /// Where it ends.
        end: u64,
    },
    /// The guest or its recipe reported an error.
    #[error("{0}")]
    Refused(String),
    /// The recipe would free a block a second time.
    #[error(
        "double free: {export} would free {ptr:#x}, which line {freed_at} of the recipe already freed; nothing has \
         been allocated since"
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
        "memory did not grow by {pages} {}: it has {now}, and the limit is {most}",
        unit(*pages, "page")
    )]
    NotGrown {
        /// How many pages were requested.
        pages: u64,
        /// The current size in pages.
        now: u64,
        /// The maximum size in pages.
        most: u64,
    },
    /// A global could not be set.
    #[error("the global `{}` was not set: {reason}", plain(.name))]
    NotSet {
        /// The export's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// Calls between host and guest are nested too deeply; the limit.
    #[error("calls between host and guest are nested more than {0} deep")]
    Nesting(usize),
    /// The exchange has more steps than can be recorded.
    #[error(
        "the exchange exceeds the recording limit of {} (--max-steps sets it; {UNRECORDED})",
        counted(*.0 as u64, "step")
    )]
    TooManySteps(usize),
    /// The exchange changed more bytes than can be recorded.
    #[error(
        "the changes in the exchange exceed the recording limit of {}, counting both old and new bytes ({UNRECORDED})",
        counted(*.0, "byte")
    )]
    TooManyChanges(u64),
    /// The line is longer than the memory limit of the guest, in bytes.
    #[error("the line is longer than {}, the memory limit of a guest (--max-memory sets it)", counted(*.0, "byte"))]
    LineTooLong(u64),
    /// A fresh guest for the line could not be instantiated.
    #[error("no fresh guest could be instantiated: {0}")]
    NotInstantiated(String),
    /// A user-set limit was reached.
    #[error(transparent)]
    Limit(Limit),
    /// The user stopped the guest.
    #[error("the guest was stopped by Ctrl-C")]
    Interrupted,
    /// The user stopped the guest before this line was sent.
    #[error("not sent: cancelled by Ctrl-C")]
    Cancelled,
    /// The call is still under way: this is what happened so far.
    #[error("the call has not returned yet")]
    NotOver,
    /// The guest, a program, exited with this status.
    #[error("the guest exited with status {0}")]
    Exit(i32),
    /// A failure while the host answered an import.
    #[error("{failure}, while the guest was calling {}", plain(.import))]
    InImport {
        /// The import, as `module.name(arguments)`.
        import: String,
        /// The failure itself.
        failure: Box<Failure>,
    },
    /// The convention does not fit the guest after all.
    #[error("{0}")]
    Mismatch(String),
    /// A failure in a given line of the recipe.
    #[error("{failure} (line {at} of the recipe)")]
    InRecipe {
        /// The line, from 1.
        at: usize,
        /// The failure itself.
        failure: Box<Failure>,
    },
    /// A failure under an assumed convention, which may be the wrong one.
    #[error("{failure}; {assumption}")]
    Assumed {
        /// What was assumed, and the alternatives.
        assumption: String,
        /// The failure itself.
        failure: Box<Failure>,
    },
    /// A bug in linmem.
    #[error("internal error: {0}")]
    Internal(String),
}

/// A hint for exchanges that exceed the recorder's limits.
const UNRECORDED: &str = "a pipe without --show records nothing and has no such limit";

fn trap_message(call: &str, cause: &TrapCause, said: Option<&str>, trace: &[Frame], detail: &TrapDetail) -> String {
    let panic = detail.panic.as_ref().filter(|panic| said.is_none() && panic.source.is_certain());
    let said = match (said, panic) {
        (Some(said), _) => format!("{said}: "),
        (None, Some(panic)) => format!("panic {}: ", panic.words()),
        (None, None) => String::new(),
    };
    let place = trace.first().map_or_else(String::new, |frame| format!(", in {frame}"));
    format!("{said}{} trapped: {cause}{place}", plain(call))
}

impl Failure {
    /// The innermost failure, without its position in the recipe.
    pub fn root(&self) -> &Failure {
        match self {
            Failure::InRecipe { failure, .. }
            | Failure::InImport { failure, .. }
            | Failure::Assumed { failure, .. } => failure.root(),
            failure => failure,
        }
    }

    /// Adds the position in the recipe, where that is helpful.
    pub fn in_recipe(self, at: usize) -> Failure {
        match self {
            Failure::Limit(_) | Failure::Interrupted | Failure::Cancelled | Failure::InRecipe { .. } => self,
            // Generated lines have no position.
            failure if at == 0 => failure,
            failure => Failure::InRecipe { at, failure: Box::new(failure) },
        }
    }

    /// Adds the import that the guest called, where that is helpful.
    pub fn in_import(self, import: impl FnOnce() -> String) -> Failure {
        match self {
            Failure::Limit(_) | Failure::Interrupted | Failure::Cancelled | Failure::Exit(_) => self,
            failure => Failure::InImport { import: import(), failure: Box::new(failure) },
        }
    }

    /// Whether the guest was stopped midway, so that its state may be inconsistent.
    pub fn leaves_guest_suspect(&self) -> bool {
        match self {
            Failure::InRecipe { failure, .. } | Failure::Assumed { failure, .. } => failure.leaves_guest_suspect(),
            Failure::InImport { .. } | Failure::Trap { .. } | Failure::Exit(_) | Failure::Interrupted => true,
            failure => matches!(failure, Failure::Limit(limit) if limit.is_time()),
        }
    }
}

impl Limit {
    /// Whether it limits how long something takes.
    pub fn is_time(&self) -> bool {
        matches!(self, Limit::Time(_) | Limit::Step(_))
    }
}

impl std::error::Error for Limit {}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Limit::Time(limit) => {
                write!(f, "the guest was still running after {limit:?} and was stopped (--timeout sets the limit)")
            }
            Limit::Step(limit) => {
                write!(f, "the call was still running after {limit:?} and was stopped (--step-timeout sets the limit)")
            }
            Limit::Output(len, limit) => {
                let (len, limit) = (counted(*len, "byte"), thousands(*limit));
                write!(f, "the answer has {len}, but the limit is {limit} (--max-output sets it)")
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
