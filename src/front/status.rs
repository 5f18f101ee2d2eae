//! Exit statuses, and error messages on stderr.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::record::Failure;
use crate::session::OpenError;
use crate::view::{counted, in_full, visible};

/// The exit statuses, as `--help` lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// All lines were answered.
    Answered,
    /// Some line failed, and the others were answered (`--keep-going`).
    SomeFailed,
    /// The command line is wrong.
    Usage,
    /// The guest cannot be loaded or instantiated.
    NotLoaded,
    /// No convention matches, or several do.
    NoConvention,
    /// An exchange failed.
    ExchangeFailed,
    /// A time or output limit was reached.
    Limit,
    /// Reading the input or writing the output failed.
    Io,
    /// All lines were answered, but findings were raised (`--check`).
    Findings,
    /// linmem itself failed.
    Panicked,
    /// The program was ended by that signal.
    Signal(u8),
}

impl Status {
    /// The numeric exit status.
    pub fn code(self) -> u8 {
        match self {
            Status::Answered => 0,
            Status::SomeFailed => 1,
            Status::Usage => 2,
            Status::NotLoaded => 3,
            Status::NoConvention => 4,
            Status::ExchangeFailed => 5,
            Status::Limit => 6,
            Status::Io => 7,
            Status::Findings => 8,
            Status::Panicked => 101,
            Status::Signal(number) => 128 + number,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(status.code())
    }
}

impl From<&Failure> for Status {
    fn from(failure: &Failure) -> Status {
        match failure.root() {
            Failure::Limit(_) => Status::Limit,
            Failure::Interrupted => Status::Signal(2),
            _ => Status::ExchangeFailed,
        }
    }
}

impl From<&OpenError> for Status {
    fn from(error: &OpenError) -> Status {
        match error {
            error if error.is_limit() => Status::Limit,
            error if error.is_interrupted() => Status::Signal(2),
            OpenError::NoConvention(_) => Status::NoConvention,
            OpenError::Load(_) | OpenError::Prepare(_) | OpenError::Unstoppable(_) => Status::NotLoaded,
        }
    }
}

/// The maximum number of characters of a line on stderr. Names and parser excerpts can be megabytes long.
const LONGEST: usize = 1000;

/// Prints an error, and returns the status. Escapes control characters.
pub(super) fn fail(status: Status, words: &str) -> Status {
    tell(words);
    status
}

/// Prints a message. Escapes control characters.
pub(super) fn tell(words: &str) {
    let mut text = String::from("linmem: ");
    for (number, line) in words.lines().enumerate() {
        text.push_str(if number > 0 { "\n" } else { "" });
        let shown = visible(line.as_bytes());
        match shown.char_indices().nth(LONGEST) {
            Some((end, _)) => {
                text.push_str(&format!("{} ... ({} in all)", &shown[..end], counted(shown.len() as u64, "byte")));
            }
            None => text.push_str(&shown),
        }
    }
    text.push('\n');
    // If stderr cannot be written to, the exit status still reports the failure.
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Prints a message without the program's name. Escapes control characters.
pub(super) fn note(words: &str) {
    let lines: Vec<_> = words.lines().map(|line| visible(line.as_bytes())).collect();
    // As above.
    let _ = writeln!(io::stderr(), "{}", lines.join("\n"));
}

/// Reports that the guest could not be opened.
pub(super) fn fail_open(name: &str, error: &OpenError) -> Status {
    let text = match error {
        OpenError::Prepare(failure) => in_full(failure),
        OpenError::NoConvention(error) => error.told(Some(name)),
        error => error.to_string(),
    };
    fail(error.into(), &format!("{name}: {text}"))
}

/// The status after a write to stdout. A closed pipe is not an error.
pub(super) fn of_write(result: io::Result<()>) -> Status {
    match result {
        Ok(()) => Status::Answered,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Status::Answered,
        Err(error) => fail(Status::Io, &format!("writing to stdout failed: {error}")),
    }
}
