//! Format 3: failures.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::{self, EncodingError, TrapDetail};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Failure<'a> {
    Trap {
        call: Cow<'a, str>,
        /// The name of the trap's cause, or a description.
        cause: Cow<'a, str>,
        /// The guest's last message before the trap.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        said: Option<Cow<'a, str>>,
        /// The frames, innermost first.
        trace: Vec<Frame<'a>>,
        /// Number of outermost frames left out.
        #[serde(default, skip_serializing_if = "is_zero")]
        omitted: usize,
        /// What else is known of it.
        #[serde(default, skip_serializing_if = "is_unknown")]
        detail: Box<TrapDetail>,
    },
    OutOfBounds {
        access: Access,
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
    /// The line is not valid UTF-8 from this byte on.
    LineNotUtf8 {
        byte: usize,
    },
    LineNotHex {},
    OddUtf16 {
        len: u64,
    },
    UnpairedSurrogate {
        unit: u16,
    },
    Unterminated {
        addr: u64,
        memory: u64,
    },
    Backwards {
        start: u64,
        end: u64,
    },
    Refused {
        message: Cow<'a, str>,
    },
    DoubleFree {
        export: Cow<'a, str>,
        ptr: u64,
        /// The line of the recipe that freed it first.
        line: usize,
    },
    Stopped {},
    NotGrown {
        pages: u64,
        now: u64,
        most: u64,
    },
    NotSet {
        name: Cow<'a, str>,
        reason: Cow<'a, str>,
    },
    Nesting {
        limit: usize,
    },
    TooManySteps {
        limit: usize,
    },
    TooManyChanges {
        limit: u64,
    },
    LineTooLong {
        limit: u64,
    },
    NotInstantiated {
        message: Cow<'a, str>,
    },
    TimeLimit {
        limit_ns: u64,
    },
    StepTimeLimit {
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
    Assumed {
        assumption: Cow<'a, str>,
        failure: Box<Failure<'a>>,
    },
    Internal {
        message: Cow<'a, str>,
    },
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Access {
    Read,
    Write,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Frame<'a> {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Cow<'a, str>>,
    pub(super) index: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) offset: Option<usize>,
    /// The source location, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) inlined: bool,
    /// How many further frames of the same function are left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) repeats: usize,
}

fn is_unknown(detail: &TrapDetail) -> bool {
    *detail == TrapDetail::default()
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl<'a> From<&'a record::Failure> for Failure<'a> {
    fn from(failure: &'a record::Failure) -> Failure<'a> {
        match failure {
            record::Failure::Trap { call, cause, said, trace, omitted, detail } => Failure::Trap {
                call: call.into(),
                cause: String::from(cause.clone()).into(),
                said: said.as_ref().map(Cow::from),
                trace: trace.iter().map(Frame::from).collect(),
                omitted: *omitted,
                detail: detail.clone(),
            },
            &record::Failure::OutOfBounds { access, addr, len, memory } => {
                Failure::OutOfBounds { access: access.into(), addr, len, memory }
            }
            &record::Failure::NoRoom { len, room, addr } => Failure::NoRoom { len, room, addr },
            &record::Failure::Encoding(EncodingError::LineNotUtf8(byte)) => Failure::LineNotUtf8 { byte },
            record::Failure::Encoding(EncodingError::LineNotHex) => Failure::LineNotHex {},
            &record::Failure::Encoding(EncodingError::OddUtf16(len)) => Failure::OddUtf16 { len },
            &record::Failure::Encoding(EncodingError::UnpairedSurrogate(unit)) => Failure::UnpairedSurrogate { unit },
            &record::Failure::Unterminated { addr, memory } => Failure::Unterminated { addr, memory },
            &record::Failure::Backwards { start, end } => Failure::Backwards { start, end },
            record::Failure::Refused(message) => Failure::Refused { message: message.into() },
            record::Failure::DoubleFree { export, ptr, freed_at } => {
                Failure::DoubleFree { export: export.into(), ptr: *ptr, line: *freed_at }
            }
            record::Failure::Stopped => Failure::Stopped {},
            &record::Failure::NotGrown { pages, now, most } => Failure::NotGrown { pages, now, most },
            record::Failure::NotSet { name, reason } => Failure::NotSet { name: name.into(), reason: reason.into() },
            &record::Failure::Nesting(limit) => Failure::Nesting { limit },
            &record::Failure::TooManySteps(limit) => Failure::TooManySteps { limit },
            &record::Failure::TooManyChanges(limit) => Failure::TooManyChanges { limit },
            &record::Failure::LineTooLong(limit) => Failure::LineTooLong { limit },
            record::Failure::NotInstantiated(message) => Failure::NotInstantiated { message: message.into() },
            record::Failure::Limit(record::Limit::Time(limit)) => {
                Failure::TimeLimit { limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) }
            }
            record::Failure::Limit(record::Limit::Step(limit)) => {
                Failure::StepTimeLimit { limit_ns: u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX) }
            }
            &record::Failure::Limit(record::Limit::Output(len, limit)) => Failure::OutputLimit { len, limit },
            // A call that is under way is not saved; the next best is that it did not end.
            record::Failure::Interrupted | record::Failure::NotOver => Failure::Interrupted {},
            record::Failure::Cancelled => Failure::Cancelled {},
            &record::Failure::Exit(status) => Failure::Exit { status },
            record::Failure::InImport { import, failure } => {
                Failure::InImport { import: import.into(), failure: Box::new((&**failure).into()) }
            }
            record::Failure::Mismatch(message) => Failure::Mismatch { message: message.into() },
            record::Failure::InRecipe { at, failure } => {
                Failure::InRecipe { line: *at, failure: Box::new((&**failure).into()) }
            }
            record::Failure::Internal(message) => Failure::Internal { message: message.into() },
            record::Failure::Assumed { assumption, failure } => {
                Failure::Assumed { assumption: assumption.into(), failure: Box::new((&**failure).into()) }
            }
        }
    }
}

impl From<Failure<'_>> for record::Failure {
    fn from(failure: Failure<'_>) -> record::Failure {
        match failure {
            Failure::Trap { call, cause, said, trace, omitted, detail } => record::Failure::Trap {
                call: call.into_owned(),
                cause: cause.into_owned().into(),
                said: said.map(Cow::into_owned),
                trace: trace.into_iter().map(record::Frame::from).collect(),
                omitted,
                detail,
            },
            Failure::OutOfBounds { access, addr, len, memory } => {
                record::Failure::OutOfBounds { access: access.into(), addr, len, memory }
            }
            Failure::NoRoom { len, room, addr } => record::Failure::NoRoom { len, room, addr },
            Failure::LineNotUtf8 { byte } => record::Failure::Encoding(EncodingError::LineNotUtf8(byte)),
            Failure::LineNotHex {} => record::Failure::Encoding(EncodingError::LineNotHex),
            Failure::OddUtf16 { len } => record::Failure::Encoding(EncodingError::OddUtf16(len)),
            Failure::UnpairedSurrogate { unit } => record::Failure::Encoding(EncodingError::UnpairedSurrogate(unit)),
            Failure::Unterminated { addr, memory } => record::Failure::Unterminated { addr, memory },
            Failure::Backwards { start, end } => record::Failure::Backwards { start, end },
            Failure::Refused { message } => record::Failure::Refused(message.into_owned()),
            Failure::DoubleFree { export, ptr, line } => {
                record::Failure::DoubleFree { export: export.into_owned(), ptr, freed_at: line }
            }
            Failure::Stopped {} => record::Failure::Stopped,
            Failure::NotGrown { pages, now, most } => record::Failure::NotGrown { pages, now, most },
            Failure::NotSet { name, reason } => {
                record::Failure::NotSet { name: name.into_owned(), reason: reason.into_owned() }
            }
            Failure::Nesting { limit } => record::Failure::Nesting(limit),
            Failure::TooManySteps { limit } => record::Failure::TooManySteps(limit),
            Failure::TooManyChanges { limit } => record::Failure::TooManyChanges(limit),
            Failure::LineTooLong { limit } => record::Failure::LineTooLong(limit),
            Failure::NotInstantiated { message } => record::Failure::NotInstantiated(message.into_owned()),
            Failure::TimeLimit { limit_ns } => {
                record::Failure::Limit(record::Limit::Time(Duration::from_nanos(limit_ns)))
            }
            Failure::StepTimeLimit { limit_ns } => {
                record::Failure::Limit(record::Limit::Step(Duration::from_nanos(limit_ns)))
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
            Failure::Assumed { assumption, failure } => {
                record::Failure::Assumed { assumption: assumption.into_owned(), failure: Box::new((*failure).into()) }
            }
            Failure::Internal { message } => record::Failure::Internal(message.into_owned()),
        }
    }
}

impl From<record::Access> for Access {
    fn from(access: record::Access) -> Access {
        match access {
            record::Access::Read => Access::Read,
            record::Access::Write => Access::Write,
        }
    }
}

impl From<Access> for record::Access {
    fn from(access: Access) -> record::Access {
        match access {
            Access::Read => record::Access::Read,
            Access::Write => record::Access::Write,
        }
    }
}

impl<'a> From<&'a record::Frame> for Frame<'a> {
    fn from(frame: &'a record::Frame) -> Frame<'a> {
        let record::Frame { name, index, offset, file, line, column, source, inlined, repeats } = frame;
        Frame {
            name: name.as_ref().map(Cow::from),
            index: *index,
            offset: *offset,
            file: file.as_ref().map(Cow::from),
            line: *line,
            column: *column,
            source: source.as_ref().map(Cow::from),
            inlined: *inlined,
            repeats: *repeats,
        }
    }
}

impl From<Frame<'_>> for record::Frame {
    fn from(frame: Frame<'_>) -> record::Frame {
        let Frame { name, index, offset, file, line, column, source, inlined, repeats } = frame;
        let [name, file, source] = [name, file, source].map(|text| text.map(Cow::into_owned));
        record::Frame { name, index, offset, file, line, column, source, inlined, repeats }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Failure as F, Limit, TrapCause};

    fn detail() -> Box<TrapDetail> {
        use record::{Accessed, PanicMessage, PanicSource, TrapAccess, TrapCallee, TrapSlot};
        let (index, of, addr, is_first, len, writes, size) = (1, Accessed::Data, 9, false, 4, true, 8);
        let (expected, found) = ("() -> ()".to_owned(), Some("(i32) -> ()".to_owned()));
        let (text, place, source) = (Some("no".to_owned()), Some("a.rs:1:2".to_owned()), PanicSource::StackText);
        Box::new(TrapDetail {
            instruction: Some("i32.store".to_owned()),
            accesses: vec![TrapAccess { index, of, addr, is_first, len, writes, size }],
            slots: vec![TrapSlot { table: 0, slot: 3, len: 1, size: Some(4) }],
            callee: Some(TrapCallee { expected, found, index: Some(5), name: Some("f".to_owned()), initial: true }),
            operand: Some("NaN".to_owned()),
            panic: Some(PanicMessage { text, place, addr, len, source }),
        })
    }

    #[test]
    fn every_failure_comes_back() {
        let outer =
            record::Frame { name: Some("f".to_owned()), index: 7, offset: Some(64), ..record::Frame::default() };
        let inner = record::Frame {
            file: Some("src/f.c".to_owned()),
            line: Some(12),
            column: Some(5),
            source: Some("*at = 0;".to_owned()),
            inlined: true,
            repeats: 3,
            ..outer.clone()
        };
        let trace = vec![inner, outer];
        let trap = |cause| F::Trap {
            call: "f(3)".to_owned(),
            cause,
            said: None,
            trace: trace.clone(),
            omitted: 9,
            detail: detail(),
        };
        let message = || "a message".to_owned();
        let failures = [
            trap(TrapCause::DivideByZero),
            trap(TrapCause::Other("it divided by zero".to_owned())),
            F::OutOfBounds { access: record::Access::Write, addr: 1, len: 2, memory: 3 },
            F::NoRoom { len: 1, room: 2, addr: 3 },
            F::Encoding(EncodingError::LineNotUtf8(1)),
            F::Encoding(EncodingError::LineNotHex),
            F::Encoding(EncodingError::OddUtf16(3)),
            F::Encoding(EncodingError::UnpairedSurrogate(0xd800)),
            F::Unterminated { addr: 1, memory: 2 },
            F::Backwards { start: 2, end: 1 },
            F::Refused(message()),
            F::DoubleFree { export: "free".to_owned(), ptr: 1, freed_at: 2 },
            F::Stopped,
            F::NotGrown { pages: 1, now: 2, most: 3 },
            F::NotSet { name: "g".to_owned(), reason: message() },
            F::Nesting(1),
            F::TooManySteps(1),
            F::TooManyChanges(1),
            F::LineTooLong(1),
            F::NotInstantiated(message()),
            F::Limit(Limit::Time(Duration::from_nanos(1))),
            F::Limit(Limit::Step(Duration::from_nanos(1))),
            F::Limit(Limit::Output(2, 1)),
            F::Interrupted,
            F::Cancelled,
            F::Exit(-1),
            F::Mismatch(message()),
            F::Internal(message()),
        ];
        for failure in failures {
            let failure = failure.in_import(|| "env.f()".to_owned()).in_recipe(3);
            let text = serde_json::to_string(&Failure::from(&failure)).expect("it can be written");
            let read = serde_json::from_str::<Failure<'_>>(&text).expect("it can be read");
            assert_eq!(F::from(read), failure, "{text}");
        }
    }
}
