//! Format 3: why a cause has no answer.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure<'a> {
    Trap {
        call: Cow<'a, str>,
        cause: Cow<'a, str>,
        /// What the guest had said before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Cow<'a, str>>,
        /// The frames, innermost first.
        trace: Vec<Frame<'a>>,
    },
    OutOfBounds {
        attempt: Cow<'a, str>,
        addr: u64,
        len: u64,
        /// The size of the memory.
        memory: u64,
    },
    NoRoom {
        len: u64,
        room: u64,
        addr: u64,
    },
    Refused {
        message: Cow<'a, str>,
    },
    TimeLimit {
        limit_ns: u64,
    },
    OutputLimit {
        len: u64,
        limit: u64,
    },
    Interrupted {},
    Cancelled {},
    Exit {
        status: i32,
    },
    InImport {
        import: Cow<'a, str>,
        failure: Box<Failure<'a>>,
    },
    Mismatch {
        message: Cow<'a, str>,
    },
    InRecipe {
        line: usize,
        failure: Box<Failure<'a>>,
    },
}

#[derive(Serialize, Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) index: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<usize>,
}

impl<'a> From<&'a record::Failure> for Failure<'a> {
    fn from(failure: &'a record::Failure) -> Failure<'a> {
        match failure {
            record::Failure::Trap { call, cause, said, trace } => Failure::Trap {
                call: call.into(),
                cause: cause.into(),
                said: said.as_ref().map(Cow::from),
                trace: trace.iter().map(Frame::from).collect(),
            },
            record::Failure::OutOfBounds { attempt, addr, len, memory } => {
                Failure::OutOfBounds { attempt: (&**attempt).into(), addr: *addr, len: *len, memory: *memory }
            }
            &record::Failure::NoRoom { len, room, addr } => Failure::NoRoom { len, room, addr },
            record::Failure::Refused(message) => Failure::Refused { message: message.into() },
            record::Failure::Limit(record::Limit::Time(limit)) => {
                Failure::TimeLimit { limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) }
            }
            &record::Failure::Limit(record::Limit::Output(len, limit)) => Failure::OutputLimit { len, limit },
            record::Failure::Interrupted => Failure::Interrupted {},
            record::Failure::Cancelled => Failure::Cancelled {},
            &record::Failure::Exit(status) => Failure::Exit { status },
            record::Failure::InImport { import, failure } => {
                Failure::InImport { import: import.into(), failure: Box::new((&**failure).into()) }
            }
            record::Failure::Mismatch(message) => Failure::Mismatch { message: message.into() },
            record::Failure::InRecipe { at, failure } => {
                Failure::InRecipe { line: *at, failure: Box::new((&**failure).into()) }
            }
        }
    }
}

impl From<Failure<'_>> for record::Failure {
    fn from(failure: Failure<'_>) -> record::Failure {
        match failure {
            Failure::Trap { call, cause, said, trace } => record::Failure::Trap {
                call: call.into_owned(),
                cause: cause.into_owned(),
                said: said.map(Cow::into_owned),
                trace: trace.into_iter().map(record::Frame::from).collect(),
            },
            Failure::OutOfBounds { attempt, addr, len, memory } => {
                record::Failure::OutOfBounds { attempt: attempt.into_owned().into(), addr, len, memory }
            }
            Failure::NoRoom { len, room, addr } => record::Failure::NoRoom { len, room, addr },
            Failure::Refused { message } => record::Failure::Refused(message.into_owned()),
            Failure::TimeLimit { limit_ns } => {
                record::Failure::Limit(record::Limit::Time(Duration::from_nanos(limit_ns)))
            }
            Failure::OutputLimit { len, limit } => record::Failure::Limit(record::Limit::Output(len, limit)),
            Failure::Interrupted {} => record::Failure::Interrupted,
            Failure::Cancelled {} => record::Failure::Cancelled,
            Failure::Exit { status } => record::Failure::Exit(status),
            Failure::InImport { import, failure } => {
                record::Failure::InImport { import: import.into_owned(), failure: Box::new((*failure).into()) }
            }
            Failure::Mismatch { message } => record::Failure::Mismatch(message.into_owned()),
            Failure::InRecipe { line, failure } => {
                record::Failure::InRecipe { at: line, failure: Box::new((*failure).into()) }
            }
        }
    }
}

impl<'a> From<&'a record::Frame> for Frame<'a> {
    fn from(frame: &'a record::Frame) -> Frame<'a> {
        Frame { name: frame.name.as_ref().map(Cow::from), index: frame.index, offset: frame.offset }
    }
}

impl From<Frame<'_>> for record::Frame {
    fn from(frame: Frame<'_>) -> record::Frame {
        record::Frame { name: frame.name.map(Cow::into_owned), index: frame.index, offset: frame.offset }
    }
}
