//! The selected moment of the timeline.

use crate::command::Report;
use crate::front::tui::input::action::Direction;
use crate::view::{Accesses, Selection, Timeline, TouchedCauses, Touches, Touching};

/// The position on the timeline.
#[derive(Default)]
pub(crate) struct Time {
    /// The selection, once something happened.
    pub(crate) selection: Option<Selection>,
    /// Whether the user is looking at the past, so new exchanges are not followed.
    pub(super) stays: bool,
    /// The timeline of the selected run.
    pub(crate) timeline: Timeline,
    /// The accesses of the selected step in groups, where they are shown.
    pub(crate) grouped: Option<Grouped>,
    /// The touch of the bytes at the cursor that is looked for, to go there.
    pub(super) seek: Option<Seek>,
    /// The report that is being made.
    pub(super) report: Option<Box<Report>>,
    /// Which exchanges touched the bytes at the cursor.
    pub(crate) touched: Option<TouchedCauses>,
    /// The number of that run.
    pub(super) run: usize,
    /// The number of runs when it was last updated.
    pub(super) begun: usize,
    /// The memory that was shown when the selection was made.
    pub(super) memory: usize,
}

/// The search for a touch to go to.
#[derive(Debug)]
pub(crate) struct Seek {
    pub(super) touches: Touches,
    pub(super) which: Touching,
    pub(super) direction: Direction,
}

/// Accesses of a step in groups, and what they are of.
#[derive(Debug)]
pub(crate) struct Grouped {
    pub(super) cause: usize,
    pub(super) step: Option<usize>,
    pub(crate) accesses: Accesses,
}

impl Time {
    /// Whether the newest exchange is selected when it ends.
    pub(crate) fn follows(&self) -> bool {
        !self.stays
    }
}
