//! The host reads a block that it has freed.

use crate::check::facts::Part;
use crate::check::finding::Kind;
use crate::check::ranges::Ranges;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "read-after-free",
    about: "The host read from a block after it was freed.",
    why: "An allocator may overwrite a freed block at once: read the answer first, then free it.",
    observer: || Box::new(ReadAfterFree::default()),
};

/// Knows what the guest wrote while it freed blocks.
#[derive(Default)]
struct ReadAfterFree {
    written: Ranges,
}

impl Observer for ReadAfterFree {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(step) => {
                let StepKind::Call { export, .. } = &step.kind else { return None };
                match world.facts.part(export) {
                    Some(Part::Free { .. } | Part::Reallocate { .. }) => {
                        world.guest_runs(step).for_each(|run| self.written.add(run));
                    }
                    _ => self.written = Ranges::default(),
                }
            }
            Event::Enter(step) => {
                let range = world.read(step).filter(|range| !range.is_empty() && world.is_exchange())?;
                let (freed, by) = world.blocks.freed(range.start)?;
                let lost = match self.written.count(&(range.start..range.end.min(freed.end))) {
                    0 => String::new(),
                    lost => format!("; by then {} had been overwritten", counted(lost, "byte")),
                };
                let (len, by) = (counted(range.end - range.start, "byte"), plain(by));
                let sentence = format!(
                    "the host read {len} at {:#x}, in the block at {:#x} that {by} had freed{lost}",
                    range.start, freed.start
                );
                return Evidence::new(range, sentence);
            }
            _ => (),
        }
        None
    }
}
