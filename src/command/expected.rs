//! Expectations about writes, which take a search through all accesses, and what an expectation replies.

use std::task::Poll;
use std::time::Instant;

use super::Reply;
use super::error::Error;
use crate::debug::DebugInfo;
use crate::record::{Actor, Run};
use crate::view::{AccessEntry, FirstWriteSearch, LastWriter, LastWriterSearch, exchange, range, visible};

/// What is expected, and the search that tells whether it is so.
#[derive(Debug)]
pub(super) enum ExpectedWrites {
    /// The last writer of the byte at an address: a function, or `host`, `module` or `guest`.
    By { search: LastWriterSearch, addr: u64, name: String },
    /// Nothing wrote so many bytes from an address on.
    None { search: FirstWriteSearch, start: u64, len: u64 },
}

impl ExpectedWrites {
    /// Goes on until the deadline, or to the end. What is unknown is never as expected.
    pub(super) fn go_on(
        &mut self,
        run: &Run,
        debug: Option<&DebugInfo>,
        until: Option<Instant>,
    ) -> Poll<Result<Reply, Error>> {
        match self {
            ExpectedWrites::By { search, addr, name } => {
                search.go_on(run, until).map(|writer| written_by(&writer, *addr, name, debug))
            }
            ExpectedWrites::None { search, start, len } => search.go_on(run, until).map(|first| {
                let shown = range(*start, *len);
                match first {
                    Ok(None) => Ok(met()),
                    Ok(Some(entry)) => unmet(&format!("expected {shown} unwritten, found: {}", entry.line(debug))),
                    Err(reason) => unmet(&format!("expected {shown} unwritten, but that is unknown: {reason}")),
                }
            }),
        }
    }
}

fn written_by(writer: &LastWriter, addr: u64, name: &str, debug: Option<&DebugInfo>) -> Result<Reply, Error> {
    let expected = format!("expected {addr:#x} written by {}", visible(name.as_bytes()));
    match writer {
        LastWriter::Known(entry) if entry.is_by(name, debug) => Ok(met()),
        LastWriter::Known(entry) if is_unknown(entry, name) => {
            let when = exchange(entry.cause);
            unmet(&format!("{expected}, but the writer is unknown: which function stored it in {when} is not kept"))
        }
        LastWriter::Known(entry) => unmet(&format!("{expected}, found: {}", entry.line(debug))),
        LastWriter::Unknown(reason) => unmet(&format!("{expected}, but the writer is unknown: {reason}")),
        LastWriter::Nobody => unmet(&format!("{expected}, but nothing wrote it")),
    }
}

/// Whether the function of that name may have made a write of the guest, of which the instruction is not kept.
fn is_unknown(entry: &AccessEntry, name: &str) -> bool {
    entry.by == Actor::Guest && entry.site.is_none() && ![Actor::Module, Actor::Host].map(Actor::word).contains(&name)
}

/// What is as expected.
pub(super) fn met() -> Reply {
    Reply::Text(vec!["as expected".to_owned()])
}

/// What is not as expected.
pub(super) fn unmet<T>(message: &str) -> Result<T, Error> {
    Err(Error::failed(message))
}
