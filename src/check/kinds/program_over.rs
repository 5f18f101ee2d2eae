//! An export is called after the program has ended.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Failure, StepKind, plain};

pub(super) const KIND: Kind = Kind {
    name: "program-over",
    about: "An export was called after `_start` had returned.",
    why: "A program destroys its global objects when it ends: build it as a reactor to call its exports.",
    observer: || Box::new(ProgramOver::default()),
};

/// Knows whether the program has ended.
#[derive(Default)]
struct ProgramOver {
    over: bool,
}

impl Observer for ProgramOver {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Fresh => self.over = false,
            Event::Enter(step) if self.over && step.depth == 0 => {
                if let StepKind::Call { export, .. } = &step.kind {
                    self.over = false;
                    return Evidence::new(
                        0..0,
                        format!("{} was called after _start had returned or the guest had exited", plain(export)),
                    );
                }
            }
            Event::Leave(step) => {
                if let StepKind::Call { export, results, .. } = &step.kind {
                    let exited = matches!(world.cause.outcome, Err(Failure::Exit(_)));
                    self.over |= **export == *"_start" && (results.is_some() || exited);
                }
            }
            _ => (),
        }
        None
    }
}
