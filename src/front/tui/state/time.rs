//! The selected moment of the timeline.

use crate::view::{Selection, Timeline};

/// The position on the timeline.
#[derive(Default)]
pub(crate) struct Time {
    /// The selection, once something happened.
    pub(crate) selection: Option<Selection>,
    /// Whether the user is looking at the past, so new exchanges are not followed.
    pub(super) stays: bool,
    /// The timeline of the selected run.
    pub(crate) timeline: Timeline,
    /// The number of that run.
    pub(super) run: usize,
    /// The number of runs when it was last updated.
    pub(super) begun: usize,
    /// The memory that was shown when the selection was made.
    pub(super) memory: usize,
}

impl Time {
    /// Whether the newest exchange is selected when it ends.
    pub(crate) fn follows(&self) -> bool {
        !self.stays
    }
}
