//! What a session knows of the call that is under way.

use std::time::Instant;

use crate::guest::{Go, Watchdog};
use crate::record::Stop;

/// A hold on a guest that may wait for somebody to tell it to go on. When this is dropped, nobody will.
pub(super) struct Hold(pub(super) Watchdog);

impl Drop for Hold {
    fn drop(&mut self) {
        self.0.control().close();
    }
}

/// What a session knows of the call that is under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    /// Where the guest was when it last told.
    pub(super) stop: Option<Stop>,
    /// Whether it waits there.
    pub(super) is_held: bool,
    /// A step that is to be made again, and how often.
    pub(super) again: Option<(Go, u64)>,
    /// Whether the guest was asked to show its memory.
    pub(super) is_asked: bool,
    /// Whether it is the start of a guest, which began a run.
    pub(super) begins_a_run: bool,
    /// When it may be asked again.
    pub(super) not_before: Option<Instant>,
}

impl UnderWay {
    /// Whether the guest waits to be told how to go on.
    pub(super) fn is_held(&self) -> bool {
        self.is_held
    }

    /// The guest goes on, or ends its call.
    pub(super) fn release(&mut self) {
        (self.is_held, self.again) = (false, None);
    }
}
