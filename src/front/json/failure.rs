//! The JSON of a failure, and of the frames of a trap.

use serde::Serialize;

use crate::record::{self, Cause, Failure, Limit};

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
        let trap = failures.map(Error::from).find(|error| error.trace.is_some());
        let (trace, trace_omitted) = match trap.filter(|_| first.trace.is_none()) {
            Some(trap) => (trap.trace, trap.trace_omitted),
            None => (first.trace, first.trace_omitted),
        };
        Some(Error { message: cause.failure_text()?, trace, trace_omitted, ..first })
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
            Failure::Limit(Limit::Time(_)) => "time_limit",
            Failure::Limit(Limit::Output(..)) => "output_limit",
            Failure::Interrupted => "interrupted",
            Failure::Cancelled => "cancelled",
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
        Error { kind, message: failure.to_string(), trace, trace_omitted }
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
