//! A recipe at work on one guest: one exchange after the other, with no look-up of names for a line.

use std::borrow::Cow;

use super::bind::Bound;
use super::encoding::encode;
use super::host::Scene;
use super::ops::{Call, Do, Op};
use super::run::{Runner, refused};
use super::say::Messages;
use super::wasi::{Invocation, Wasi};
use crate::guest::{Boundary, Func, GlobalRef, Guest, Limits};
use crate::record::{Failure, Value};

/// A recipe at work on one guest.
pub struct Exchange {
    pub(super) plan: Plan,
    pub(super) state: State,
}

/// A recipe resolved in a guest.
pub(super) struct Plan {
    pub(super) bound: Bound,
    pub(super) funcs: Vec<Func>,
    pub(super) globals: Vec<Known>,
}

/// An exported global.
pub(super) enum Known {
    /// It never changes.
    Constant(u64),
    Variable(GlobalRef),
}

/// What an exchange changes, beside the guest.
pub(super) struct State {
    pub(super) values: Vec<Option<u64>>,
    /// The last call: the export's number, and the bits of what it returned first.
    pub(super) last: Option<(usize, u64)>,
    /// What was taken back by the lines right before this one: pointers, and the recipe's lines.
    pub(super) freed: Vec<(u64, usize)>,
    /// The answer was settled by a handler, while the guest goes on.
    pub(super) settled: Option<Result<(), Box<Failure>>>,
    /// Room for bytes that are read or put together on the way, used again and again.
    pub(super) whole: Vec<u8>,
    pub(super) messages: Messages,
    pub(super) wasi: Wasi,
}

/// The line that crosses.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// As it was typed.
    pub bytes: &'a [u8],
    /// Whether a line feed ended it; a program that reads lines gets it too.
    pub ended: bool,
}

/// A line while it crosses, and its answer.
pub(super) struct Crossing<'a> {
    /// As it was typed.
    pub(super) raw: &'a [u8],
    /// As it is written.
    pub(super) encoded: Cow<'a, [u8]>,
    pub(super) answer: &'a mut Vec<u8>,
    /// Where in `answer` this line's answer begins.
    pub(super) start: usize,
}

impl Plan {
    /// The steps of a line by their numbers: those of the section `each line`, then those of `finally`.
    pub(super) fn step(&self, number: usize) -> Option<&Op> {
        self.bound.line.iter().chain(&self.bound.finally).nth(number)
    }

    /// The call that a step makes.
    pub(super) fn call(&self, number: usize) -> Option<&Call> {
        match &self.step(number)?.action {
            Do::Call(call) => Some(call),
            _ => None,
        }
    }

    /// The numbers of the steps that take memory back.
    pub(super) fn freeing(&self) -> impl Iterator<Item = usize> {
        let steps = self.bound.line.iter().chain(&self.bound.finally).enumerate();
        steps.filter(|(_, op)| matches!(&op.action, Do::Call(call) if call.frees)).map(|(number, _)| number)
    }
}

impl Exchange {
    /// Resolves what the recipe calls in a guest, which is started by `invocation` if it is a program.
    ///
    /// # Errors
    /// [`Failure::Mismatch`] if the guest is not one of the module that the recipe was bound to.
    pub fn new(bound: Bound, guest: &mut Guest, invocation: &Invocation, limits: &Limits) -> Result<Exchange, Failure> {
        let missing = |name: &str| Failure::Mismatch(format!("the guest does not export `{name}`"));
        let mut funcs = Vec::new();
        for name in &bound.exports {
            funcs.push(guest.func(name).ok_or_else(|| missing(name))?);
        }
        let mut globals = Vec::new();
        for name in &bound.globals {
            let variable = guest.variable(name).ok_or_else(|| missing(name))?;
            globals.push(match variable.mutable {
                true => Known::Variable(variable),
                false => Known::Constant(guest.global(&variable).bits()),
            });
        }
        let state = State {
            values: vec![None; bound.names.len()],
            last: None,
            freed: Vec::new(),
            settled: None,
            whole: Vec::new(),
            messages: Messages::default(),
            wasi: Wasi::new(invocation.clone(), bound.answers_stdout, limits.output),
        };
        Ok(Exchange { plan: Plan { bound, funcs, globals }, state })
    }

    /// Changes the longest answer, in bytes.
    pub fn set_longest(&mut self, longest: u64) {
        self.state.wasi.longest = longest;
    }

    /// What is done for a fresh guest, before any line: its start function is called, then what the recipe does once.
    ///
    /// # Errors
    /// The start function, or a line of the recipe, failed.
    pub fn prepare(&mut self, boundary: &mut impl Boundary, start: Option<&Func>) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            if let Some(start) = start {
                let mut scene = Scene { plan: runner.plan, state: runner.state, crossing: runner.crossing };
                runner.boundary.call(start, &[], &mut scene)?;
            }
            runner.all(&runner.plan.bound.once)
        })
    }

    /// Calls an export by hand, while the recipe answers the imports.
    ///
    /// # Errors
    /// Why the call did not return.
    pub fn call(&mut self, boundary: &mut impl Boundary, func: &Func, args: &[Value]) -> Result<(), Failure> {
        self.aside(boundary, |runner| {
            let mut scene = Scene { plan: runner.plan, state: runner.state, crossing: runner.crossing };
            runner.boundary.call(func, args, &mut scene).map(|_| ())
        })
    }

    /// Does something to the guest that is no exchange.
    fn aside<B: Boundary>(
        &mut self,
        boundary: &mut B,
        act: impl FnOnce(&mut Runner<'_, '_, B>) -> Result<(), Box<Failure>>,
    ) -> Result<(), Failure> {
        let mut unread = Vec::new();
        let mut crossing = Crossing { raw: &[], encoded: Cow::Borrowed(&[]), answer: &mut unread, start: 0 };
        let Exchange { plan, state } = self;
        state.begin();
        state.wasi.begin(&[], false);
        let outcome = act(&mut Runner { plan, state, crossing: &mut crossing, boundary });
        state.end(boundary);
        state.outcome(outcome).map_err(|failure| *failure)
    }

    /// One exchange: the answer is appended to `answer`.
    ///
    /// # Errors
    /// Why there is no answer; `answer` is as it was then.
    pub fn exchange(
        &mut self,
        boundary: &mut impl Boundary,
        line: Line<'_>,
        answer: &mut Vec<u8>,
    ) -> Result<(), Failure> {
        let start = answer.len();
        let Exchange { plan, state } = self;
        let bound = &plan.bound;
        state.begin();
        let encoded = encode(line.bytes, bound.encoding).map_err(|failure| *failure)?;
        state.values[bound.kept..].fill(None);
        if bound.has_host {
            state.wasi.begin(&encoded, line.ended);
        }
        let mut crossing = Crossing { raw: line.bytes, encoded, answer, start };
        let mut runner = Runner { plan, state, crossing: &mut crossing, boundary };
        let outcome = runner.all(&bound.line);
        let outcome = runner.finish(outcome, &bound.finally);
        if bound.answers_stdout && line.ended && answer.len() > start && answer.ends_with(b"\n") {
            answer.pop();
        }
        outcome.map_err(|failure| {
            answer.truncate(start);
            *failure
        })
    }

    /// What the guest said during the last exchange, or the start.
    pub fn messages(&self) -> &Messages {
        &self.state.messages
    }
}

impl State {
    /// Forgets what was before.
    pub(super) fn begin(&mut self) {
        self.settled = None;
        self.last = None;
        self.freed.clear();
        self.messages.clear();
    }

    /// Whether the guest said something, or is about to.
    pub(super) fn is_told(&self) -> bool {
        self.messages.iter().next().is_some() || self.wasi.is_writing()
    }

    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        self.wasi.end(&mut self.messages, boundary);
        self.messages.end(boundary);
    }

    /// Notes that memory is about to be taken back.
    ///
    /// # Errors
    /// It was taken back before. Of no bytes there may be many at one address.
    pub(super) fn free(&mut self, name: &str, args: &[u64], line: usize) -> Result<(), Box<Failure>> {
        let Some((&ptr, rest)) = args.split_first() else { return Ok(()) };
        if ptr == 0 || rest.first() == Some(&0) {
            return Ok(());
        }
        match self.freed.iter().find(|(freed, _)| *freed == ptr) {
            Some((_, at)) => Err(refused(format!(
                "{name} would free {ptr:#x} twice: line {at} of the recipe freed it already, and nothing was handed out \
                 since"
            ))),
            None => {
                self.freed.push((ptr, line));
                Ok(())
            }
        }
    }

    /// How the exchange ended, given how the recipe's own lines did: what a handler settled stands, and is what a guest
    /// that trapped behind it had to say.
    pub(super) fn outcome(&mut self, outcome: Result<(), Box<Failure>>) -> Result<(), Box<Failure>> {
        match (self.settled.take(), outcome) {
            (Some(Err(words)), Err(failure)) if !failure.leaves_guest_suspect() => Err(words),
            (Some(Err(words)), Err(failure)) => Err(said(words.root().to_string(), *failure)),
            (Some(settled), Ok(())) => settled,
            (_, outcome) => outcome,
        }
    }
}

/// The failure of a guest that had said something before.
fn said(words: String, failure: Failure) -> Box<Failure> {
    Box::new(match failure {
        Failure::Trap { call, cause, trace, .. } => Failure::Trap { call, cause, said: Some(words), trace },
        Failure::InRecipe { at, failure } => Failure::InRecipe { at, failure: said(words, *failure) },
        other => other,
    })
}

impl Crossing<'_> {
    /// Makes `bytes` the answer.
    pub(super) fn settle(&mut self, bytes: &[u8]) {
        self.answer.truncate(self.start);
        self.answer.extend_from_slice(bytes);
    }
}
