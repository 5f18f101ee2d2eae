//! The host reads a block that it has freed.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "read-after-free",
    about: "The host read from a block after it was freed.",
    why: "An allocator may overwrite a freed block at once: read the answer first, then free it.",
    observer: || Box::new(ReadAfterFree),
};

struct ReadAfterFree;

impl Observer for ReadAfterFree {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Enter(step) = event else { return None };
        let range = world.read(step).filter(|range| !range.is_empty() && world.is_exchange())?;
        let (freed, by) = world.blocks.freed(range.start)?;
        let by = plain(by);
        let changed = world.by_guest.count(&(range.start..range.end.min(freed.end)));
        let changed = match changed {
            0 => String::new(),
            changed => format!("; the guest wrote {} there in this exchange", counted(changed, "byte")),
        };
        let len = counted(range.end - range.start, "byte");
        Evidence::new(
            range.clone(),
            format!(
                "the host read {len} at {:#x}, in the block at {:#x} that {by} freed before{changed}",
                range.start, freed.start
            ),
        )
    }
}
