//! An allocator returns a block that overlaps one that is in use.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::plain;

pub(super) const KIND: Kind = Kind {
    name: "overlapping-blocks",
    about: "An allocator returned memory that belongs to a block still in use.",
    why: "A write to one of the blocks changes the other.",
    observer: || Box::new(OverlappingBlocks),
};

struct OverlappingBlocks;

impl Observer for OverlappingBlocks {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Allocated(block) = event else { return None };
        let range = block.range();
        // A guest that got a block may have freed it. This one it never got.
        let other = world.blocks.before(range.end).take_while(|other| other.range().end > range.start);
        let other = other.into_iter().find(|other| !other.given && other.cause == block.cause && block.addr != 0)?;
        let (start, end) = (range.start.max(other.addr), range.end.min(other.range().end));
        let by = plain(&block.by);
        let sentence = format!(
            "{by}({}) returned {:#x}, inside {}, which is in use: they share {start:#x}..{end:#x}",
            block.len,
            block.addr,
            other.name()
        );
        Evidence::new(start..end, sentence)
    }
}
