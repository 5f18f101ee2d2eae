//! The cursor in time: what is selected of the timeline.

use super::touches::{Grouped, Seek};
use crate::view::{Selection, Timeline, TouchedCauses};

/// Where on the timeline the user is.
#[derive(Default)]
pub(crate) struct Time {
    /// What is looked at, once something happened.
    pub(crate) selection: Option<Selection>,
    /// Whether the newest exchange is not waited for: the user looks at the past.
    pub(super) stays: bool,
    /// What happened in the run that is looked at.
    pub(crate) timeline: Timeline,
    /// The accesses of the selected step in groups, where they are shown.
    pub(crate) grouped: Option<Grouped>,
    /// The touch of the bytes at the cursor that is looked for, to go there.
    pub(super) seek: Option<Seek>,
    /// Which exchanges touched the bytes at the cursor.
    pub(crate) touched: Option<TouchedCauses>,
    /// The number of that run.
    pub(super) run: usize,
    /// How many runs had begun when it was looked at last.
    pub(super) begun: usize,
    /// The memory that was looked at when something was selected.
    pub(super) memory: usize,
}

impl Time {
    /// Whether the newest exchange is selected as soon as it is over.
    pub(crate) fn follows(&self) -> bool {
        !self.stays
    }
}
