//! The command `:expect`, which checks the last answer, the last error, or memory.

use super::args::{Address, Args, RangeArg};
use super::bounds::inside;
use super::error::{ArgumentError, Error};
use super::expected::{met, unmet};
use super::reports;
use super::{Context, Reply};
use crate::record::Trigger;
use crate::view::visible;

/// What is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expectation {
    /// The last answer.
    Answer(Vec<u8>),
    /// A part of the last error's message.
    Error(Vec<u8>),
    /// Bytes in memory.
    Memory(Address, Vec<u8>),
    /// The last writer of a byte: a function, or `host`, `module` or `guest`.
    Writer(Address, String),
    /// A range that was not written since the start.
    Unwritten(RangeArg),
}

impl Expectation {
    /// Parses `TEXT`, `error TEXT`, `at ADDR hex BYTES`, `at ADDR text TEXT`, `writer ADDR NAME` or `unwritten RANGE`.
    pub(super) fn parse(args: &mut Args<'_>) -> Result<Expectation, ArgumentError> {
        if args.take("error") {
            return args.bytes().map(Expectation::Error);
        }
        if args.take("writer") {
            return Ok(Expectation::Writer(args.address()?, args.text("NAME")?));
        }
        if args.take("unwritten") {
            return args.range().map(Expectation::Unwritten);
        }
        if !args.take("at") {
            return args.bytes().map(Expectation::Answer);
        }
        let addr = args.address()?;
        let bytes = match (args.take("hex"), args.take("text")) {
            (true, _) => args.hex()?,
            (_, true) => args.bytes()?,
            _ => return ArgumentError::missing("hex or text"),
        };
        Ok(Expectation::Memory(addr, bytes))
    }
}

pub(super) fn expect(context: &mut Context<'_>, expected: &Expectation) -> Result<Reply, Error> {
    context.is_settled()?;
    let (bytes, is_error) = match expected {
        Expectation::Answer(bytes) => (bytes, false),
        Expectation::Error(bytes) => (bytes, true),
        Expectation::Writer(addr, name) => return reports::expect_writer(context, addr, name),
        Expectation::Unwritten(range) => return reports::expect_unwritten(context, range),
        Expectation::Memory(addr, bytes) => return expect_memory(context, addr, bytes),
    };
    let text = visible(bytes);
    let Last { answer, failure } = last(context)?;
    let holds = |failure: &String| failure.contains(&*String::from_utf8_lossy(bytes));
    match (answer, failure) {
        (_, Some(failure)) if is_error && holds(&failure) => Ok(met()),
        (Some(answer), _) if !is_error && answer == bytes => Ok(met()),
        (Some(answer), _) if !is_error => unmet(&format!("expected \"{text}\", got \"{}\"", visible(answer))),
        (_, Some(failure)) if is_error => {
            unmet(&format!("expected an error with \"{text}\", got the error: {failure}"))
        }
        (_, Some(failure)) => unmet(&format!("expected \"{text}\", got the error: {failure}")),
        (answer, None) => unmet(&format!("expected an error, got \"{}\"", visible(answer.unwrap_or_default()))),
    }
}

/// The outcome of the last line or command: an answer, a failure, or both.
struct Last<'a> {
    answer: Option<&'a [u8]>,
    failure: Option<String>,
}

fn last<'a>(context: &'a Context<'_>) -> Result<Last<'a>, Error> {
    if let Some(reason) = context.session.refusal() {
        return Ok(Last { answer: None, failure: Some(reason.to_owned()) });
    }
    let run = context.session.run();
    let last = run.len().checked_sub(1).and_then(|last| run.cause(last));
    let last = last.ok_or_else(|| Error::failed("nothing has happened yet"))?;
    match last.trigger {
        Trigger::Start => Err(Error::failed("no line has been sent, so there is no answer")),
        _ => Ok(Last { answer: last.outcome.as_deref().ok(), failure: last.failure_text() }),
    }
}

fn expect_memory(context: &Context<'_>, addr: &Address, expected: &[u8]) -> Result<Reply, Error> {
    let present = context.session.run().present();
    let image = present.get(context.session.memory()).ok_or_else(|| Error::failed("the guest exports no memory"))?;
    let addr = context.address(addr)?;
    inside(image, addr, expected.len() as u64)?;
    let mut found = vec![0; expected.len()];
    image.read(addr, &mut found);
    match found == expected {
        true => Ok(met()),
        false => unmet(&format!("expected {} at {addr:#x}, found {}", hex(expected), hex(&found))),
    }
}

fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}
