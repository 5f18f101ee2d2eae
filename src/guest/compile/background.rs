//! Compiling optimised code behind quick code, in a process that may outlive the linmem that started it.
//!
//! Whoever sends one line to a large module again and again is served by quick code the first time, and by optimised
//! code soon after. The process yields to all others, keeps the limits by itself, and is the only one that compiles
//! this module.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use wasmer::Module;

use super::effort::{Effort, engine};
use super::outside::memory_of;
use super::request::{Keeping, Request};
use crate::guest::artifact;
use crate::guest::cache::Attempt;

/// How often the limits are looked at.
const TICK: Duration = Duration::from_millis(50);

/// Compiling that is about to begin behind quick code.
pub(super) struct Behind {
    time: Option<Duration>,
    memory: u64,
    /// Where the code is kept. Without that, it goes to whoever asked.
    keeping: Option<Keeping>,
    attempt: Arc<Mutex<Option<Attempt>>>,
    is_kept: bool,
    /// Whether another process compiles the same, or has failed to.
    is_needless: bool,
}

impl Behind {
    pub(super) fn begin(request: Request) -> Behind {
        let Request { time, memory, keeping, .. } = request;
        let attempt = keeping.as_ref().and_then(|keeping| keeping.cache.attempt(&keeping.key));
        let (is_kept, is_needless) = match (&attempt, &keeping) {
            (Some(_), _) => (true, false),
            (None, Some(keeping)) => (false, keeping.cache.is_usable()),
            (None, None) => (false, false),
        };
        Behind { time, memory, keeping, attempt: Arc::new(Mutex::new(attempt)), is_kept, is_needless }
    }

    /// Whether the code is kept, whoever waits for it.
    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// Compiles the module. Returns the compiled code, if it cannot be kept.
    pub(super) fn compile(self, binary: &[u8]) -> Option<Vec<u8>> {
        if self.is_needless {
            return None;
        }
        yield_to_others();
        let (time, memory, attempt) = (self.time, self.memory, self.attempt.clone());
        std::thread::spawn(move || end_at_limit(time, memory, &attempt));
        let compiled = Module::new(&engine(Effort::Full), binary).ok().as_ref().and_then(artifact::of);
        let attempt = self.attempt.lock().unwrap_or_else(PoisonError::into_inner).take();
        match (compiled, attempt, self.keeping.filter(|_| self.is_kept)) {
            (Some(artifact), Some(attempt), Some(Keeping { cache, key, head })) => {
                if cache.keep(&key, &head, &artifact) {
                    attempt.succeed();
                    return None;
                }
                Some(artifact)
            }
            (None, Some(mut attempt), _) => {
                attempt.fail();
                None
            }
            (compiled, ..) => compiled,
        }
    }
}

/// Ends this process at a limit.
fn end_at_limit(time: Option<Duration>, memory: u64, attempt: &Mutex<Option<Attempt>>) {
    let since = Instant::now();
    loop {
        std::thread::sleep(TICK);
        let is_late = time.is_some_and(|limit| since.elapsed() > limit);
        if is_late || memory_of("self").is_some_and(|bytes| bytes > memory) {
            if let Some(attempt) = &mut *attempt.lock().unwrap_or_else(PoisonError::into_inner) {
                attempt.fail();
            }
            std::process::exit(1);
        }
    }
}

/// Gives all threads of this process, which is a group of its own, a lower priority: where others run, they have nine
/// tenths of a processor. The lowest one would take minutes on a busy machine.
#[cfg(unix)]
#[allow(unsafe_code, reason = "the standard library knows no priorities")]
fn yield_to_others() {
    // SAFETY: these take numbers, and change only how often threads run.
    unsafe {
        let priority = libc::getpriority(libc::PRIO_PROCESS, 0);
        libc::setpriority(libc::PRIO_PGRP, 0, priority.saturating_add(10));
    }
}

#[cfg(not(unix))]
fn yield_to_others() {}

/// Closes what whoever started linmem left open besides the three streams: a lock or a pipe would stay in use as long as
/// this process lives. Call it before files are opened.
#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the standard library does not close what it did not open")]
pub(super) fn close_other_files() {
    // SAFETY: this process has opened no file yet, so nothing refers to those that are closed.
    unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
}

#[cfg(not(target_os = "linux"))]
pub(super) fn close_other_files() {}
