//! Control over a running guest: where it stops, and how it goes on.
//!
//! A front end says on its thread what is wanted: breakpoints, watchpoints, a pause, a step. The guest looks at one word
//! of its flags at each stop point, and at the limit of its buffer after each access that is recorded; saying something
//! sets both, so that the guest's thread comes by and reads what is wanted. A guest that stops waits here, on its own
//! thread, until it is told how to go on.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::watchpoint::{BreakOffsets, Made, WatchKind, Watchpoint};
use super::{Global, Watchdog};
use crate::record::{Actor, Cause, Failure, Frame, Memories, MemoryAccess, Stop, StopAccess, StopReason};

/// How a guest that stopped goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// To the next breakpoint or watchpoint.
    On,
    /// To the next line, into calls.
    Into,
    /// To the next line of the same function, or of one that called it.
    Over,
    /// To the next line of a function that called this one.
    Out,
    /// To the next write to memory.
    Store,
    /// From line to line, with that much time at each.
    Slowly(Duration),
}

/// What the guest's thread reports of a call that is not over.
#[derive(Debug)]
pub struct Paused {
    /// What happened so far.
    pub cause: Cause,
    /// The memories now.
    pub present: Memories,
    /// The exported globals now.
    pub globals: Vec<Global>,
    /// Where the guest is, if it stopped.
    pub stop: Option<Stop>,
    /// Whether it waits there until it is told how to go on.
    pub holds: bool,
    /// How long putting this together took.
    pub cost: Duration,
}

/// What hears of calls that are not over, on the guest's thread.
#[derive(Clone)]
pub struct PauseListener(Arc<dyn Fn(Paused) + Send + Sync>);

impl PauseListener {
    /// A listener that does this.
    pub fn new(hear: impl Fn(Paused) + Send + Sync + 'static) -> PauseListener {
        PauseListener(Arc::new(hear))
    }
}

impl fmt::Debug for PauseListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PauseListener")
    }
}

/// The part of a watchdog's state that is about stops.
#[derive(Debug, Default)]
pub(super) struct ControlState {
    plan: Mutex<Plan>,
    told: Condvar,
}

/// What is wanted of the guest.
#[derive(Debug, Default)]
struct Plan {
    breaks: Vec<BreakOffsets>,
    watches: Vec<Watchpoint>,
    /// Counts changes of the breakpoints.
    edition: u64,
    going: Going,
    /// The source file, the line and the depth of calls of the last stop: a step goes on to another line.
    last: Option<(String, u32, i32)>,
    pause: bool,
    refresh: bool,
    /// While earlier lines are sent again, nothing stops the guest.
    suspended: bool,
    /// Whether a guest that stops goes on by itself.
    passes: bool,
    /// What the guest that waits is to do.
    order: Option<Go>,
    held: bool,
    /// Whether the guest that waits is to end its call.
    ends: bool,
    listener: Option<PauseListener>,
}

/// How the guest is going.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Going {
    #[default]
    On,
    /// To the next stop point at this depth of calls, or less.
    Points { deepest: i32, delay: Option<Duration> },
    /// To the next write.
    Store,
}

/// What the guest's thread is to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lookout {
    /// The guest calls the hook at breakpoints.
    pub(super) breaks: bool,
    /// It calls the hook at every point at this depth of calls, or less.
    pub(super) deepest: Option<i32>,
    /// It calls the hook after accesses that these may be about.
    pub(super) watches: Vec<Watchpoint>,
    /// It calls the hook after every access.
    pub(super) accesses: bool,
    /// The edition of the breakpoints.
    pub(super) edition: u64,
}

/// Why the guest's thread reports.
#[derive(Clone, Debug)]
pub enum Pausing {
    /// Somebody wants to see memory as it is by now.
    Refresh,
    /// The guest stops, perhaps after an access.
    Stop(StopReason, Option<StopAccess>),
}

/// Where a guest is in its code.
#[derive(Clone, Debug, Default)]
pub struct CodePosition {
    /// Its calls, innermost first.
    pub frames: Vec<Frame>,
    /// How many frames are left out, outside the last one.
    pub omitted: usize,
    /// How deep calls are, where that is counted.
    pub depth: i32,
}

/// A handle on what is wanted of a guest. Any thread may say so.
pub struct Control<'a>(&'a Watchdog);

impl Watchdog {
    /// What is wanted of the guest, besides an end in time.
    pub fn control(&self) -> Control<'_> {
        Control(self)
    }
}

/// What front ends say.
impl Control<'_> {
    /// Has the guest stop at these breakpoints, and at no others.
    pub fn set_breaks(&self, breaks: Vec<BreakOffsets>) {
        self.change(|plan| {
            plan.breaks = breaks;
            plan.edition += 1;
        });
    }

    /// Has the guest stop at these watchpoints, and at no others.
    pub fn set_watches(&self, watches: Vec<Watchpoint>) {
        self.change(|plan| plan.watches = watches);
    }

    /// Whether anything may stop the guest.
    pub fn is_set(&self) -> bool {
        let plan = self.plan();
        !plan.breaks.is_empty() || !plan.watches.is_empty()
    }

    /// Whether watchpoints are set.
    pub fn has_watches(&self) -> bool {
        !self.plan().watches.is_empty()
    }

    /// Stops the guest where it is, if it is running.
    pub fn pause(&self) {
        self.change(|plan| plan.pause = true);
    }

    /// Has the guest's thread report memory as it is by now, once.
    pub fn refresh(&self) {
        self.change(|plan| plan.refresh = true);
    }

    /// Has the guest that waits go on.
    pub fn go(&self, how: Go) {
        let control = self.state();
        self.plan().order = Some(how);
        control.told.notify_all();
    }

    /// Whether the guest waits.
    pub fn is_held(&self) -> bool {
        self.plan().held
    }

    /// Has a guest that stops report that and go on by itself.
    pub fn set_passing(&self, passes: bool) {
        self.change(|plan| plan.passes = passes);
    }

    /// Who hears of calls that are not over.
    pub fn set_listener(&self, listener: PauseListener) {
        self.change(|plan| plan.listener = Some(listener));
    }

    /// Ends the call of a guest that waits, and of one that would wait until its call is over.
    pub fn end_call(&self) {
        let control = self.state();
        {
            let mut plan = self.plan();
            plan.ends = plan.held;
        }
        control.told.notify_all();
    }

    /// Nobody is left who could tell the guest to go on.
    pub fn close(&self) {
        self.change(|plan| {
            (plan.passes, plan.listener) = (true, None);
            plan.breaks.clear();
            plan.watches.clear();
        });
        self.end_call();
    }
}

/// What the guest's thread asks.
impl Control<'_> {
    /// A cause begins. `suspended` says that nothing stops it.
    pub fn begin(&self, suspended: bool) {
        self.change(|plan| plan.suspended = suspended);
    }

    /// The cause is over: no step goes on into the next, and no pause that came too late.
    pub fn end(&self) {
        let mut plan = self.plan();
        (plan.going, plan.last, plan.order, plan.pause) = (Going::On, None, None, false);
    }

    /// What the guest is to look for from here on.
    pub(super) fn lookout(&self) -> Lookout {
        let plan = self.plan();
        let is_free = plan.suspended;
        let deepest = match plan.going {
            Going::Points { deepest, .. } => Some(deepest),
            _ => None,
        };
        Lookout {
            breaks: !is_free && !plan.breaks.is_empty(),
            deepest: if plan.pause { Some(i32::MAX) } else { deepest },
            watches: if is_free { Vec::new() } else { plan.watches.clone() },
            accesses: !is_free && plan.going == Going::Store,
            edition: plan.edition,
        }
    }

    /// The breakpoints.
    pub(super) fn breaks(&self) -> Vec<BreakOffsets> {
        self.plan().breaks.clone()
    }

    /// Whether memory is to be reported, which is then done.
    pub(super) fn take_refresh(&self) -> bool {
        std::mem::take(&mut self.plan().refresh)
    }

    /// Whether the guest is to pause, which is then done.
    pub(super) fn take_pause(&self) -> bool {
        let mut plan = self.plan();
        !plan.suspended && std::mem::take(&mut plan.pause)
    }

    /// Why the guest stops at a stop point, if it does. `line` tells the point's source file and line.
    pub(super) fn stops_at(
        &self,
        offset: u32,
        depth: i32,
        line: impl FnOnce() -> Option<(Arc<str>, u32)>,
    ) -> Option<StopReason> {
        let mut plan = self.plan();
        let at = |breakpoint: &&BreakOffsets| breakpoint.offsets.contains(&offset);
        let found = plan.breaks.iter().find(at).filter(|_| !plan.suspended).map(|breakpoint| breakpoint.number);
        if let Some(number) = found {
            return Some(StopReason::Breakpoint(number));
        }
        if std::mem::take(&mut plan.pause) {
            return Some(StopReason::Pause);
        }
        match plan.going {
            Going::Points { deepest, .. } if depth <= deepest => {
                let last = plan.last.as_ref().filter(|(.., at)| *at == depth);
                let is_same = last.is_some_and(|(file, number, _)| {
                    line().is_some_and(|(other, here)| *other == **file && here == *number)
                });
                (!is_same).then_some(StopReason::Step)
            }
            _ => None,
        }
    }

    /// Why the guest stops after its access, if it does: both records of a vector store are one. `holds` tells what a range of a memory holds now.
    pub(super) fn stops_after(
        &self,
        access: &MemoryAccess<'_>,
        second: Option<&MemoryAccess<'_>>,
        holds: impl Fn(usize, u64, u64) -> Option<Vec<u8>>,
    ) -> Option<(StopReason, StopAccess)> {
        let (memory, writes) = (access.site.memory as usize, access.site.kind.writes());
        let (old, new) = (access.old().unwrap_or_default(), access.new_bytes().unwrap_or_default());
        // The bytes of both, or none where those of one are not kept.
        let both = |one: &[u8], other: &[u8]| if one.len() == other.len() { [one, other].concat() } else { Vec::new() };
        let joined = second.map(|second| {
            let (old_too, new_too) = (second.old().unwrap_or_default(), second.new_bytes().unwrap_or_default());
            (both(old, old_too), both(new, new_too))
        });
        let (old, new) = joined.as_ref().map_or((old, new), |(old, new)| (&old[..], &new[..]));
        let len = access.len + second.map_or(0, |second| second.len);
        let made = Made { memory, addr: access.addr, len, writes, old, new };
        let reason = self.meets(&made, holds).or_else(|| {
            let plan = self.plan();
            (writes && plan.going == Going::Store && !plan.suspended).then_some(StopReason::Step)
        })?;
        Some((reason, made.kept(Actor::Guest, Some(access.number))))
    }

    /// The watchpoint that a write of the host's meets, if it does.
    pub(super) fn stops_after_write(
        &self,
        (memory, addr): (usize, u64),
        old: &[u8],
        new: &[u8],
        holds: impl Fn(usize, u64, u64) -> Option<Vec<u8>>,
    ) -> Option<(StopReason, StopAccess)> {
        let made = Made { memory, addr, len: new.len() as u64, writes: true, old, new };
        let reason = self.meets(&made, holds)?;
        Some((reason, made.kept(Actor::Host, None)))
    }

    fn meets(&self, made: &Made<'_>, holds: impl Fn(usize, u64, u64) -> Option<Vec<u8>>) -> Option<StopReason> {
        let plan = self.plan();
        let watches = plan.watches.iter().filter(|_| !plan.suspended);
        let met = watches.filter(|watch| made.touches(watch)).find(|watch| match &watch.on {
            WatchKind::Read => !made.writes,
            WatchKind::Write => made.writes,
            WatchKind::Change => made.writes && made.changes(watch),
            WatchKind::Equals(bytes) => {
                made.writes && holds(watch.memory, watch.start, bytes.len() as u64).as_ref() == Some(bytes)
            }
        });
        met.map(|watch| StopReason::Watchpoint(watch.number))
    }

    /// Reports a call that is not over. A guest that stopped waits here until it is told how to go on, at this depth of
    /// calls.
    ///
    /// # Errors
    /// [`Failure::Interrupted`]: it is to end its call.
    pub(super) fn report(&self, mut paused: Paused, depth: i32) -> Result<(), Failure> {
        let (listener, delay) = {
            let mut plan = self.plan();
            let delay = match plan.going {
                Going::Points { delay, .. }
                    if paused.stop.as_ref().is_some_and(|stop| stop.reason == StopReason::Step) =>
                {
                    delay
                }
                _ => None,
            };
            paused.holds = paused.stop.is_some() && !plan.passes && delay.is_none() && plan.listener.is_some();
            if let Some(stop) = &paused.stop {
                let frame = stop.frames.first();
                let place = frame.and_then(|frame| Some((frame.file.clone()?, frame.line?, depth)));
                plan.last = place;
            }
            plan.held = paused.holds || (paused.stop.is_some() && delay.is_some());
            if plan.held {
                (plan.order, plan.ends) = (None, false);
            }
            (plan.listener.clone(), delay)
        };
        let (waits, is_stop) = (paused.holds, paused.stop.is_some());
        if let Some(PauseListener(hear)) = &listener {
            hear(paused);
        }
        if !is_stop || (!waits && delay.is_none()) {
            return Ok(());
        }
        self.wait(depth, delay)
    }

    fn wait(&self, depth: i32, delay: Option<Duration>) -> Result<(), Failure> {
        let (control, mut plan) = (self.state(), self.plan());
        let is_waiting = |plan: &mut Plan| plan.order.is_none() && !plan.ends && !plan.passes;
        plan = match delay {
            None => control.told.wait_while(plan, is_waiting).unwrap_or_else(PoisonError::into_inner),
            Some(delay) => {
                let is_waiting = |plan: &mut Plan| is_waiting(plan) && !plan.pause;
                control.told.wait_timeout_while(plan, delay, is_waiting).unwrap_or_else(PoisonError::into_inner).0
            }
        };
        plan.held = false;
        // A guest that waits has stopped already.
        plan.pause &= delay.is_some();
        if std::mem::take(&mut plan.ends) {
            return Err(Failure::Interrupted);
        }
        if let Some(order) = plan.order.take() {
            plan.going = order.from(depth);
        } else if delay.is_none() {
            plan.going = Going::On;
        }
        Ok(())
    }
}

impl Control<'_> {
    fn state(&self) -> &ControlState {
        self.0.control_state()
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.state().plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes what is wanted, and has the guest's thread come by.
    fn change(&self, change: impl FnOnce(&mut Plan)) {
        change(&mut self.plan());
        self.state().told.notify_all();
        self.0.call_attention();
    }
}

impl Go {
    /// How the guest goes on from a depth of calls.
    fn from(self, depth: i32) -> Going {
        let points = |deepest, delay| Going::Points { deepest, delay };
        match self {
            Go::On => Going::On,
            Go::Into => points(i32::MAX, None),
            Go::Over => points(depth, None),
            Go::Out => points(depth.saturating_sub(1), None),
            Go::Store => Going::Store,
            Go::Slowly(delay) => points(i32::MAX, Some(delay)),
        }
    }
}
