//! Breakpoints and watchpoints of a guest, and the accesses that watchpoints look at.

use crate::record::{Actor, StopAccess};

/// The most breakpoints, and the most watchpoints.
pub const MOST_STOPS: usize = 64;

/// A range of memory at whose accesses the guest stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watchpoint {
    /// Its number, from 1.
    pub number: usize,
    /// Which memory, by its place.
    pub memory: usize,
    /// The first address.
    pub start: u64,
    /// The address after the last.
    pub end: u64,
    /// At which accesses.
    pub on: WatchKind,
}

/// At which accesses to a range the guest stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchKind {
    /// It reads.
    Read,
    /// It writes, be it the same bytes.
    Write,
    /// It writes other bytes.
    Change,
    /// It writes, and the range holds these bytes then.
    Equals(Vec<u8>),
}

/// Instructions before which the guest stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakOffsets {
    /// The breakpoint's number, from 1.
    pub number: usize,
    /// The offsets of the instructions in the original module.
    pub offsets: Vec<u32>,
}

/// An access, as watchpoints look at it.
pub(super) struct Made<'a> {
    pub(super) memory: usize,
    pub(super) addr: u64,
    pub(super) len: u64,
    pub(super) writes: bool,
    pub(super) old: &'a [u8],
    pub(super) new: &'a [u8],
}

impl Made<'_> {
    pub(super) fn touches(&self, watch: &Watchpoint) -> bool {
        let end = self.addr.saturating_add(self.len);
        self.memory == watch.memory && self.addr < watch.end && watch.start < end
    }

    /// Whether bytes in the range differ. Where they are not kept, they may.
    pub(super) fn changes(&self, watch: &Watchpoint) -> bool {
        if self.old.len() as u64 != self.len || self.new.len() as u64 != self.len {
            return true;
        }
        let inside = |addr: u64| (watch.start..watch.end).contains(&addr);
        (self.addr..).zip(self.old.iter().zip(self.new)).any(|(addr, (old, new))| inside(addr) && old != new)
    }

    pub(super) fn kept(&self, by: Actor, number: Option<u64>) -> StopAccess {
        let Made { memory, addr, len, writes, old, new } = *self;
        StopAccess { memory, addr, len, writes, by, number, old: old.to_vec(), new: new.to_vec() }.shortened()
    }
}
