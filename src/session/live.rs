//! A guest at work: the program, an instance of it, and the convention that drives it.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::abi::{
    Answered, Batch, Bound, ConventionRequest, Ended, Exchange, InputLine, Invocation, Messages, NoConvention,
    ResolvedConvention, choose,
};
use crate::debug::{DebugInfo, PathMapping};
use crate::guest::{
    Boundary, Code, DriverCode, Func, Global, Guest, Interface, Limits, LoadError, Passes, Program, Recorded, Watchdog,
};
use crate::record::{Cause, Failure, Limit, Listener, Memories, Outcome, Recorder, StepKind, Trigger, Value};

use super::{Resend, Source, Watched};

/// What the user says about how a guest is to be run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the guest may use.
    pub limits: Limits,
    /// What is said about the convention.
    pub wish: ConventionRequest,
    /// The arguments of a guest that is a program, behind its name.
    pub args: Vec<OsString>,
    /// Where the source files of a guest are.
    pub source_maps: Vec<PathMapping>,
    /// The environment of a guest that is a program, `NAME=VALUE` each.
    pub env: Vec<OsString>,
    /// What the guest records of its accesses to memory.
    pub trace: Passes,
    /// How much of an exchange's time may go into comparing memory at calls of imports, where stores are not recorded;
    /// `None` for two seconds.
    pub patience: Option<Duration>,
    /// Who hears what the guest says while it says it.
    pub listener: Option<Listener>,
    /// The files that are watched: when one changes, the guest is reloaded.
    pub watched: Watched,
    /// What is sent again to a guest that was reloaded because its file changed.
    pub resend: Resend,
}

/// A guest at work. It stays on the thread that made it.
///
/// [`Live::answer`] is the fast way and records nothing; [`Live::send`] records. Use one or the other.
pub struct Live {
    program: Program,
    debug: Arc<DebugInfo>,
    /// What was said about the convention, and what came of it.
    wish: ConventionRequest,
    choice: ResolvedConvention,
    invocation: Invocation,
    guest: Guest,
    exchange: Exchange,
    recorder: Recorder,
    watch: Watchdog,
    /// Whether the guest answered a line.
    used: bool,
    /// How long its code ran when it was started.
    started: Duration,
    driving: Driving,
}

/// How many lines a guest answers before its recipe is compiled, which takes as long as they do.
const WARM: usize = 10_000;
/// The same for a fresh guest of a module whose recipe is compiled: only putting it to work costs something.
const AGAIN: usize = 100;
/// Answers gather up to this many bytes before they are handed over.
pub const GATHER: usize = 64 << 10;

/// The recipe compiled, for batches of lines.
#[derive(Default)]
struct Driving {
    /// `None` if it was not compiled yet; inside, `None` if it cannot be.
    code: Option<Option<DriverCode>>,
    batch: Option<Batch>,
    /// How many lines this guest answered without.
    lines: usize,
    /// How many lines were answered, by whichever guest: with each, an assumed convention is more likely right.
    answered: usize,
}

/// Why a guest cannot be set to work.
#[derive(Debug)]
pub enum OpenError {
    /// The module cannot be loaded or instantiated.
    Load(LoadError),
    /// No convention was chosen.
    NoConvention(NoConvention),
    /// The guest's start function failed, or what it is asked once.
    Prepare(Failure),
}

impl Live {
    /// Loads a guest, chooses its convention, and starts it; also returns what the start did.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(source: &Source, options: &Options, watch: Watchdog) -> Result<(Live, Cause), OpenError> {
        let code = Code::read(&source.name, &source.bytes).map_err(OpenError::Load)?;
        // Before it is compiled, which may take seconds.
        let wish = options.wish.clone();
        let choice = choose(code.interface(), &wish).map_err(OpenError::NoConvention)?;
        let debug = DebugInfo::new(code.binary().into(), Some(Path::new(&source.name)), options.source_maps.clone());
        let debug = Arc::new(debug);
        let mut program = code.compile_traced(options.limits, options.trace).map_err(OpenError::Load)?;
        program.set_symbols(debug.clone());
        let args = std::iter::once(source.name.clone().into()).chain(options.args.iter().cloned());
        let invocation = Invocation { args: args.collect(), env: options.env.clone() };
        let mut recorder = Recorder::new(options.listener.clone());
        recorder.set_patience(options.patience);
        let birth = GuestFactory { program: &program, bound: &choice.bound, invocation: &invocation, watch: &watch };
        let (mut guest, mut exchange, elapsed) = birth.instance()?;
        let outcome = prepare(&mut guest, &mut exchange, &mut recorder, elapsed);
        let start = recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        let started = time_of_code(&start);
        outcome.map_err(OpenError::Prepare)?;
        Ok((
            Live {
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
                started,
                driving: Driving::default(),
            },
            start,
        ))
    }

    /// Replaces the guest by a fresh instance of its module, and returns what its start did.
    ///
    /// # Errors
    /// As when it was opened: the start function ran again.
    pub fn restart(&mut self) -> Result<Cause, OpenError> {
        let mut recorder = self.recorder.renewed();
        let (mut guest, mut exchange, elapsed) = self.birth().instance().inspect_err(|_| self.guest.take_watch())?;
        if let Err(failure) = prepare(&mut guest, &mut exchange, &mut recorder, elapsed) {
            self.guest.take_watch();
            return Err(OpenError::Prepare(failure));
        }
        (self.guest, self.exchange, self.recorder, self.used) = (guest, exchange, recorder, false);
        (self.driving.batch, self.driving.lines) = (None, 0);
        let start = self.recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
        self.started = time_of_code(&start);
        Ok(start)
    }

    fn birth(&self) -> GuestFactory<'_> {
        GuestFactory {
            program: &self.program,
            bound: &self.choice.bound,
            invocation: &self.invocation,
            watch: &self.watch,
        }
    }

    /// Where each line has a fresh instance for itself: makes one, unless the present one is fresh still.
    fn refresh(&mut self) -> Result<Before, Failure> {
        let used = std::mem::replace(&mut self.used, true);
        if !self.choice.bound.is_fresh_each_line() {
            return Ok(Before::default());
        }
        if !used {
            return Ok(Before { spent: std::mem::take(&mut self.started), made: None });
        }
        let instance = self.birth().instance();
        let (guest, exchange, elapsed) = instance.map_err(|error| Failure::NotInstantiated(error.to_string()))?;
        let start = guest.start().cloned();
        (self.guest, self.exchange) = (guest, exchange);
        Ok(Before { spent: Duration::ZERO, made: Some((elapsed, start)) })
    }

    /// Why the guest's stores are not recorded, where they were to be: changes are found by comparing then.
    pub fn why_untraced(&self) -> Option<&str> {
        self.program.why_untraced()
    }

    /// How the guest is talked to.
    pub fn choice(&self) -> &ResolvedConvention {
        &self.choice
    }

    /// Talks to the guest in another way, for which a fresh guest is made; returns what its start did. On an error all
    /// stays as it was.
    ///
    /// # Errors
    /// The convention does not fit, or as for [`Live::restart`].
    pub(super) fn adopt(&mut self, named: &Path) -> Result<Cause, OpenError> {
        let wish = self.wish.named(named).map_err(OpenError::NoConvention)?;
        let choice = choose(self.program.interface(), &wish).map_err(OpenError::NoConvention)?;
        let before = std::mem::replace(&mut self.choice, choice);
        let started = self.restart();
        match started {
            Ok(_) => (self.wish, self.driving) = (wish, Driving::default()),
            Err(_) => self.choice = before,
        }
        started
    }

    /// The memories as they are now, as far as they were recorded.
    pub fn present(&self) -> &Memories {
        self.recorder.present()
    }

    /// One exchange, unrecorded: the answer is appended to `answer`, which stays as it is if there is none.
    pub fn answer(&mut self, line: InputLine<'_>, answer: &mut Vec<u8>) -> Ended {
        let before = match self.refresh() {
            Ok(before) => before,
            Err(failure) => return failure.into(),
        };
        let Live { guest, exchange, watch, .. } = self;
        before.then(watch, || true, guest, exchange, line, answer)
    }

    /// Exchanges, unrecorded: for lines that end with `separator` each, from the first one on. The answers are appended
    /// to `answers`, with a separator behind each. Ends behind a line that fails, and
    /// behind one beside whose answer the guest said something; when the answers come to many bytes; when lines are
    /// cancelled.
    pub fn answers(&mut self, lines: &[u8], separator: u8, answers: &mut Vec<u8>) -> Answered {
        let enough = answers.len() + GATHER;
        let mut done = Answered { lines: 0, bytes: 0, ended: Ended::WELL };
        while done.bytes < lines.len() {
            let more = self.answer_some(&lines[done.bytes..], separator, answers);
            (done.lines, done.bytes, done.ended) = (done.lines + more.lines, done.bytes + more.bytes, more.ended);
            let is_said = self.messages().is_any();
            if !done.ended.is_well() || is_said || answers.len() >= enough || self.watch.cancels() {
                break;
            }
        }
        done
    }

    /// Answers one line or, where the recipe is compiled, as many as go in one call.
    fn answer_some(&mut self, lines: &[u8], separator: u8, answers: &mut Vec<u8>) -> Answered {
        let enough = if self.driving.code.is_some() { AGAIN } else { WARM };
        if self.driving.batch.is_none() && self.driving.lines >= enough {
            self.warm_up();
        }
        let Live { guest, exchange, driving, .. } = self;
        let batch = driving.batch.as_mut();
        if let Some(done) = batch.and_then(|batch| exchange.answer_batch(guest, batch, lines, separator, answers)) {
            return done;
        }
        let len = memchr::memchr(separator, lines).unwrap_or(lines.len());
        let ended = self.answer(InputLine { bytes: &lines[..len], ended: true }, answers);
        if ended.answer.is_ok() {
            answers.push(separator);
            self.driving.answered += 1;
        }
        self.driving.lines += 1;
        Answered { lines: 1, bytes: len + 1, ended }
    }

    /// Compiles the recipe, if it can be and was not yet, and has [`Live::answers`] drive the guest by it from now on;
    /// false if it cannot be, or if its convention was assumed and has not answered many lines yet. After many lines it
    /// does so by itself.
    pub fn warm_up(&mut self) -> bool {
        // A compiled recipe does not check whether results are plausible.
        if self.choice.assumed.is_some() && self.driving.answered < WARM {
            self.driving.lines = 0;
            return false;
        }
        let Live { program, guest, exchange, driving, .. } = self;
        let code = driving.code.get_or_insert_with(|| {
            let compiled = exchange.compile(program);
            debug_assert!(compiled.is_ok(), "what a recipe is compiled to is right");
            // Nothing depends on it but speed.
            compiled.ok().flatten()
        });
        driving.batch = code.as_ref().and_then(|code| exchange.attach(guest, code));
        if driving.batch.is_none() {
            driving.code = Some(None);
        }
        driving.lines = 0;
        driving.batch.is_some()
    }

    /// One exchange, recorded. Lines are numbered upwards, so that those that were cancelled are known.
    pub fn send(&mut self, line: InputLine<'_>, number: u64) -> Cause {
        let mut answer = Vec::new();
        // No guest is made for a line that is cancelled, unless that happens meanwhile.
        let before = if self.watch.is_cancelled(number) { Err(Failure::Cancelled) } else { self.refresh() };
        let Live { guest, exchange, recorder, watch, .. } = self;
        let mut recorded = Recorded::new(guest, recorder);
        let ended = match before {
            Ok(before) => {
                let goes_on = || !watch.is_cancelled(number);
                before.then(watch, goes_on, &mut recorded, exchange, line, &mut answer)
            }
            Err(failure) => failure.into(),
        };
        let cause = self.recorder.end(Trigger::Line(line.bytes.to_vec()), ended.answer.map(|()| answer));
        Cause { cleanup: ended.cleanup, ..cause }
    }

    /// What the guest said beside its answer, during the last exchange.
    pub fn messages(&self) -> &Messages {
        self.exchange.messages()
    }

    /// Does something to the guest under observation and under the watch, unless it was cancelled.
    fn recorded(
        &mut self,
        number: u64,
        act: impl FnOnce(&mut Exchange, &mut Recorded<'_, Guest>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut recorded = Recorded::new(&mut self.guest, &mut self.recorder);
        self.watch.during(|| match self.watch.is_cancelled(number) {
            true => Err(Failure::Cancelled),
            false => act(&mut self.exchange, &mut recorded),
        })
    }
}

/// What there is before a line: of the guest, a fresh one or one that answered lines before.
#[derive(Default)]
struct Before {
    /// How much of the line's time limit its guest's start took already.
    spent: Duration,
    /// For a guest that was made for this line: how long that took, and its start function. Its start is yet to come.
    made: Option<(Duration, Option<Func>)>,
}

impl Before {
    /// The one way of an exchange, recorded or not, for which the guest's start, if it is still to come, and the line
    /// have one time limit together.
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

/// How long the guest's code ran in its start.
fn time_of_code(start: &Cause) -> Duration {
    let made =
        start.steps.iter().find(|step| step.kind == StepKind::Instantiate).map_or(Duration::ZERO, |step| step.elapsed);
    start.elapsed().saturating_sub(made)
}

/// What a command does, beside lines.
impl Live {
    /// What the module exports and imports.
    pub fn interface(&self) -> &Interface {
        self.program.interface()
    }

    /// What the module tells about itself.
    pub fn debug(&self) -> &Arc<DebugInfo> {
        &self.debug
    }

    /// Changes what the guest may use, and those that follow it; the memory limit is that of the next one to be loaded.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.watch.set_limit(limits.time);
        self.program.set_limits(limits);
        self.guest.set_limits(limits);
        self.exchange.set_longest(limits.output);
    }

    /// The exported globals as they are now.
    pub fn globals(&mut self) -> Vec<Global> {
        self.guest.globals()
    }

    /// Does something to the guest, recorded, unless it was cancelled.
    pub(super) fn act(
        &mut self,
        words: String,
        number: u64,
        act: impl FnOnce(&mut ManualAccess<'_, '_>) -> Result<(), Box<Failure>>,
    ) -> Cause {
        let outcome = self.recorded(number, |exchange, recorded| {
            act(&mut ManualAccess { exchange, recorded }).map_err(|failure| *failure)
        });
        let cause = self.recorder.end(Trigger::Command(words), outcome.map(|()| Vec::new()));
        // What a command does is mostly one step, and that is the one to look at.
        let focus = cause.focus.or((!cause.steps.is_empty()).then_some(0));
        Cause { focus, ..cause }
    }

    /// Replaces the guest by one of another module, and returns what its start did. On an error all stays as it
    /// was.
    ///
    /// # Errors
    /// As for [`Live::open`].
    pub(super) fn reload(&mut self, source: &Source, options: &Options) -> Result<Cause, OpenError> {
        let options = Options { wish: self.wish.clone(), ..options.clone() };
        let opened = Live::open(source, &options, self.watch.clone());
        let (live, start) = opened.inspect_err(|_| self.guest.take_watch())?;
        *self = live;
        Ok(start)
    }
}

/// A guest reached by hand: the recipe answers its imports meanwhile.
pub(super) struct ManualAccess<'a, 'r> {
    exchange: &'a mut Exchange,
    pub(super) recorded: &'a mut Recorded<'r, Guest>,
}

impl ManualAccess<'_, '_> {
    /// Calls an export.
    ///
    /// # Errors
    /// Why it did not return.
    pub(super) fn call(&mut self, func: &Func, args: &[Value]) -> Result<(), Box<Failure>> {
        Ok(self.exchange.call(self.recorded, func, args)?)
    }
}

/// What it takes to make a fresh guest.
struct GuestFactory<'a> {
    program: &'a Program,
    bound: &'a Bound,
    invocation: &'a Invocation,
    watch: &'a Watchdog,
}

impl GuestFactory<'_> {
    /// A fresh guest, none of whose code has run, its convention, and how long making it took.
    fn instance(&self) -> Result<(Guest, Exchange, Duration), OpenError> {
        let since = Instant::now();
        let mut guest = self.program.instantiate(self.watch).map_err(OpenError::Load)?;
        let elapsed = since.elapsed();
        let limits = self.program.limits();
        let exchange =
            Exchange::new(self.bound.clone(), &mut guest, self.invocation, &limits).map_err(OpenError::Prepare)?;
        Ok((guest, exchange, elapsed))
    }
}

/// Records that a guest was made, and has it start.
fn prepare(
    guest: &mut Guest,
    exchange: &mut Exchange,
    recorder: &mut Recorder,
    elapsed: Duration,
) -> Result<(), Failure> {
    let (start, watch) = (guest.start().cloned(), guest.watch().clone());
    let mut recorded = Recorded::new(guest, recorder);
    recorded.instantiated(elapsed);
    watch.during(|| exchange.prepare(&mut recorded, start.as_ref()))
}

impl OpenError {
    /// Whether it was the time limit that ended the guest's start.
    pub fn is_time_limit(&self) -> bool {
        matches!(self, OpenError::Prepare(failure) if matches!(failure.root(), Failure::Limit(Limit::Time(_))))
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Load(error) => error.fmt(f),
            OpenError::NoConvention(error) => error.fmt(f),
            OpenError::Prepare(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for OpenError {}
