//! A list of all accesses to a range over all exchanges, in order, searched in slices.

use std::ops::Range;
use std::task::Poll;
use std::time::Instant;

use super::gaps::gaps;
use super::touches::overlap;
use super::writers::{Access, bare_writes, entry};
use super::{AccessEntry, Touches, Touching};
use crate::record::{Found, Run, StepKind, Target, Touch};

/// What a list of accesses is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessQuery {
    /// Accesses that write.
    Writers,
    /// Accesses that read.
    Readers,
}

/// The accesses to a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessList {
    /// The first of them, in order.
    pub entries: Vec<AccessEntry>,
    /// How many more there are.
    pub left_out: usize,
    /// What the list may lack, as sentences.
    pub gaps: Vec<String>,
}

/// A search for all accesses to a range, and its progress.
#[derive(Clone, Debug)]
pub struct AccessSearch {
    query: AccessQuery,
    touches: Touches,
    /// The next step that may be a read by the host: the number of its cause, and its index there.
    next_step: (usize, usize),
    /// Maximum number of entries.
    most: usize,
    list: AccessList,
}

impl AccessSearch {
    /// A search for the accesses to a range of a memory, of which at most `most` are listed.
    pub fn new(run: &Run, query: AccessQuery, memory: usize, range: Range<u64>, most: usize) -> AccessSearch {
        let reads = query == AccessQuery::Readers;
        let which = if reads { Touching::Reads } else { Touching::Writes };
        let touches = Touches::all(Target { memory, range, reads }, which, run);
        let mut search =
            AccessSearch { query, touches, next_step: (run.oldest(), 0), most, list: AccessList::default() };
        if query == AccessQuery::Writers {
            let target = search.touches.target().clone();
            bare_writes(run, &target).for_each(|entry| search.list(Some(entry)));
        }
        search
    }

    /// Goes on until the deadline, or to the end.
    pub fn go_on(&mut self, run: &Run, until: Option<Instant>) -> Poll<AccessList> {
        loop {
            match self.touches.go_on(run, until) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => {
                    self.add_host_reads(run, None);
                    self.list.gaps = gaps(run, self.query == AccessQuery::Readers);
                    return Poll::Ready(std::mem::take(&mut self.list));
                }
                Poll::Ready(Some(found)) => {
                    self.add_host_reads(run, Some(found));
                    self.add(run, found.cause, Access::Touch(found.touch));
                }
            }
        }
    }

    /// Adds the host's reads that come before a touch, or all that are left.
    fn add_host_reads(&mut self, run: &Run, before: Option<Found>) {
        if self.query == AccessQuery::Writers {
            return;
        }
        let Target { memory, range, .. } = self.touches.target().clone();
        while self.next_step.0 < run.len() {
            let (number, place) = self.next_step;
            let steps = run.cause(number).map_or(&[][..], |cause| &cause.steps);
            let Some(step) = steps.get(place) else {
                if before.is_some_and(|found| found.cause == number) {
                    return;
                }
                self.next_step = (number + 1, 0);
                continue;
            };
            let is_later = |found: Found| match found.touch {
                _ if found.cause != number => found.cause < number,
                Touch::Access(access) => access < step.accesses.start,
                Touch::Change(change) => change < step.changes.start,
            };
            if before.is_some_and(is_later) {
                return;
            }
            self.next_step = (number, place + 1);
            let is_read = matches!(step.kind, StepKind::Read { memory: of, addr, len, .. }
                if of == memory && overlap(&(addr..addr.saturating_add(len)), &range).is_some());
            if is_read {
                self.add(run, number, Access::HostRead(place));
            }
        }
    }

    fn add(&mut self, run: &Run, number: usize, access: Access) {
        let is_full = self.list.entries.len() >= self.most;
        let cause = run.cause(number).filter(|_| !is_full);
        self.list(cause.and_then(|cause| entry(cause, number, access, self.touches.target())));
    }

    /// Lists an entry, or counts it if there are enough.
    fn list(&mut self, entry: Option<AccessEntry>) {
        match self.list.entries.len() < self.most {
            true => self.list.entries.extend(entry),
            false => self.list.left_out += 1,
        }
    }
}
