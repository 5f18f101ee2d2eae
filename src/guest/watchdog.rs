//! The watch over a running guest: stops it when its time is over, or when the user says so.
//!
//! The guest's thread only counts: one step up when an exchange begins, one when it ends, so that an odd count means
//! running. A thread of the watch looks at the count now and then, and sleeps while the guest
//! is idle. That keeps clocks and locks out of the path of a line.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread::Thread;
use std::time::{Duration, Instant};

use super::flag::Flag;
use crate::record::{Failure, Limit};

/// How long the watch goes on looking after the guest went idle, before it sleeps until woken.
const IDLE: Duration = Duration::from_secs(1);
/// How long it waits before it looks again at a guest that it stopped.
const RETRY: Duration = Duration::from_millis(1);

const NOBODY: u8 = 0;
const TIME: u8 = 1;
const USER: u8 = 2;

/// A handle on the watch over one guest. Clones watch over the same guest.
#[derive(Clone)]
pub struct Watchdog {
    shared: Arc<Shared>,
}

struct Shared {
    /// The longest time for one exchange, in nanoseconds; 0 for none.
    limit: AtomicU64,
    /// Odd while the guest's code runs.
    count: AtomicU64,
    /// The count at which the user asked for a stop.
    asked: AtomicU64,
    /// Lines up to this number are not to be run any more.
    cancelled: AtomicU64,
    /// How much of the limit was spent before the present exchange, in nanoseconds.
    spent_before: AtomicU64,
    /// Set while the guest answers a batch of lines, which counts as one.
    batch: AtomicBool,
    /// Set while the host works for itself, which the guest's time is not charged for.
    paused: AtomicBool,
    /// Who stopped the guest last.
    stopped_by: AtomicU8,
    /// Set while a stop is on: the guest's thread takes it back before it goes on.
    firing: AtomicBool,
    /// Set while the watching thread sleeps until woken.
    asleep: AtomicBool,
    /// The flag that stops the guest, for as long as there is one.
    flag: Mutex<Option<Flag>>,
    thread: OnceLock<Thread>,
}

impl Watchdog {
    /// A watch that stops a guest after `limit`, if there is one.
    pub fn new(limit: Option<Duration>) -> Watchdog {
        Watchdog {
            shared: Arc::new(Shared {
                limit: AtomicU64::new(nanos(limit)),
                count: AtomicU64::new(0),
                asked: AtomicU64::new(0),
                cancelled: AtomicU64::new(0),
                spent_before: AtomicU64::new(0),
                batch: AtomicBool::new(false),
                paused: AtomicBool::new(false),
                stopped_by: AtomicU8::new(NOBODY),
                firing: AtomicBool::new(false),
                asleep: AtomicBool::new(false),
                flag: Mutex::new(None),
                thread: OnceLock::new(),
            }),
        }
    }

    /// Changes the longest time for one exchange.
    pub fn set_limit(&self, limit: Option<Duration>) {
        self.shared.limit.store(nanos(limit), SeqCst);
        self.wake();
    }

    fn limit(&self) -> Option<Duration> {
        let nanos = self.shared.limit.load(SeqCst);
        (nanos > 0).then(|| Duration::from_nanos(nanos))
    }

    /// Stops the guest if it is running now, and cancels the lines up to that number, which may not have begun yet.
    /// Any thread may say so.
    pub fn interrupt(&self, line: u64) {
        // The guest's thread steps the count before it looks at this, and here it is the other way round: so either
        // that thread sees that its line is cancelled, or the count is seen that is to be stopped.
        self.shared.cancelled.fetch_max(line, SeqCst);
        self.shared.asked.store(self.shared.count.load(SeqCst), SeqCst);
        self.wake();
    }

    /// Whether the line of that number was cancelled. To be asked inside [`Watchdog::during`].
    pub fn is_cancelled(&self, line: u64) -> bool {
        line <= self.shared.cancelled.load(SeqCst)
    }

    /// Whether lines were cancelled: in a pipe, all that are to come.
    pub fn cancels(&self) -> bool {
        self.shared.cancelled.load(SeqCst) > 0
    }

    /// Runs `work`, which is the host's, without charging the guest's time for it.
    pub(super) fn aside<T>(&self, work: impl FnOnce() -> T) -> T {
        self.shared.paused.store(true, SeqCst);
        let result = work();
        self.shared.paused.store(false, SeqCst);
        result
    }

    /// Watches over the guest that `flag` stops, and no longer over one before it, until the guard is dropped.
    pub(super) fn guard(&self, flag: Flag) -> WatchGuard {
        self.watch(flag.copy());
        WatchGuard { watchdog: self.clone(), flag }
    }

    fn watch(&self, flag: Flag) {
        *self.flag() = Some(flag);
        self.shared.thread.get_or_init(|| {
            let shared = Arc::downgrade(&self.shared);
            std::thread::spawn(move || keep(&shared)).thread().clone()
        });
    }

    fn flag(&self) -> MutexGuard<'_, Option<Flag>> {
        self.shared.flag.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `work`, which enters the guest's code, under the watch: one exchange, or one start.
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

    /// Runs `work` like [`Watchdog::during`], as the rest of something that took so long already.
    pub fn during_rest<T>(&self, spent: Duration, work: impl FnOnce() -> T) -> T {
        self.shared.spent_before.store(nanos(Some(spent)), SeqCst);
        let result = self.during(work);
        self.shared.spent_before.store(0, SeqCst);
        result
    }

    /// Runs `work`, in which a [`super::Driver`] answers a batch of lines. One that takes so long that the watch takes
    /// notice is told to end with its present line; the time limit counts from then on, and so is for that line alone.
    pub fn during_batch<T>(&self, work: impl FnOnce() -> T) -> T {
        if let Some(flag) = &*self.flag() {
            flag.leave(false);
        }
        self.shared.batch.store(true, SeqCst);
        let result = self.during(work);
        self.shared.batch.store(false, SeqCst);
        result
    }

    /// Why the guest was stopped, if it was the watch that stopped it.
    pub(super) fn verdict(&self) -> Option<Failure> {
        match (self.shared.stopped_by.load(SeqCst), self.limit()) {
            (NOBODY, _) => None,
            (TIME, Some(limit)) => Some(Failure::Limit(Limit::Time(limit))),
            _ => Some(Failure::Interrupted),
        }
    }

    /// Takes a stop back, so that it does not meet the next exchange.
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

    /// Looks at the guest once, and says how long to wait before the next time: `None` is until woken.
    fn look(&self, seen: &mut Seen) -> Option<Duration> {
        let woken = self.shared.asleep.swap(false, SeqCst);
        let (count, now) = (self.shared.count.load(SeqCst), Instant::now());
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
            match self.due(count, seen.spent) {
                NOBODY => Some(self.tick()),
                by => Some(self.fire(count, by)),
            }
        } else if seen.spent < IDLE {
            Some(self.tick())
        } else {
            self.shared.asleep.store(true, SeqCst);
            // An exchange that begins now either is seen here, or sees that it has to wake the watch.
            (self.shared.count.load(SeqCst) != count).then(|| self.tick())
        }
    }

    /// Has the batch end with its present line. A batch to come takes that back, so it may come too late.
    fn end_batch(&self) {
        if let Some(flag) = &*self.flag() {
            flag.leave(true);
        }
    }

    /// How long to wait before looking again.
    fn tick(&self) -> Duration {
        self.limit().map_or(IDLE, |limit| (limit / 20).clamp(RETRY, Duration::from_millis(100)))
    }

    /// Who, if anybody, wants the guest stopped that runs at `count` and has spent that much time.
    fn due(&self, count: u64, spent: Duration) -> u8 {
        if self.shared.asked.load(SeqCst) == count {
            USER
        } else if self.limit().is_some_and(|limit| spent >= limit) {
            TIME
        } else {
            NOBODY
        }
    }

    /// Stops the guest, unless it is at another exchange by now. Returns how long to wait before looking again.
    fn fire(&self, count: u64, by: u8) -> Duration {
        let flag = self.flag();
        self.shared.firing.store(true, SeqCst);
        // The guest's thread steps the count before it looks at `firing`: if the count still stands, that thread
        // will take the stop back, and it cannot meet a later exchange.
        if self.shared.count.load(SeqCst) == count {
            self.shared.stopped_by.store(by, SeqCst);
            if let Some(flag) = &*flag {
                flag.set(true);
            }
        } else {
            self.shared.firing.store(false, SeqCst);
        }
        RETRY
    }
}

/// The watch over one guest. It ends when this is dropped, before the memory with the flag goes.
pub(super) struct WatchGuard {
    watchdog: Watchdog,
    flag: Flag,
}

impl WatchGuard {
    /// Takes the watch back that another guest had taken over.
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

/// The watching thread: it ends with the last handle on its watch.
fn keep(shared: &Weak<Shared>) {
    let mut seen = Seen { count: 0, spent: Duration::ZERO, at: Instant::now(), told_to_leave: false };
    while let Some(shared) = shared.upgrade() {
        let wait = Watchdog { shared }.look(&mut seen);
        match wait {
            Some(time) => std::thread::park_timeout(time),
            None => std::thread::park(),
        }
    }
}

/// What the watching thread saw when it looked last.
struct Seen {
    count: u64,
    /// How long the count has stood.
    spent: Duration,
    at: Instant,
    /// Whether the batch that runs was told to end.
    told_to_leave: bool,
}

/// A limit as nanoseconds; 0 for none.
fn nanos(limit: Option<Duration>) -> u64 {
    limit.map_or(0, |limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).max(1))
}

fn is_running(count: u64) -> bool {
    count % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Limits};
    use super::*;

    #[test]
    fn the_watch_is_over_the_newest_guest_and_ends_with_it() {
        let code = Code::read("empty", b"(module)").expect("the module is valid");
        let program = code.compile(Limits::default()).expect("it compiles");
        let watchdog = Watchdog::new(None);
        let watched = || watchdog.flag().as_ref().map(Flag::copy);
        let guest = || program.instantiate(&watchdog).expect("it can be instantiated");
        let first = guest();
        let flag_of_first = watched();
        let second = guest();
        assert!(flag_of_first.is_some() && watched().is_some() && watched() != flag_of_first);
        first.take_watch();
        assert!(watched() == flag_of_first);
        drop(second);
        assert!(watched() == flag_of_first, "the watch was not over that guest any more");
        drop(first);
        assert!(watched().is_none(), "the memory with the flag is gone");
        watchdog.interrupt(1);
    }
}
