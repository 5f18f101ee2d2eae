//! A running guest: the program, an instance of it, and the convention that drives it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::driving::Driving;
use super::factory::{GuestFactory, prepare, time_of_code};
use super::facts::facts;
use super::poison::{Poison, Poisoned};
use super::settle::settle;
use super::{OpenError, Options, Source, Stops};
use crate::abi::{
    Answered, Answers, ConventionRequest, Ended, Exchange, InputLine, Invocation, Messages, ResolvedConvention,
    StreamError, Streams, choose, is_contested,
};
use crate::debug::DebugInfo;
use crate::guest::{
    Boundary, Cancellation, Code, Func, Global, Guest, Interface, Limits, LoadError, Passes, PointRequest, Points,
    Program, Recorded, Watchdog,
};
use crate::record::{Cause, Failure, Memories, Outcome, Recorder, Trigger, Value};

/// A running guest. It stays on the thread that created it.
///
/// [`Live::answer`] is fast and records nothing; [`Live::send`] records. Use one or the other.
pub struct Live {
    pub(super) program: Program,
    pub(super) debug: Arc<DebugInfo>,
    /// The requested and the resolved convention.
    pub(super) wish: ConventionRequest,
    pub(super) choice: ResolvedConvention,
    pub(super) invocation: Invocation,
    pub(super) guest: Guest,
    pub(super) exchange: Exchange,
    pub(super) recorder: Recorder,
    pub(super) watch: Watchdog,
    /// Whether the guest has answered a line.
    pub(super) used: bool,
    /// How long its code ran during the start.
    pub(super) started: Duration,
    pub(super) driving: Driving,
    /// The guest's name, as the user gave it.
    pub(super) name: String,
    pub(super) stops: Stops,
    /// How long creating the guest took, until it is started.
    made: Duration,
    /// Whether nothing stops the guest: lines are sent again.
    pub(super) is_unstoppable: bool,
    pub(super) poison: Option<Poison>,
}

/// The note on a call that the time limit ended while watchpoints were set.
const SLOWED: &str =
    "watchpoints slow the guest down; without them, the call might have returned within the time limit";

/// Answers are buffered up to this many bytes.
pub const GATHER: usize = 64 << 10;

impl Live {
    /// Loads a guest, chooses its convention, and starts it. Also returns the cause of the start.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(source: &Source, options: &Options, watch: Watchdog) -> Result<(Live, Cause), OpenError> {
        let cancellation = watch.first_load();
        let mut live = Live::load(source, options, watch, &cancellation)?;
        let start = live.start_unless(&cancellation)?;
        Ok((live, start))
    }

    /// Loads a guest and chooses its convention. None of its code runs: [`Live::start`] is next.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(super) fn load(
        source: &Source,
        options: &Options,
        watch: Watchdog,
        cancellation: &Cancellation,
    ) -> Result<Live, OpenError> {
        let code = Code::parse(&source.name, &source.bytes).map_err(OpenError::Load)?;
        // Before compiling, which may take seconds.
        let wish = options.wish.clone();
        let chosen = choose(code.interface(), &wish);
        let is_open = wish.may_run() && is_contested(&chosen);
        let chosen = match chosen {
            Err(error) if !is_open => {
                // Of a module that is not valid, that is told.
                code.validate(cancellation).map_err(OpenError::Load)?;
                return Err(OpenError::NoConvention(error));
            }
            chosen => chosen,
        };
        let debug = DebugInfo::new(code.binary().into(), Some(Path::new(&source.name)), options.source_maps.clone());
        let debug = Arc::new(debug);
        let points = if options.trace.pauses { options.stops.points(&debug) } else { PointRequest::default() };
        let program = code.compile_with(options.limits, options.trace, &points, &options.compile, cancellation);
        let mut program = program.map_err(OpenError::Load)?;
        let args = std::iter::once(source.name.clone().into()).chain(options.args.iter().cloned());
        let invocation = Invocation { args: args.collect(), env: options.env.clone() };
        watch.set_step_limit(options.limits.step);
        let choice = match is_open {
            true => settle(chosen, &program, (&wish, options.probe.as_deref()), &invocation, &watch),
            false => chosen,
        };
        let choice = choice.map_err(OpenError::NoConvention)?;
        options.stops.tell(&watch, &debug, program.points());
        program.set_symbols(debug.clone());
        let mut recorder = Recorder::new(options.listener.clone());
        recorder.set_patience(options.patience);
        recorder.set_limits(options.limits.record, options.limits.steps);
        let birth = GuestFactory { program: &program, bound: &choice.bound, invocation: &invocation, watch: &watch };
        let (guest, exchange, made) = birth.instance()?;
        let poison = options.poison.map(|byte| Poison::new(byte, facts(program.interface(), &choice.recipe)));
        Ok(Live {
            program,
            debug,
            wish,
            choice,
            invocation,
            guest,
            exchange,
            recorder,
            watch,
            used: false,
            started: Duration::ZERO,
            driving: Driving::new(options.batch),
            name: source.name.clone(),
            stops: options.stops.clone(),
            made,
            is_unstoppable: false,
            poison,
        })
    }

    /// Starts the guest that was loaded first, and returns the cause of its start, unless loading was cancelled before
    /// the start is over: nobody else would notice.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(super) fn start_unless(&mut self, cancellation: &Cancellation) -> Result<Cause, OpenError> {
        let start = self.start()?;
        match cancellation.is_cancelled() {
            true => Err(OpenError::Load(LoadError::Cancelled)),
            false => Ok(start),
        }
    }

    /// Starts the guest that was loaded, and returns the cause of its start.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub(super) fn start(&mut self) -> Result<Cause, OpenError> {
        self.begin(Trigger::Start);
        let Live { guest, exchange, recorder, poison, made, .. } = self;
        let outcome = prepare(guest, exchange, recorder, poison.as_mut(), *made);
        self.watch.control().end();
        let start = recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        self.started = time_of_code(&start);
        outcome.map_err(OpenError::Prepare)?;
        Ok(start)
    }

    /// A cause begins.
    fn begin(&mut self, trigger: Trigger) {
        self.recorder.begin(trigger);
        self.watch.control().begin(self.is_unstoppable);
    }

    /// A cause is over.
    fn end(&mut self, trigger: Trigger, outcome: Outcome) -> Cause {
        let ran_out =
            outcome.as_ref().is_err_and(|failure| matches!(failure.root(), Failure::Limit(limit) if limit.is_time()));
        if ran_out && self.watch.control().has_watches() {
            self.recorder.note(SLOWED);
        }
        self.watch.control().end();
        self.recorder.end(trigger, outcome)
    }

    pub(super) fn birth(&self) -> GuestFactory<'_> {
        GuestFactory {
            program: &self.program,
            bound: &self.choice.bound,
            invocation: &self.invocation,
            watch: &self.watch,
        }
    }

    /// Creates a fresh instance if each line gets its own and the current one was used.
    fn refresh(&mut self) -> Result<Before, Failure> {
        let used = std::mem::replace(&mut self.used, true);
        if !self.choice.bound.is_fresh_each_line() {
            return Ok(Before::default());
        }
        if !used {
            return Ok(Before { spent: std::mem::take(&mut self.started), made: None });
        }
        if self.program.may_improve() {
            self.program.improve();
        }
        let instance = self.birth().instance();
        let (guest, exchange, elapsed) = instance.map_err(|error| Failure::NotInstantiated(error.to_string()))?;
        let start = guest.start().cloned();
        (self.guest, self.exchange) = (guest, exchange);
        Ok(Before { spent: Duration::ZERO, made: Some((elapsed, start)) })
    }

    /// Why the guest's stores are not recorded, if they were supposed to be. Changes are found by comparing instead.
    pub fn why_untraced(&self) -> Option<&str> {
        self.program.why_untraced()
    }

    /// The convention in use.
    pub fn choice(&self) -> &ResolvedConvention {
        &self.choice
    }

    /// The current memories, as far as recorded.
    pub fn present(&self) -> &Memories {
        self.recorder.present()
    }

    /// Runs one exchange, unrecorded. Appends the answer to `answer`, which is unchanged if there is none.
    pub fn answer(&mut self, line: InputLine<'_>, answer: &mut Vec<u8>) -> Ended {
        let before = match self.refresh() {
            Ok(before) => before,
            Err(failure) => return failure.into(),
        };
        let Live { guest, exchange, watch, .. } = self;
        before.then(watch, || true, guest, exchange, line, answer)
    }

    /// The watchdog of the guest.
    pub fn watch(&self) -> &Watchdog {
        &self.watch
    }

    /// Whether the guest is a program that can read and write streams.
    pub fn can_stream(&self) -> bool {
        self.exchange.can_stream()
    }

    /// Runs a program, unrecorded, on streams in place of a line and its answer. The time limit applies to what it does
    /// between two reads or writes.
    ///
    /// # Errors
    /// A stream failed, and the program was ended.
    pub fn stream(&mut self, streams: Streams) -> Result<Ended, StreamError> {
        self.exchange.connect(streams);
        let ended = self.answer(InputLine { bytes: &[], ended: false }, &mut Vec::new());
        self.exchange.disconnect().map_or(Ok(ended), Err)
    }

    /// Runs exchanges, unrecorded, for lines that each end with `separator`. Appends the answers, each with a
    /// separator. Returns after a line that fails or makes the guest emit a message, when many bytes of answers wait or
    /// answers are refused, or when lines are cancelled.
    pub fn answers(&mut self, lines: &[u8], separator: u8, answers: &mut dyn Answers) -> Answered {
        let enough = answers.buffer().len() + GATHER;
        let mut done = Answered { lines: 0, bytes: 0, ended: Ended::WELL };
        while done.bytes < lines.len() {
            let more = self.answer_some(&lines[done.bytes..], separator, answers);
            (done.lines, done.bytes, done.ended) = (done.lines + more.lines, done.bytes + more.bytes, more.ended);
            let is_said = self.messages().is_any();
            let is_enough = answers.is_refused() || answers.buffer().len() >= enough;
            if !done.ended.is_well() || is_said || is_enough || self.watch.cancels() {
                break;
            }
        }
        done
    }

    /// Answers one line or, if the recipe is compiled, as many as possible in one call.
    fn answer_some(&mut self, lines: &[u8], separator: u8, answers: &mut dyn Answers) -> Answered {
        self.drive_if_due(lines.len());
        let Live { guest, exchange, driving, .. } = self;
        let batch = driving.batch.as_mut();
        if let Some(done) = batch.and_then(|batch| exchange.answer_batch(guest, batch, lines, separator, answers)) {
            return done;
        }
        let len = memchr::memchr(separator, lines).unwrap_or(lines.len());
        let answers = answers.buffer();
        let ended = self.answer(InputLine { bytes: &lines[..len], ended: true }, answers);
        if ended.answer.is_ok() {
            answers.push(separator);
        }
        self.driving.count(ended.answer.is_ok());
        Answered { lines: 1, bytes: len + 1, ended }
    }

    /// Runs one exchange, recorded. Numbers must increase, as cancelling refers to them.
    pub fn send(&mut self, line: InputLine<'_>, number: u64) -> Cause {
        let mut answer = Vec::new();
        self.begin(Trigger::Line(line.bytes.to_vec()));
        // No guest is created for a cancelled line, except if it is cancelled while that happens.
        let before = if self.watch.is_cancelled(number) { Err(Failure::Cancelled) } else { self.refresh() };
        let Live { guest, exchange, recorder, watch, poison, .. } = self;
        let mut recorded = Recorded::new(guest, recorder);
        let ended = match before {
            Ok(before) => {
                let goes_on = || !watch.is_cancelled(number);
                match poison {
                    Some(poison) => {
                        if before.made.is_some() {
                            poison.clear();
                        }
                        let mut poisoned = Poisoned::new(&mut recorded, poison);
                        before.then(watch, goes_on, &mut poisoned, exchange, line, &mut answer)
                    }
                    None => before.then(watch, goes_on, &mut recorded, exchange, line, &mut answer),
                }
            }
            Err(failure) => failure.into(),
        };
        let outcome = ended.answer.map(|()| answer).map_err(|failure| *failure);
        let cause = self.end(Trigger::Line(line.bytes.to_vec()), outcome);
        Cause { cleanup: ended.cleanup.map(|failure| *failure), ..cause }
    }

    /// The guest's messages during the last exchange.
    pub fn messages(&self) -> &Messages {
        self.exchange.messages()
    }

    /// Runs an operation, recorded and under the watchdog, unless it was cancelled.
    fn recorded(
        &mut self,
        number: u64,
        act: impl FnOnce(&mut ManualAccess<'_, '_>) -> Result<(), Box<Failure>>,
    ) -> Result<(), Failure> {
        let Live { guest, exchange, recorder, poison, watch, .. } = self;
        let recorded = &mut Recorded::new(guest, recorder);
        watch.during(|| match watch.is_cancelled(number) {
            true => Err(Failure::Cancelled),
            false => act(&mut ManualAccess { exchange, recorded, poison: poison.as_mut() }).map_err(|failure| *failure),
        })
    }
}

/// The state before a line: a fresh guest, or one that answered lines before.
#[derive(Default)]
struct Before {
    /// How much of the line's time limit the guest's start already used.
    spent: Duration,
    /// For a guest created for this line: how long that took, and the start function, which has yet to run.
    made: Option<(Duration, Option<Func>)>,
}

impl Before {
    /// The single path of all exchanges, recorded or not. The guest's start, if it has yet to run, shares the line's
    /// time limit.
    #[inline(always)]
    fn then<B: Boundary>(
        self,
        watch: &Watchdog,
        goes_on: impl FnOnce() -> bool,
        boundary: &mut B,
        exchange: &mut Exchange,
        line: InputLine<'_>,
        answer: &mut Vec<u8>,
    ) -> Ended {
        let Before { spent, made } = self;
        let work = || {
            if let Some((elapsed, start)) = made {
                boundary.instantiated(elapsed);
                if let Err(failure) = exchange.prepare(boundary, start.as_ref()) {
                    return failure.into();
                }
            }
            if goes_on() { exchange.exchange(boundary, line, answer) } else { Failure::Cancelled.into() }
        };
        if spent.is_zero() { watch.during(work) } else { watch.during_rest(spent, work) }
    }
}

/// Operations for commands.
impl Live {
    /// The module's exports and imports.
    pub fn interface(&self) -> &Interface {
        self.program.interface()
    }

    /// The module's debug information.
    pub fn debug(&self) -> &Arc<DebugInfo> {
        &self.debug
    }

    /// Changes the limits of this guest and later ones. The memory limit applies when the next module is loaded.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.watch.set_limit(limits.time);
        self.recorder.set_limits(limits.record, limits.steps);
        self.watch.set_step_limit(limits.step);
        self.program.set_limits(limits);
        self.guest.set_limits(limits);
        self.exchange.set_limits(&limits);
    }

    /// The exported globals with their current values.
    pub fn globals(&mut self) -> Vec<Global> {
        self.guest.globals()
    }

    /// Runs an operation on the guest, recorded, unless it was cancelled.
    pub(super) fn act(
        &mut self,
        words: String,
        number: u64,
        act: impl FnOnce(&mut ManualAccess<'_, '_>) -> Result<(), Box<Failure>>,
    ) -> Cause {
        self.begin(Trigger::Command(words.clone()));
        let outcome = self.recorded(number, act);
        let cause = self.end(Trigger::Command(words), outcome.map(|()| Vec::new()));
        // A command usually makes a single step, which gets the focus.
        let focus = cause.focus.or((!cause.steps.is_empty()).then_some(0));
        Cause { focus, ..cause }
    }

    /// What the guest was compiled with.
    pub(super) fn passes(&self) -> Passes {
        self.program.passes()
    }

    /// Where the guest can be stopped.
    pub(super) fn points(&self) -> &Points {
        self.program.points()
    }
}

/// Manual access to a guest; the recipe handles its imports meanwhile.
pub(super) struct ManualAccess<'a, 'r> {
    exchange: &'a mut Exchange,
    pub(super) recorded: &'a mut Recorded<'r, Guest>,
    poison: Option<&'a mut Poison>,
}

impl ManualAccess<'_, '_> {
    /// Calls an export.
    ///
    /// # Errors
    /// Why the call did not return.
    pub(super) fn call(&mut self, func: &Func, args: &[Value]) -> Result<(), Box<Failure>> {
        let outcome = match &mut self.poison {
            Some(poison) => self.exchange.call(&mut Poisoned::new(self.recorded, poison), func, args),
            None => self.exchange.call(self.recorded, func, args),
        };
        Ok(outcome?)
    }
}
