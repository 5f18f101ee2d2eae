//! The guest is used before `_initialize`.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, plain};

pub(super) const KIND: Kind = Kind {
    name: "not-initialized",
    about: "The module exports `_initialize`, and other exports were called before it.",
    why: "Global constructors have not run, and the C library is not set up: call `_initialize()` in the `once` section of the recipe.",
    observer: || Box::new(NotInitialized::default()),
};

/// Knows whether `_initialize` was called.
#[derive(Default)]
struct NotInitialized {
    /// Whether the run is known from its beginning, and `_initialize` was not called yet.
    waiting: bool,
}

impl Observer for NotInitialized {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Fresh => self.waiting = world.facts.has_initialize,
            Event::Enter(step) if self.waiting && step.depth == 0 => {
                let StepKind::Call { export, .. } = &step.kind else { return None };
                self.waiting = **export != *"_initialize";
                if self.waiting {
                    let sentence = format!("{} was called before _initialize, which the module exports", plain(export));
                    return Evidence::new(0..0, sentence);
                }
            }
            _ => (),
        }
        None
    }
}
