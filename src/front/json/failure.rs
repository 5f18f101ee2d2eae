//! The JSON of a failure, and of a trap and its frames.

use serde::Serialize;

use crate::record::{self, Cause, Failure, Limit, PanicSource, TrapAccess, TrapCallee, TrapDetail, TrapSlot};
use crate::view::{trapped_step, usual_causes};

#[derive(Serialize)]
pub(super) struct Error<'a> {
    kind: &'static str,
    message: String,
    /// The frames of a trap, innermost first.
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<Vec<Frame<'a>>>,
    /// The number of omitted frames, after the last one.
    #[serde(skip_serializing_if = "is_zero")]
    trace_omitted: usize,
    /// What else is known of the trap.
    #[serde(skip_serializing_if = "Option::is_none")]
    trap: Option<Trap<'a>>,
}

/// What is known of a trap besides its frames.
#[derive(Serialize)]
struct Trap<'a> {
    cause: String,
    /// The index of the step in which it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    accesses: &'a [TrapAccess],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    slots: &'a [TrapSlot],
    #[serde(skip_serializing_if = "Option::is_none")]
    callee: Option<&'a TrapCallee>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operand: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    panic: Option<Panic<'a>>,
    /// What usually causes such a trap.
    #[serde(skip_serializing_if = "Option::is_none")]
    usual_causes: Option<[&'static str; 2]>,
}

/// The message of a panic.
#[derive(Serialize)]
struct Panic<'a> {
    text: Option<&'a str>,
    place: Option<&'a str>,
    addr: u64,
    len: u64,
    source: PanicSource,
    certain: bool,
}

#[derive(Serialize)]
struct Frame<'a> {
    function: Option<&'a str>,
    index: u32,
    offset: Option<usize>,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    inlined: bool,
    /// How many further frames of the same function are omitted here.
    #[serde(skip_serializing_if = "is_zero")]
    repeats: usize,
}

impl<'a> Error<'a> {
    /// The failures of a cause: the kind of the first, the frames of the first trap, and the full message.
    pub(super) fn of(cause: &'a Cause) -> Option<Error<'a>> {
        let mut failures = cause.failures();
        let first = Error::from(failures.next()?);
        let kind = first.kind;
        let later = failures.map(Error::from).find(|error| error.trace.is_some());
        let Error { trace, trace_omitted, trap, .. } = match later {
            Some(later) if first.trace.is_none() => later,
            _ => first,
        };
        let trap = trap.map(|trap| Trap { step: trapped_step(cause), ..trap });
        Some(Error { kind, message: cause.failure_text()?, trace, trace_omitted, trap })
    }
}

impl<'a> From<&'a Failure> for Error<'a> {
    fn from(failure: &'a Failure) -> Error<'a> {
        let kind = match failure.root() {
            Failure::Trap { .. } => "trap",
            Failure::OutOfBounds { .. } => "out_of_bounds",
            Failure::NoRoom { .. } => "no_room",
            Failure::Encoding(_) => "encoding",
            Failure::Unterminated { .. } => "unterminated",
            Failure::Backwards { .. } => "backwards",
            Failure::Refused(_) => "refused",
            Failure::DoubleFree { .. } => "double_free",
            Failure::Stopped => "stopped",
            Failure::NotGrown { .. } => "not_grown",
            Failure::NotSet { .. } => "not_set",
            Failure::Nesting(_) => "nesting",
            Failure::TooManySteps(_) | Failure::TooManyChanges(_) => "recording_limit",
            Failure::LineTooLong(_) => "line_too_long",
            Failure::NotInstantiated(_) => "not_instantiated",
            Failure::Limit(Limit::Time(_) | Limit::Step(_)) => "time_limit",
            Failure::Limit(Limit::Output(..)) => "output_limit",
            Failure::Interrupted => "interrupted",
            Failure::Cancelled => "cancelled",
            Failure::NotOver => "not_over",
            Failure::Exit(_) => "exit",
            Failure::Mismatch(_) => "mismatch",
            // The root of a failure has no location.
            Failure::Internal(_) | Failure::InRecipe { .. } | Failure::InImport { .. } | Failure::Assumed { .. } => {
                "internal"
            }
        };
        let (trace, trace_omitted) = match failure.root() {
            Failure::Trap { trace, omitted, .. } => (Some(trace.iter().map(Frame::from).collect()), *omitted),
            _ => (None, 0),
        };
        Error { kind, message: failure.to_string(), trace, trace_omitted, trap: Trap::of(failure) }
    }
}

impl<'a> Trap<'a> {
    fn of(failure: &'a Failure) -> Option<Trap<'a>> {
        let Failure::Trap { cause, detail, .. } = failure.root() else { return None };
        let TrapDetail { instruction, accesses, slots, callee, operand, panic } = &**detail;
        Some(Trap {
            cause: cause.clone().into(),
            step: None,
            instruction: instruction.as_deref(),
            accesses,
            slots,
            callee: callee.as_ref(),
            operand: operand.as_deref(),
            panic: panic.as_ref().map(|panic| Panic {
                text: panic.text.as_deref(),
                place: panic.place.as_deref(),
                addr: panic.addr,
                len: panic.len,
                source: panic.source,
                certain: panic.source.is_certain(),
            }),
            usual_causes: usual_causes(failure),
        })
    }
}

impl<'a> From<&'a record::Frame> for Frame<'a> {
    fn from(frame: &'a record::Frame) -> Frame<'a> {
        let record::Frame { name, index, offset, file, line, column, source, inlined, repeats } = frame;
        Frame {
            function: name.as_deref(),
            index: *index,
            offset: *offset,
            file: file.as_deref(),
            line: *line,
            column: *column,
            source: source.as_deref(),
            inlined: *inlined,
            repeats: *repeats,
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
