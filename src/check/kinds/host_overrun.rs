//! The host writes past the end of a block.

use crate::check::finding::{Kind, of_these};
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "host-overrun",
    about: "The host wrote past the end of a block that it was given.",
    why: "The bytes after the block are not the host's: allocate as many as are written, including the terminating zero.",
    observer: || Box::new(HostOverrun),
};

struct HostOverrun;

impl Observer for HostOverrun {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Enter(step) = event else { return None };
        let range = world.write(step).filter(|_| world.is_exchange())?;
        let block = world.blocks.around(range.start).filter(|block| block.range().end < range.end)?;
        let past = block.range().end..range.end;
        // Blocks that the host was given side by side are its own.
        if world.blocks.around(past.start).is_some() {
            return None;
        }
        let (len, over) = (counted(range.end - range.start, "byte"), of_these(past.end - past.start));
        Evidence::new(
            past,
            format!("the host wrote {len} at {:#x}; {over} past the end of {}", range.start, block.name()),
        )
    }
}
