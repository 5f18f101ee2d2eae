//! Creates and starts a guest with its convention, or says why it cannot.

use std::fmt;
use std::time::{Duration, Instant};

use super::poison::{Poison, Poisoned};
use crate::abi::{Bound, Exchange, Invocation, NoConvention};
use crate::guest::{Boundary, Guest, LoadError, Program, Recorded, Watchdog};
use crate::record::{Cause, Failure, Limit, Recorder, StepKind};

/// Everything needed to create a guest.
pub(super) struct GuestFactory<'a> {
    pub(super) program: &'a Program,
    pub(super) bound: &'a Bound,
    pub(super) invocation: &'a Invocation,
    pub(super) watch: &'a Watchdog,
}

impl GuestFactory<'_> {
    /// Creates a guest, none of whose code has run, with its convention. Also returns how long that took.
    pub(super) fn instance(&self) -> Result<(Guest, Exchange, Duration), OpenError> {
        let since = Instant::now();
        let mut guest = self.program.instantiate(self.watch).map_err(OpenError::Load)?;
        let elapsed = since.elapsed();
        let limits = self.program.limits();
        let exchange =
            Exchange::new(self.bound.clone(), &mut guest, self.invocation, &limits).map_err(OpenError::Prepare)?;
        Ok((guest, exchange, elapsed))
    }
}

/// Records that a guest was created, and starts it.
pub(super) fn prepare(
    guest: &mut Guest,
    exchange: &mut Exchange,
    recorder: &mut Recorder,
    poison: Option<&mut Poison>,
    elapsed: Duration,
) -> Result<(), Failure> {
    let (start, watch) = (guest.start().cloned(), guest.watch().clone());
    let mut recorded = Recorded::new(guest, recorder);
    recorded.instantiated(elapsed);
    watch.during(|| match poison {
        Some(poison) => exchange.prepare(&mut Poisoned::new(&mut recorded, poison), start.as_ref()),
        None => exchange.prepare(&mut recorded, start.as_ref()),
    })
}

/// How long the guest's code ran during its start.
pub(super) fn time_of_code(start: &Cause) -> Duration {
    let made =
        start.steps.iter().find(|step| step.kind == StepKind::Instantiate).map_or(Duration::ZERO, |step| step.elapsed);
    start.elapsed().saturating_sub(made)
}

/// Why a guest cannot be opened.
#[derive(Debug)]
pub enum OpenError {
    /// The module cannot be loaded or instantiated.
    Load(LoadError),
    /// No convention was chosen.
    NoConvention(NoConvention),
    /// The guest's start function failed, or a call that its recipe makes once.
    Prepare(Failure),
    /// The guest cannot be compiled so that it can be stopped.
    Unstoppable(String),
}

impl OpenError {
    /// Whether compiling the guest or its start exceeded a limit.
    pub fn is_limit(&self) -> bool {
        match self {
            OpenError::Load(error) => matches!(error, LoadError::TooCostly(_)),
            OpenError::Prepare(failure) => matches!(failure.root(), Failure::Limit(Limit::Time(_))),
            OpenError::NoConvention(_) | OpenError::Unstoppable(_) => false,
        }
    }

    /// Whether the user interrupted loading the guest or its start.
    pub fn is_interrupted(&self) -> bool {
        match self {
            OpenError::Load(error) => matches!(error, LoadError::Cancelled),
            OpenError::Prepare(failure) => *failure.root() == Failure::Interrupted,
            OpenError::NoConvention(_) | OpenError::Unstoppable(_) => false,
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::Load(error) => error.fmt(f),
            OpenError::NoConvention(error) => error.fmt(f),
            OpenError::Prepare(failure) => failure.fmt(f),
            OpenError::Unstoppable(why) => write!(f, "it cannot be stopped: {why}"),
        }
    }
}

impl std::error::Error for OpenError {}
