//! Runs a recipe on one guest: one exchange after another, with names resolved once.

use std::borrow::Cow;

use super::Encoding;
use super::bind::Bound;
use super::encoding::encode;
use super::ops::{Op, OpKind};
use super::program_end::{ProgramEnd, START};
use super::run::{Done, Runner};
use super::say::Messages;
use super::state::{ImportContext, LineIo, Plan, ResolvedGlobal, State};
use super::streams::{StreamError, Streams};
use super::wasi::{Invocation, Wasi};
use crate::guest::{Boundary, Func, Guest, Limits};
use crate::record::{Failure, Value};

/// A recipe that runs on one guest.
pub struct Exchange {
    pub(super) plan: Plan,
    pub(super) state: State,
}

/// A line to send.
#[derive(Clone, Copy)]
pub struct InputLine<'a> {
    /// The bytes as typed.
    pub bytes: &'a [u8],
    /// Whether a line feed ended it. A program that reads lines gets the line feed too.
    pub ended: bool,
}

/// How an exchange ended. Failures are boxed: it is returned for every line, and few fail.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub struct Ended {
    /// Whether there is an answer, or why not.
    pub answer: Result<(), Box<Failure>>,
    /// A failure after that, in the section `finally`. The answer remains valid.
    pub cleanup: Option<Box<Failure>>,
}

impl Ended {
    /// An exchange with an answer and without failures.
    pub const WELL: Ended = Ended { answer: Ok(()), cleanup: None };

    /// How a recorded exchange ended: the outcome of its cause, and the failure after that.
    pub fn of_cause(outcome: Result<(), Failure>, cleanup: Option<Failure>) -> Ended {
        Ended { answer: outcome.map_err(Box::new), cleanup: cleanup.map(Box::new) }
    }

    /// The failures, at most two, in the order in which they happened.
    pub fn failures(&self) -> impl Iterator<Item = &Failure> {
        self.answer.as_ref().err().into_iter().chain(&self.cleanup).map(|failure| &**failure)
    }

    /// Whether nothing failed.
    pub fn is_well(&self) -> bool {
        self.failures().next().is_none()
    }

    /// The first failure, as an error.
    ///
    /// # Errors
    /// The failure of the answer or of `finally`.
    pub fn into_result(self) -> Result<(), Box<Failure>> {
        self.answer.and(self.cleanup.map_or(Ok(()), Err))
    }
}

impl Bound {
    /// Combines the outcomes of the answer and of the section `finally`, of a guest that has answered a line or not.
    #[inline]
    pub(super) fn end(&self, (answer, cleanup): (Done, Done), has_answered: bool) -> Ended {
        let explain = |failure: Box<Failure>| match &self.plausible {
            Some(plausible) => Box::new(plausible.explain(*failure, has_answered)),
            None => failure,
        };
        Ended { answer: answer.map_err(explain), cleanup: cleanup.err().map(explain) }
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Ended {
        Ended { answer: Err(failure.into()), cleanup: None }
    }
}

impl Exchange {
    /// Resolves the recipe's calls in a guest. A program is started with `invocation`.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] if the guest is not an instance of the module that the recipe was bound to.
    pub fn new(bound: Bound, guest: &mut Guest, invocation: &Invocation, limits: &Limits) -> Result<Exchange, Failure> {
        let missing = |name: &str| Failure::Mismatch(format!("the guest exports no `{name}`"));
        let mut funcs = Vec::new();
        for name in &bound.exports {
            funcs.push(guest.func(name).ok_or_else(|| missing(name))?);
        }
        let mut globals = Vec::new();
        for name in &bound.globals {
            let variable = guest.variable(name).ok_or_else(|| missing(name))?;
            globals.push(match variable.mutable {
                true => ResolvedGlobal::Variable(variable),
                false => ResolvedGlobal::Constant(guest.global(&variable).bits()),
            });
        }
        let state = State {
            values: vec![None; bound.names.len()],
            last: None,
            freed: Vec::new(),
            left_out: false,
            has_answered: false,
            program_end: ProgramEnd::default(),
            aside: Vec::new(),
            line_at: None,
            settled: None,
            whole: Vec::new(),
            messages: Messages::new(limits.messages),
            wasi: Wasi::new(invocation.clone(), bound.answers_stdout, limits.output),
        };
        let program = funcs.iter().position(|func| func.name.as_ref() == START);
        Ok(Exchange { plan: Plan { bound, funcs, globals, program }, state })
    }

    /// Changes the limits of answers and messages.
    pub fn set_limits(&mut self, limits: &Limits) {
        self.state.wasi.longest = limits.output;
        self.state.messages.set_most(limits.messages);
    }

    /// Prepares a fresh guest before its first line: calls its start function, then runs the section `once`.
    ///
    /// # Errors
    /// The start function, or a line of the recipe, failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary, start: Option<&Func>) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            if let Some(start) = start {
                let mut scene = ImportContext { plan: runner.plan, state: runner.state, io: runner.io };
                runner.boundary.call(start, &[], &mut scene)?;
            }
            runner.all(&runner.plan.bound.once)
        })
    }

    /// Calls an export by hand. The recipe answers imports meanwhile.
    ///
    /// # Errors
    /// Why the call did not return.
    pub fn call(&mut self, boundary: &mut impl Boundary, func: &Func, args: &[Value]) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            if let Some(text) = runner.state.program_end.tell() {
                runner.state.messages.note(text, runner.boundary);
            }
            let mut scene = ImportContext { plan: runner.plan, state: runner.state, io: runner.io };
            let outcome = runner.boundary.call(func, args, &mut scene).map(|_| ());
            if func.name.as_ref() == START && outcome.is_ok() {
                runner.state.program_end.returned();
            }
            outcome.inspect_err(|failure| runner.state.note_exit(failure))
        })
    }

    /// Runs something on the guest outside of an exchange.
    fn aside<B: Boundary>(
        &mut self,
        boundary: &mut B,
        act: impl FnOnce(&mut Runner<'_, '_, B>) -> Result<(), Box<Failure>>,
    ) -> Result<(), Failure> {
        let mut unread = Vec::new();
        let mut io = LineIo { raw: &[], encoded: Cow::Borrowed(&[]), answer: &mut unread, start: 0 };
        let Exchange { plan, state } = self;
        state.begin();
        state.wasi.begin(&[], false);
        let outcome = act(&mut Runner { plan, state, io: &mut io, boundary });
        state.end(boundary);
        state.outcome(outcome).map_err(|failure| *failure)
    }

    /// Runs one exchange. Appends the answer to `answer`, which is unchanged if there is none.
    pub fn exchange(&mut self, boundary: &mut impl Boundary, line: InputLine<'_>, answer: &mut Vec<u8>) -> Ended {
        let start = answer.len();
        let Exchange { plan, state } = self;
        let bound = &plan.bound;
        state.begin();
        let encoded = match encode(line.bytes, bound.encoding) {
            Ok(encoded) => encoded,
            Err(failure) => return (*failure).into(),
        };
        if let Some(Err(failure)) = bound.split.as_ref().map(|split| split.check(&encoded)) {
            return (*failure).into();
        }
        state.values[bound.kept..].fill(None);
        // A program that reads lines gets the terminating LF, and ends its answer with one.
        let with_end = line.ended && !bound.exact_stdin;
        if bound.has_host {
            state.wasi.begin(&encoded, with_end);
        }
        let mut io = LineIo { raw: line.bytes, encoded, answer, start };
        let mut runner = Runner { plan, state, io: &mut io, boundary };
        let outcome = runner.all(&bound.line);
        let (outcome, has_answered) = (runner.finish(outcome, &bound.finally), runner.state.has_answered);
        let ended = bound.end(outcome, has_answered);
        runner.state.has_answered |= ended.answer.is_ok();
        if bound.answers_stdout && with_end && answer.len() > start && answer.ends_with(b"\n") {
            answer.pop();
        }
        if ended.answer.is_err() {
            answer.truncate(start);
        }
        ended
    }

    /// Whether the recipe only runs a program whose output is the answer, so that it can read and write streams.
    pub fn can_stream(&self) -> bool {
        let bound = &self.plan.bound;
        let runs = |op: &Op| match &op.action {
            OpKind::Call(call) => Some(call.export) == self.plan.program && op.condition.is_none(),
            OpKind::AnswerStdout => true,
            _ => false,
        };
        bound.answers_stdout
            && bound.encoding == Encoding::Bytes
            && bound.handlers.is_empty()
            && bound.finally.is_empty()
            && bound.line.iter().all(runs)
    }

    /// Connects the program to streams, in place of the next line and its answer.
    pub fn connect(&mut self, streams: Streams) {
        self.state.wasi.streams = Some(streams);
    }

    /// Ends that, and returns why a stream failed, if one did.
    pub fn disconnect(&mut self) -> Option<StreamError> {
        self.state.wasi.streams.take().and_then(Streams::into_error)
    }

    /// The messages of the guest during the last exchange or the start.
    pub fn messages(&self) -> &Messages {
        &self.state.messages
    }
}
