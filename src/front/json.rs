//! An exchange as one JSON object on one line: what `linmem guide json` describes. The order of the fields is part
//! of the format.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::record::{self, Cause, Evidence, Failure, Hex, Limit, StepKind, Trigger};
use crate::view::visible;

/// The version of the format. A new field does not raise it; a field that means something else does.
const VERSION: u32 = 1;

/// Writes an exchange of a run; runs are numbered from 1.
pub(super) fn write_cause(out: &mut impl Write, run: usize, line: u64, cause: &Cause) -> io::Result<()> {
    let input = match &cause.trigger {
        Trigger::Line(line) => Some(Bytes::new(line)),
        Trigger::Start | Trigger::Command(_) => None,
    };
    let command = match &cause.trigger {
        Trigger::Command(words) => Some(words.as_str()),
        Trigger::Start | Trigger::Line(_) => None,
    };
    write(
        out,
        &Exchange {
            v: VERSION,
            run,
            line,
            command,
            input,
            output: cause.outcome.as_deref().ok().filter(|_| command.is_none()).map(Bytes::new),
            error: cause.outcome.as_ref().err().map(Error::new),
            messages: cause.messages().map(Bytes::new).collect(),
            elapsed_ns: nanos(cause.elapsed()),
            steps: cause.steps.iter().map(Step::new).collect(),
            changes: cause.changes.iter().map(Change::new).collect(),
        },
    )
}

/// Writes a line that was not sent, and why.
pub(super) fn write_unsent(out: &mut impl Write, line: u64, failure: &Failure) -> io::Result<()> {
    let error = Some(Error::new(failure));
    let (steps, changes) = (Vec::new(), Vec::new());
    let (command, input, output) = (None, None, None);
    let messages = Vec::new();
    let (v, run, elapsed_ns) = (VERSION, 1, 0);
    write(out, &Exchange { v, run, line, command, input, output, error, messages, elapsed_ns, steps, changes })
}

fn write(out: &mut impl Write, exchange: &Exchange<'_>) -> io::Result<()> {
    exchange.serialize(&mut Serializer::with_formatter(&mut *out, Harmless))?;
    out.write_all(b"\n")
}

impl Harmless {
    /// A value as one line.
    pub(super) fn line(value: &impl Serialize) -> String {
        let mut line = Vec::new();
        // A buffer takes all that is written to it, and what is written has text for keys.
        let _ = value.serialize(&mut Serializer::with_formatter(&mut line, Harmless));
        line.push(b'\n');
        String::from_utf8(line).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Exchange<'a> {
    v: u32,
    /// Left out for the first.
    #[serde(skip_serializing_if = "is_first")]
    run: usize,
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    input: Option<Bytes<'a>>,
    output: Option<Bytes<'a>>,
    error: Option<Error>,
    /// What the guest said beside its answer.
    messages: Vec<Bytes<'a>>,
    elapsed_ns: u64,
    #[serde(rename = "crossings")]
    steps: Vec<Step<'a>>,
    changes: Vec<Change<'a>>,
}

/// Bytes as hexadecimal digits, beside the text that they are, if they are one.
#[derive(Serialize)]
struct Bytes<'a> {
    len: usize,
    #[serde(serialize_with = "digits")]
    hex: Hex<'a>,
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Error {
    kind: &'static str,
    message: String,
}

#[derive(Serialize)]
struct Step<'a> {
    depth: usize,
    #[serde(flatten)]
    deed: Event<'a>,
    /// Which of the changes were made during it: from the first to before the second.
    changes: [usize; 2],
    elapsed_ns: u64,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Event<'a> {
    Start,
    Call { export: &'a str, args: Vec<Value>, results: Option<Vec<Value>> },
    Write { memory: usize, addr: u64, len: u64 },
    Read { memory: usize, addr: u64, len: u64 },
    Grow { memory: usize, pages: u64 },
    Import { import: &'a str, args: Vec<Value>, results: Option<Vec<Value>> },
    Say { text: Bytes<'a> },
    Set { global: &'a str, value: Value },
}

#[derive(Serialize)]
#[serde(tag = "type", content = "value", rename_all = "lowercase")]
enum Value {
    I32(i32),
    I64(i64),
    F32(serde_json::Value),
    F64(serde_json::Value),
    Other(()),
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Change<'a> {
    Bytes { memory: usize, addr: u64, by: &'static str, known: &'static str, old: Bytes<'a>, new: Bytes<'a> },
    Growth { memory: usize, by: &'static str, from_pages: u64, to_pages: u64 },
}

impl Bytes<'_> {
    fn new(bytes: &[u8]) -> Bytes<'_> {
        Bytes { len: bytes.len(), hex: Hex(bytes), text: std::str::from_utf8(bytes).ok() }
    }
}

impl Error {
    fn new(failure: &Failure) -> Error {
        let kind = match failure.root() {
            Failure::Trap { .. } => "trap",
            Failure::OutOfBounds { .. } => "out_of_bounds",
            Failure::NoRoom { .. } => "no_room",
            Failure::Refused(_) => "refused",
            Failure::Limit(Limit::Time(_)) => "time_limit",
            Failure::Limit(Limit::Output(..)) => "output_limit",
            Failure::Interrupted => "interrupted",
            Failure::Cancelled => "cancelled",
            Failure::Exit(_) => "exit",
            // The root of a failure is none of the last two.
            Failure::Mismatch(_) | Failure::InRecipe { .. } | Failure::InImport { .. } => "mismatch",
        };
        Error { kind, message: failure.to_string() }
    }
}

impl Step<'_> {
    fn new(step: &record::Step) -> Step<'_> {
        let values = |values: &[record::Value]| values.iter().map(|&value| Value::new(value)).collect();
        let deed = match &step.kind {
            StepKind::Instantiate => Event::Start,
            StepKind::Call { export, args, results } => {
                Event::Call { export, args: values(args), results: results.as_deref().map(values) }
            }
            &StepKind::Write { memory, addr, len } => Event::Write { memory, addr, len },
            &StepKind::Read { memory, addr, len } => Event::Read { memory, addr, len },
            &StepKind::Grow { memory, pages } => Event::Grow { memory, pages },
            StepKind::Import { import, args, results } => {
                Event::Import { import, args: values(args), results: results.as_deref().map(values) }
            }
            StepKind::Say { text } => Event::Say { text: Bytes::new(text) },
            StepKind::Set { global, value } => Event::Set { global, value: Value::new(*value) },
        };
        let changes = [step.changes.start, step.changes.end];
        Step { depth: step.depth, deed, changes, elapsed_ns: nanos(step.elapsed) }
    }
}

impl Value {
    fn new(value: record::Value) -> Value {
        // JSON has no number for infinities and NaN: they are texts.
        let float = |float: f64, words: String| match serde_json::Number::from_f64(float) {
            Some(number) => number.into(),
            None => words.into(),
        };
        match value {
            record::Value::I32(n) => Value::I32(n),
            record::Value::I64(n) => Value::I64(n),
            record::Value::F32(bits) => Value::F32(float(f32::from_bits(bits).into(), value.to_string())),
            record::Value::F64(bits) => Value::F64(float(f64::from_bits(bits), value.to_string())),
            record::Value::Opaque => Value::Other(()),
        }
    }
}

impl Change<'_> {
    fn new(change: &record::Change) -> Change<'_> {
        match change {
            record::Change::Bytes { memory, addr, old_then_new, by, evidence } => {
                let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
                let known = match evidence {
                    Evidence::Written => "written",
                    Evidence::Found => "found",
                };
                let (old, new) = (Bytes::new(old), Bytes::new(new));
                Change::Bytes { memory: *memory, addr: *addr, by: by.word(), known, old, new }
            }
            &record::Change::Growth { memory, from, to, by } => {
                Change::Growth { memory, by: by.word(), from_pages: from, to_pages: to }
            }
        }
    }
}

fn digits<S: serde::Serializer>(hex: &Hex<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(hex)
}

fn is_first(run: &usize) -> bool {
    *run == 1
}

fn nanos(elapsed: std::time::Duration) -> u64 {
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// Compact JSON in which characters that a terminal obeys, or that do not show, are escapes.
pub(super) struct Harmless;

impl Formatter for Harmless {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(|c: char| !is_harmless(c)) {
            writer.write_all(&rest.as_bytes()[..at])?;
            let c = rest[at..].chars().next().unwrap_or_default();
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(writer, "\\u{unit:04x}")?;
            }
            rest = &rest[at + c.len_utf8()..];
        }
        writer.write_all(rest.as_bytes())
    }
}

fn is_harmless(c: char) -> bool {
    match c {
        ' '..='~' => true,
        c => visible(c.encode_utf8(&mut [0; 4]).as_bytes()).starts_with(c),
    }
}
