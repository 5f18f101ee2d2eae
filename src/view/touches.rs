//! The next or previous reads and writes of a range, searched in slices, as it may take long.

use std::task::Poll;
use std::time::Instant;

use crate::record::{Cause, Found, Position, Run, Target, Touch};

/// How many accesses are searched between two checks of the time.
const BREATH: u64 = 1 << 16;

/// Which touches count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touching {
    /// Those that write.
    Writes,
    /// Those that read; reads of the host are not recorded as touches.
    Reads,
}

/// A search along the timeline for touches of a range, and its progress.
#[derive(Clone, Debug)]
pub struct Touches {
    target: Target,
    which: Touching,
    backward: bool,
    /// Where the rest to be searched begins, or ends if backward.
    from: Position,
}

impl Touches {
    /// Searches from a position on, or back from it.
    pub fn new(target: Target, which: Touching, from: Position, backward: bool) -> Touches {
        let target = Target { reads: which == Touching::Reads, ..target };
        Touches { target, which, backward, from }
    }

    /// The next touch, or `None` if no more is known. Pending if the deadline passes before.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<Option<Found>> {
        loop {
            let found = run.cause(self.from.cause).and_then(|cause| self.in_piece(cause));
            if let Some(touch) = found {
                let found = Found { cause: self.from.cause, touch };
                let next = if self.backward { run.before(found) } else { run.after(found) };
                self.from = next.unwrap_or(self.from);
                return Poll::Ready(Some(found));
            }
            if !self.skip_piece(run) {
                return Poll::Ready(None);
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Poll::Pending;
            }
        }
    }

    /// The first touch in the current piece of a cause.
    fn in_piece(&self, cause: &Cause) -> Option<Touch> {
        let is_wanted = |touch: &Touch| match (touch, self.which) {
            (_, Touching::Writes) => true,
            (Touch::Access(number), Touching::Reads) => {
                cause.accesses.get(*number).is_some_and(|access| access.site.kind.reads())
            }
            (Touch::Change(_), Touching::Reads) => false,
        };
        let Position { change, access, .. } = self.from;
        if self.backward {
            let accesses = access.saturating_sub(BREATH)..access;
            let changes = cause.changes_during(&accesses).start..change;
            let is_before = |touch: &Touch| {
                let (made, number) = cause.position(*touch);
                number < access || (matches!(touch, Touch::Change(_)) && made < change)
            };
            let mut touches = cause.touches_among(changes, accesses, &self.target).rev();
            return touches.find(|touch| is_before(touch) && is_wanted(touch));
        }
        let accesses = access..access.saturating_add(BREATH);
        let changes = change..cause.changes_during(&accesses).end;
        let is_after = |touch: &Touch| {
            let (made, number) = cause.position(*touch);
            made >= change && number >= access
        };
        cause.touches_among(changes, accesses, &self.target).find(|touch| is_after(touch) && is_wanted(touch))
    }

    /// Goes to the next piece; false if there is none.
    fn skip_piece(&mut self, run: &Run) -> bool {
        let Position { cause: number, access, .. } = self.from;
        let cause = run.cause(number);
        if self.backward {
            if let (Some(cause), true) = (cause, access > 0) {
                let access = access.saturating_sub(BREATH);
                let change = cause.changes_during(&(access..access)).start;
                self.from = Position { cause: number, change, access };
                return true;
            }
            let Some(before) = number.checked_sub(1) else { return false };
            let Some(cause) = run.cause(before) else { return false };
            self.from = Position { cause: before, change: cause.changes.len(), access: cause.accesses.len() };
            return true;
        }
        if let Some(cause) = cause
            && access.saturating_add(BREATH) <= cause.accesses.len()
        {
            let access = access + BREATH;
            let change = cause.changes_during(&(access..access)).start;
            self.from = Position { cause: number, change: change.max(self.from.change), access };
            return true;
        }
        if number + 1 >= run.len() {
            return false;
        }
        self.from = Position { cause: number + 1, change: 0, access: 0 };
        true
    }
}

/// Which causes of a run touched a range, found out in slices.
#[derive(Clone, Debug)]
pub struct TouchedCauses {
    target: Target,
    touched: Vec<usize>,
    search: Option<Touches>,
    /// How many causes were searched to their end.
    done: usize,
}

impl TouchedCauses {
    /// Begins with the oldest cause.
    pub fn new(target: Target, run: &Run) -> TouchedCauses {
        let (touched, done) = (Vec::new(), run.oldest());
        TouchedCauses { target, touched, search: None, done }
    }

    /// The range.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether all causes of the run were searched.
    pub fn is_done(&self, run: &Run) -> bool {
        self.done >= run.len()
    }

    /// Whether one of `count` causes from `first` on is known to have touched the range.
    pub fn any(&self, first: usize, count: usize) -> bool {
        let place = self.touched.partition_point(|&cause| cause < first);
        self.touched.get(place).is_some_and(|&cause| cause - first < count)
    }

    /// Goes on until the deadline.
    pub fn go_on(&mut self, run: &Run, until: Instant) {
        while !self.is_done(run) {
            let from = Position { cause: self.done, change: 0, access: 0 };
            let new = || Touches::new(self.target.clone(), Touching::Writes, from, false);
            let search = self.search.get_or_insert_with(new);
            match search.go_on(run, Some(until)) {
                Poll::Pending => return,
                Poll::Ready(None) => self.done = run.len(),
                Poll::Ready(Some(found)) => {
                    self.touched.push(found.cause);
                    self.done = found.cause + 1;
                }
            }
            // One touch of a cause is enough.
            self.search = None;
            if Instant::now() >= until {
                return;
            }
        }
    }
}
