//! Where a guest was stopped in the middle of a call, and why.

use super::{Actor, Frame};

/// The most bytes of an access that a stop keeps.
const KEPT: usize = 16;

/// A stop of a guest in the middle of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Why it stopped.
    pub reason: StopReason,
    /// The guest's calls, innermost first: at the instruction that is next, or that made the access.
    pub frames: Vec<Frame>,
    /// How many frames are left out, outside the last one.
    pub omitted: usize,
    /// The access that it stopped after, if it did.
    pub access: Option<StopAccess>,
}

/// Why a guest stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// It came to the breakpoint of that number.
    Breakpoint(usize),
    /// The watchpoint of that number was met.
    Watchpoint(usize),
    /// The step that was asked for is done.
    Step,
    /// It was to pause.
    Pause,
}

/// An access to memory that a guest stopped after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopAccess {
    /// Which memory, by its place.
    pub memory: usize,
    /// The first address.
    pub addr: u64,
    /// How many bytes.
    pub len: u64,
    /// Whether it wrote; else it only read.
    pub writes: bool,
    /// Who made it.
    pub by: Actor,
    /// Its number among the accesses that are recorded during the cause, if it is the guest's.
    pub number: Option<u64>,
    /// The first bytes before it.
    pub old: Vec<u8>,
    /// The first bytes after it.
    pub new: Vec<u8>,
}

impl StopAccess {
    /// Keeps only the first bytes.
    pub fn shortened(mut self) -> StopAccess {
        self.old.truncate(KEPT);
        self.new.truncate(KEPT);
        self
    }
}
