//! Infers a guest's convention from examples, on a thread of its own.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{GuestOp, Session, Source};
use crate::abi::Recipe;
use crate::guest::{Code, CompileOptions, FirstCode, Limits, LoadError, Watchdog};
use crate::infer::{self, Evidence, Inferred, Outcome, Progress};

/// An inference that goes on, with guests of its own. It ends early when it is dropped.
pub struct Inference {
    progress: Progress,
    began: Instant,
    budget: Duration,
    watch: Watchdog,
    outcome: Receiver<Result<Outcome, LoadError>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Inference {
    /// Begins to infer the convention of a module from evidence, by running it on a thread of its own, under `watch`.
    pub fn start(
        source: Source,
        (limits, compile): (Limits, CompileOptions),
        evidence: Evidence,
        watch: Watchdog,
    ) -> Inference {
        let (progress, budget) = (Progress::default(), evidence.budget);
        let (sender, outcome) = channel();
        let (on_thread, told) = (watch.clone(), progress.clone());
        watch.set_step_limit(limits.step);
        // Guests are run for seconds.
        let compile = CompileOptions { first: FirstCode::Optimized, ..compile };
        let thread = std::thread::spawn(move || {
            let cancellation = on_thread.first_load();
            let subject = Code::parse(&source.name, &source.bytes)
                .and_then(|code| infer::compile(code, limits, &compile, &cancellation));
            let outcome = subject.map(|subject| infer::infer(&subject, &evidence, &on_thread, &told));
            // Whoever asked may be gone.
            let _ = sender.send(outcome);
        });
        Inference { progress, began: Instant::now(), budget, watch, outcome, thread: Mutex::new(Some(thread)) }
    }

    /// Waits for the outcome, at most until the deadline. Returns it once.
    ///
    /// # Errors
    /// The module cannot be loaded.
    ///
    /// # Panics
    /// The inference panicked.
    pub fn wait(&self, until: Instant) -> Option<Result<Outcome, LoadError>> {
        match self.outcome.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(outcome) => Some(outcome),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
                if let Some(Err(panic)) = thread.map(JoinHandle::join) {
                    std::panic::resume_unwind(panic);
                }
                None
            }
        }
    }

    /// Ends it early: what was found by then is its outcome.
    pub fn stop(&self) {
        self.watch.interrupt(u64::MAX);
    }

    /// How far it is.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// How long it has been going on, and how long it may.
    pub fn time(&self) -> (Duration, Duration) {
        (self.began.elapsed(), self.budget)
    }
}

impl Drop for Inference {
    fn drop(&mut self) {
        self.stop();
    }
}

impl std::fmt::Debug for Inference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inference").field("progress", &self.progress).finish_non_exhaustive()
    }
}

impl Session {
    /// Begins to infer the convention of this session's guest, which is not touched. `None` if no guest is loaded.
    pub fn infer(&self, limits: Limits, evidence: Evidence) -> Option<Inference> {
        let about = self.guest()?;
        let bytes = about.debug.as_ref()?.module().to_vec();
        let (source, how) = (Source { name: about.name.clone(), bytes }, (limits, self.compile.clone()));
        Some(Inference::start(source, how, evidence, Watchdog::new(None)))
    }

    /// Keeps what was inferred, so that it can be used later.
    pub fn keep_inferred(&mut self, inferred: &Inferred) {
        self.inferred = Some(inferred.recipe.clone());
    }

    /// The recipe that was inferred last.
    pub fn inferred(&self) -> Option<&Recipe> {
        self.inferred.as_ref()
    }

    /// Replaces the guest by a fresh one that is driven by this recipe.
    pub fn adopt(&mut self, words: String, recipe: Recipe) {
        self.command(words, GuestOp::AdoptRecipe(Box::new(recipe)));
    }
}
