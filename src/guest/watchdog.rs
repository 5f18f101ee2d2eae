//! Stops a running guest when its time limit is reached or the user interrupts it.
//!
//! The guest's thread only counts: it increments a counter when an exchange begins and when it ends, so an odd count
//! means running. The watchdog thread polls the counter, and sleeps while the guest is idle. This keeps clocks and
//! locks out of the hot path.

use std::sync::PoisonError;
use std::sync::atomic::Ordering::SeqCst;
use std::time::{Duration, Instant};

use super::control::ControlState;
use super::flag::Flag;
use super::sync::{
    Arc, AtomicBool, AtomicU8, AtomicU64, Mutex, MutexGuard, OnceLock, Thread, Weak, park, park_timeout, spawn,
};
use crate::record::{Failure, Limit};

/// How long the watchdog thread polls an idle guest before it sleeps until woken.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits before it checks again on a guest that it stopped.
const RETRY: Duration = Duration::from_millis(1);

/// How long recording may go on after a guest was stopped: so long, and this part of the time limit.
const AFTER_STOP: Duration = Duration::from_millis(40);
const SHARE: u32 = 40;

const NOBODY: u8 = 0;
const TIME: u8 = 1;
const USER: u8 = 2;
const STEP: u8 = 3;

/// A handle to the watchdog of one guest. Clones share it.
#[derive(Clone)]
pub struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    /// Time limit for one exchange, in nanoseconds; 0 for none.
    limit: AtomicU64,
    /// Time limit for one call, in nanoseconds; 0 for none.
    step_limit: AtomicU64,
    /// Counts the beginnings and ends of calls, if they have a limit.
    calls: AtomicU64,
    /// Odd while the guest's code runs.
    count: AtomicU64,
    /// The count at which the user requested a stop.
    asked: AtomicU64,
    /// Lines up to this number are cancelled.
    cancelled: AtomicU64,
    /// Whether anything was ever interrupted.
    interrupted: AtomicBool,
    /// How much of the limit was spent before the current exchange, in nanoseconds.
    spent_before: AtomicU64,
    /// Set while the guest handles a batch of lines, which counts as one exchange.
    batch: AtomicBool,
    /// Set while the host does work that does not count towards the limit.
    paused: AtomicBool,
    /// The reason for the last stop, and when that was, in nanoseconds since the watchdog was created.
    stopped_by: AtomicU8,
    stopped_at: AtomicU64,
    created: Instant,
    /// Set while a stop is active: the guest's thread clears it before it continues.
    firing: AtomicBool,
    /// Set while the watchdog thread sleeps until woken.
    asleep: AtomicBool,
    /// The flag that stops the current guest, if any.
    flag: Mutex<Option<Flag>>,
    /// What is wanted of the guest besides an end.
    control: ControlState,
    thread: OnceLock<Thread>,
}

impl Watchdog {
    /// Creates a watchdog that stops a guest after `limit`, if any.
    pub fn new(limit: Option<Duration>) -> Watchdog {
        Watchdog {
            shared: Arc::new(Shared {
                limit: AtomicU64::new(nanos(limit)),
                step_limit: AtomicU64::new(0),
                calls: AtomicU64::new(0),
                count: AtomicU64::new(0),
                asked: AtomicU64::new(0),
                cancelled: AtomicU64::new(0),
                interrupted: AtomicBool::new(false),
                spent_before: AtomicU64::new(0),
                batch: AtomicBool::new(false),
                paused: AtomicBool::new(false),
                stopped_by: AtomicU8::new(NOBODY),
                stopped_at: AtomicU64::new(0),
                created: Instant::now(),
                firing: AtomicBool::new(false),
                asleep: AtomicBool::new(false),
                flag: Mutex::new(None),
                control: ControlState::default(),
                thread: OnceLock::new(),
            }),
        }
    }

    /// Changes the time limit for one exchange.
    pub fn set_limit(&self, limit: Option<Duration>) {
        self.shared.limit.store(nanos(limit), SeqCst);
        self.wake();
    }

    /// Changes the time limit for one call.
    pub fn set_step_limit(&self, limit: Option<Duration>) {
        self.shared.step_limit.store(nanos(limit), SeqCst);
        self.wake();
    }

    fn limit(&self) -> Option<Duration> {
        time(&self.shared.limit)
    }

    fn step_limit(&self) -> Option<Duration> {
        time(&self.shared.step_limit)
    }

    /// Runs a call, which has a time limit of its own if there is one.
    #[inline(always)]
    pub(super) fn during_call<T>(&self, call: impl FnOnce() -> T) -> T {
        if self.shared.step_limit.load(SeqCst) == 0 {
            return call();
        }
        self.shared.calls.fetch_add(1, SeqCst);
        let result = call();
        self.shared.calls.fetch_add(1, SeqCst);
        result
    }

    /// Stops the guest if it is running, and cancels the lines up to this number, including those not begun yet. May
    /// be called from any thread.
    pub fn interrupt(&self, line: u64) {
        // The guest's thread increments the count before it reads `cancelled`; here the order is reversed. So either
        // that thread sees the cancellation, or this sees the count to stop at.
        self.shared.cancelled.fetch_max(line, SeqCst);
        self.shared.interrupted.store(true, SeqCst);
        self.shared.asked.store(self.shared.count.load(SeqCst), SeqCst);
        self.wake();
        self.control().end_call();
    }

    /// Whether the line with this number was cancelled. Call it inside [`Watchdog::during`].
    pub fn is_cancelled(&self, line: u64) -> bool {
        line <= self.shared.cancelled.load(SeqCst)
    }

    /// Whether loading the first guest is cancelled, from here on: any interrupt does that.
    pub fn first_load(&self) -> Cancellation {
        Cancellation(Some((self.clone(), None)))
    }

    /// Whether loading a guest is cancelled, from here on, for the request with this number.
    pub fn load_for(&self, request: u64) -> Cancellation {
        Cancellation(Some((self.clone(), Some(request))))
    }

    /// Whether any line was cancelled. In a pipe that cancels all further lines.
    pub fn cancels(&self) -> bool {
        self.shared.cancelled.load(SeqCst) > 0
    }

    /// Whether there is time to record what the guest did: after it was stopped only for a moment, and not at all if
    /// nobody will see it; else until the user interrupts. An exchange so ends within a tenth of the time limit, and
    /// Ctrl-C at once, however much memory changed and however many calls follow.
    pub(super) fn patience(&self) -> impl Fn() -> bool {
        let shared = self.shared.clone();
        let by = shared.stopped_by.load(SeqCst);
        let share = match (by, self.limit()) {
            (NOBODY, _) => None,
            (TIME, limit) => Some(limit.unwrap_or_default() / SHARE + AFTER_STOP),
            (USER, _) if self.is_cancelled(u64::MAX) => Some(Duration::ZERO),
            _ => Some(AFTER_STOP),
        };
        let until = share.map(|share| Duration::from_nanos(shared.stopped_at.load(SeqCst)) + share);
        move || {
            let is_interrupted = by != USER && shared.stopped_by.load(SeqCst) == USER;
            !is_interrupted && until.is_none_or(|until| shared.created.elapsed() < until)
        }
    }

    /// Runs `work` of the host, without counting it towards the limit.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.shared.paused.store(true, SeqCst);
        let result = work();
        self.shared.paused.store(false, SeqCst);
        result
    }

    /// Runs `work`, which waits for something outside, within [`Watchdog::during`]. The time limit starts again after
    /// it. Then ask whether lines were [cancelled](Watchdog::cancels): it may have missed that.
    pub fn wait<T>(&self, work: impl FnOnce() -> T) -> T {
        let result = self.aside(work);
        // It stays odd: the guest runs on.
        self.shared.count.fetch_add(2, SeqCst);
        result
    }

    /// Watches the guest that `flag` stops, in place of any other, until the guard is dropped.
    pub(super) fn guard(&self, flag: Flag) -> WatchGuard {
        self.watch(flag.copy());
        WatchGuard { watchdog: self.clone(), flag }
    }

    fn watch(&self, flag: Flag) {
        *self.flag() = Some(flag);
        self.shared.thread.get_or_init(|| {
            let shared = Arc::downgrade(&self.shared);
            spawn(move || keep(&shared)).thread().clone()
        });
    }

    /// What is wanted of the guest besides an end.
    pub(super) fn control_state(&self) -> &ControlState {
        &self.shared.control
    }

    /// Has the guest's thread read what is wanted, as soon as it comes by a hook.
    pub(super) fn call_attention(&self) {
        if let Some(flag) = &*self.flag() {
            flag.call_attention();
        }
    }

    fn flag(&self) -> MutexGuard<'_, Option<Flag>> {
        self.shared.flag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work`, which enters the guest's code, as one exchange or start.
    #[inline]
    pub fn during<T>(&self, work: impl FnOnce() -> T) -> T {
        let shared = &*self.shared;
        shared.count.fetch_add(1, SeqCst);
        if shared.asleep.load(SeqCst) {
            self.wake();
        }
        let result = work();
        shared.count.fetch_add(1, SeqCst);
        if shared.firing.load(SeqCst) {
            self.stand_down();
        }
        result
    }

    /// Runs `work` like [`Watchdog::during`], as if `spent` had already passed.
    pub fn during_rest<T>(&self, spent: Duration, work: impl FnOnce() -> T) -> T {
        self.shared.spent_before.store(nanos(Some(spent)), SeqCst);
        let result = self.during(work);
        self.shared.spent_before.store(0, SeqCst);
        result
    }

    /// Runs `work`, in which a [`super::Driver`] handles a batch of lines. A slow batch is asked to end after its
    /// current line. The time limit counts from then on, and so applies to that line alone.
    pub fn during_batch<T>(&self, work: impl FnOnce() -> T) -> T {
        if let Some(flag) = &*self.flag() {
            flag.leave(false);
        }
        self.shared.batch.store(true, SeqCst);
        let result = self.during(work);
        self.shared.batch.store(false, SeqCst);
        result
    }

    /// Why the watchdog stopped the guest, if it did.
    pub(super) fn verdict(&self) -> Option<Failure> {
        match (self.shared.stopped_by.load(SeqCst), self.limit()) {
            (NOBODY, _) => None,
            (TIME, Some(limit)) => Some(Failure::Limit(Limit::Time(limit))),
            (STEP, _) => Some(Failure::Limit(Limit::Step(self.step_limit().unwrap_or_default()))),
            _ => Some(Failure::Interrupted),
        }
    }

    /// Clears a stop, so that it does not affect the next exchange.
    fn stand_down(&self) {
        let flag = self.flag();
        self.shared.firing.store(false, SeqCst);
        self.shared.stopped_by.store(NOBODY, SeqCst);
        if let Some(flag) = &*flag {
            flag.set(false);
        }
    }

    fn wake(&self) {
        if let Some(thread) = self.shared.thread.get() {
            thread.unpark();
        }
    }

    /// Checks the guest once. Returns how long to wait before the next check; `None` to sleep until woken.
    fn look(&self, seen: &mut Seen) -> Option<Duration> {
        let woken = self.shared.asleep.swap(false, SeqCst);
        let (count, now) = (self.shared.count.load(SeqCst), Instant::now());
        let calls = self.shared.calls.load(SeqCst);
        if woken || count != seen.count || calls != seen.calls {
            (seen.calls, seen.in_call) = (calls, Duration::ZERO);
        } else if !self.shared.paused.load(SeqCst) {
            seen.in_call += now - seen.at;
        }
        if woken || count != seen.count {
            let before = Duration::from_nanos(self.shared.spent_before.load(SeqCst));
            (seen.count, seen.spent, seen.told_to_leave) = (count, before, false);
        } else if !self.shared.paused.load(SeqCst) {
            seen.spent += now - seen.at;
            if is_running(count) && !seen.told_to_leave && self.shared.batch.load(SeqCst) {
                self.end_batch();
                (seen.spent, seen.told_to_leave) = (Duration::ZERO, true);
            }
        }
        seen.at = now;
        if is_running(count) {
            match self.due(count, seen) {
                NOBODY => Some(self.tick().min(self.limit().map_or(IDLE, |limit| limit.saturating_sub(seen.spent)))),
                by => Some(self.fire(count, by)),
            }
        } else if seen.spent < IDLE {
            Some(self.tick())
        } else {
            self.shared.asleep.store(true, SeqCst);
            // An exchange that begins now is either seen here, or sees that it must wake this thread.
            (self.shared.count.load(SeqCst) != count).then(|| self.tick())
        }
    }

    /// Asks the batch to end after its current line. The next batch clears that request if it comes too late.
    fn end_batch(&self) {
        if let Some(flag) = &*self.flag() {
            flag.leave(true);
        }
    }

    /// The time until the next check.
    fn tick(&self) -> Duration {
        let shorter = self.limit().into_iter().chain(self.step_limit()).min();
        shorter.map_or(IDLE, |limit| (limit / 20).clamp(RETRY, Duration::from_millis(100)))
    }

    /// The reason, if any, to stop the guest that runs at `count` and has spent this much time.
    fn due(&self, count: u64, seen: &Seen) -> u8 {
        if self.shared.asked.load(SeqCst) == count {
            USER
        } else if self.limit().is_some_and(|limit| seen.spent >= limit) {
            TIME
        } else if self.step_limit().is_some_and(|limit| seen.in_call >= limit) {
            STEP
        } else {
            NOBODY
        }
    }

    /// Stops the guest, unless another exchange has begun. Returns how long to wait before the next check.
    fn fire(&self, count: u64, by: u8) -> Duration {
        let flag = self.flag();
        let was_firing = self.shared.firing.swap(true, SeqCst);
        // The guest's thread increments the count before it reads `firing`. If the count is unchanged, that thread
        // will clear the stop, and it cannot affect a later exchange.
        if self.shared.count.load(SeqCst) == count {
            if self.shared.stopped_by.load(SeqCst) != by {
                self.shared.stopped_at.store(nanos(Some(self.shared.created.elapsed())), SeqCst);
                self.shared.stopped_by.store(by, SeqCst);
            }
            if let Some(flag) = &*flag {
                flag.set(true);
            }
        } else {
            // An earlier stop of the exchange that ended may still have to be cleared.
            self.shared.firing.store(was_firing, SeqCst);
        }
        RETRY
    }
}

/// Whether the user cancelled loading a guest. By default nobody can.
#[derive(Clone, Default)]
pub struct Cancellation(Option<(Watchdog, Option<u64>)>);

impl Cancellation {
    /// Whether it was cancelled.
    pub fn is_cancelled(&self) -> bool {
        match &self.0 {
            None => false,
            Some((watch, None)) => watch.shared.interrupted.load(SeqCst),
            Some((watch, Some(request))) => watch.is_cancelled(*request),
        }
    }
}

/// Keeps the watchdog on one guest. Drop it before the memory that contains the flag.
pub(super) struct WatchGuard {
    watchdog: Watchdog,
    flag: Flag,
}

impl WatchGuard {
    /// Moves the watchdog back to this guest from another.
    pub(super) fn renew(&self) {
        self.watchdog.watch(self.flag.copy());
    }

    /// The watchdog.
    pub(super) fn watchdog(&self) -> &Watchdog {
        &self.watchdog
    }
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        let mut guarded = self.watchdog.flag();
        if guarded.as_ref() == Some(&self.flag) {
            *guarded = None;
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

/// The watchdog thread. It ends with the last handle.
fn keep(shared: &Weak<Shared>) {
    let (spent, in_call) = (Duration::ZERO, Duration::ZERO);
    let mut seen = Seen { count: 0, spent, calls: 0, in_call, at: Instant::now(), told_to_leave: false };
    while let Some(shared) = shared.upgrade() {
        let wait = Watchdog { shared }.look(&mut seen);
        match wait {
            Some(time) => park_timeout(time),
            None => park(),
        }
    }
}

/// What the watchdog thread saw at its last check.
struct Seen {
    count: u64,
    /// How long the count has been unchanged.
    spent: Duration,
    /// The number of beginnings and ends of calls, and how long it has been unchanged.
    calls: u64,
    in_call: Duration,
    at: Instant,
    /// Whether the current batch was asked to end.
    told_to_leave: bool,
}

/// A limit as nanoseconds; 0 for none.
fn nanos(limit: Option<Duration>) -> u64 {
    limit.map_or(0, |limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).max(1))
}

/// A limit in nanoseconds as a time; `None` for 0.
fn time(nanos: &AtomicU64) -> Option<Duration> {
    Some(nanos.load(SeqCst)).filter(|&nanos| nanos > 0).map(Duration::from_nanos)
}

fn is_running(count: u64) -> bool {
    count % 2 == 1
}

#[cfg(test)]
mod tests;
