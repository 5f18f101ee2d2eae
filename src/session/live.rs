//! A guest at work: the program, an instance of it, and the convention that drives it.

use std::fmt;
use std::time::Instant;

use crate::abi::{Bound, Exchange, NoConvention, Recipe, Wish, choose};
use crate::guest::{Boundary, Global, Guest, Interface, Limits, LoadError, Program, Recorded, Watch};
use crate::record::{Actor, Cause, Failure, Limit, Memories, Outcome, Recorder, Step, Trigger};

use super::Source;

/// What the user says about how a guest is to be run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What the guest may use.
    pub limits: Limits,
    /// What is said about the convention.
    pub wish: Wish,
}

/// A guest at work. It stays on the thread that made it.
///
/// [`Live::answer`] is the fast way and records nothing; [`Live::send`] records. Use one or the other.
pub struct Live {
    program: Program,
    recipe: Recipe,
    bound: Bound,
    guest: Guest,
    exchange: Exchange,
    recorder: Recorder,
    watch: Watch,
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
    pub fn open(source: &Source, options: &Options, watch: Watch) -> Result<(Live, Cause), OpenError> {
        let program = Program::compile(&source.name, &source.bytes, options.limits).map_err(OpenError::Load)?;
        let (recipe, bound) = choose(program.interface(), &options.wish).map_err(OpenError::NoConvention)?;
        let mut recorder = Recorder::default();
        let (guest, exchange, start) = begin(&program, &bound, &watch, &mut recorder)?;
        Ok((Live { program, recipe, bound, guest, exchange, recorder, watch }, start))
    }

    /// Replaces the guest by a fresh instance of its module, and returns what its start did.
    ///
    /// # Errors
    /// As when it was opened: the start function ran again.
    pub fn restart(&mut self) -> Result<Cause, OpenError> {
        let mut recorder = Recorder::default();
        let begun = begin(&self.program, &self.bound, &self.watch, &mut recorder);
        let (guest, exchange, start) = begun.inspect_err(|_| self.guest.take_watch())?;
        (self.guest, self.exchange, self.recorder) = (guest, exchange, recorder);
        Ok(start)
    }

    /// The recipe in use, with the guest's own names.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// The memories as they are now, as far as they were recorded.
    pub fn present(&self) -> &Memories {
        self.recorder.present()
    }

    /// One exchange, unrecorded: the answer is appended to `answer`.
    ///
    /// # Errors
    /// Why there is no answer; `answer` is as it was then.
    pub fn answer(&mut self, line: &[u8], answer: &mut Vec<u8>) -> Result<(), Failure> {
        self.watch.during(|| self.exchange.exchange(&mut self.guest, line, answer))
    }

    /// One exchange, recorded. Lines are numbered upwards, so that those that were cancelled are known.
    pub fn send(&mut self, line: Vec<u8>, number: u64) -> Cause {
        let mut answer = Vec::new();
        let outcome = self.recorded(number, |exchange, recorded| exchange.exchange(recorded, &line, &mut answer));
        self.recorder.end(Trigger::Line(line), outcome.map(|()| answer))
    }

    /// Does something to the guest under observation and under the watch, unless it was cancelled.
    fn recorded(
        &mut self,
        number: u64,
        act: impl FnOnce(&mut Exchange, &mut Recorded<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut recorded = Recorded::new(&mut self.guest, &mut self.recorder);
        self.watch.during(|| match self.watch.is_cancelled(number) {
            true => Err(Failure::Cancelled),
            false => act(&mut self.exchange, &mut recorded),
        })
    }
}

/// What a command does, beside lines.
impl Live {
    /// What the module exports and imports.
    pub fn interface(&self) -> &Interface {
        self.program.interface()
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
        act: impl FnOnce(&mut Recorded<'_>) -> Result<(), Box<Failure>>,
    ) -> Cause {
        let outcome = self.recorded(number, |_, recorded| act(recorded).map_err(|failure| *failure));
        let cause = self.recorder.end(Trigger::Command(words), outcome.map(|()| Vec::new()));
        // What a command does is mostly one crossing, and that is the one to look at.
        let focus = cause.focus.or((!cause.crossings.is_empty()).then_some(0));
        Cause { focus, ..cause }
    }

    /// Replaces the guest by one of another module, and returns what its start did. On an error all stays as it
    /// was.
    ///
    /// # Errors
    /// As for [`Live::open`].
    pub(super) fn reload(&mut self, source: &Source, options: &Options) -> Result<Cause, OpenError> {
        let opened = Live::open(source, options, self.watch.clone());
        let (live, start) = opened.inspect_err(|_| self.guest.take_watch())?;
        *self = live;
        Ok(start)
    }
}

/// A fresh guest, its convention, and the cause that its start is.
fn begin(
    program: &Program,
    bound: &Bound,
    watch: &Watch,
    recorder: &mut Recorder,
) -> Result<(Guest, Exchange, Cause), OpenError> {
    let since = Instant::now();
    let mut guest = program.instantiate(watch).map_err(OpenError::Load)?;
    let elapsed = since.elapsed();
    recorder.enter(Step::Instantiate);
    guest.compare(recorder, Actor::Module);
    recorder.leave(elapsed);
    let mut exchange = Exchange::new(bound.clone(), &mut guest).map_err(OpenError::Prepare)?;
    let start = guest.start().cloned();
    let mut recorded = Recorded::new(&mut guest, recorder);
    watch
        .during(|| {
            start.map_or(Ok(()), |start| recorded.call(&start, &[]).map(|_| ())).map_err(|failure| *failure)?;
            exchange.prepare(&mut recorded)
        })
        .map_err(OpenError::Prepare)?;
    let cause = recorder.end(Trigger::Start, Outcome::Ok(Vec::new()));
    Ok((guest, exchange, cause))
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
