//! The cursor in time: what is selected of the timeline.

use crate::view::{Selection, Timeline};

/// Where on the timeline the user is.
#[derive(Default)]
pub(crate) struct Time {
    /// What is looked at, once something happened.
    pub(crate) selection: Option<Selection>,
    /// Whether the newest exchange is not waited for: the user looks at the past.
    pub(super) stays: bool,
    /// What happened in the run that is looked at.
    pub(crate) timeline: Timeline,
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
