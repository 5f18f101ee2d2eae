//! A block is freed with a size other than the one it was allocated with.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::plain;

pub(super) const KIND: Kind = Kind {
    name: "wrong-size",
    about: "A block was freed with a size other than the one it was allocated with.",
    why: "An allocator that trusts the size puts the block into the wrong free list, or frees what follows it.",
    observer: || Box::new(WrongSize),
};

struct WrongSize;

impl Observer for WrongSize {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Freed(freed) = event else { return None };
        let size = freed.size?;
        // A guest that got the block may have freed it, and returned another one at the same address.
        let block = world.blocks.at(freed.addr).filter(|block| !block.returned && block.len != size)?;
        let (by, name) = (plain(&freed.by), block.name());
        Evidence::new(block.range(), format!("{name} was freed by {by} with size {size}"))
    }
}
