//! A block is freed twice.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Failure, plain};

pub(super) const KIND: Kind = Kind {
    name: "double-free",
    about: "A block was freed twice.",
    why: "The second call may free a block that is in use again by then, or corrupt the allocator's free list.",
    observer: || Box::new(DoubleFree),
};

struct DoubleFree;

impl Observer for DoubleFree {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Freed(freed) => {
                let (range, first) = world.blocks.freed(freed.addr).filter(|(range, _)| range.start == freed.addr)?;
                let (first, by) = (plain(first), plain(&freed.by));
                let sentence = format!(
                    "{by} freed the block at {:#x} again: {first} had already freed it, and the guest allocated nothing in between",
                    freed.addr
                );
                Evidence::new(range.clone(), sentence)
            }
            Event::End => world.cause.failures().find_map(|failure| match failure.root() {
                Failure::DoubleFree { export, ptr, freed_at } => Evidence::new(
                    *ptr..*ptr,
                    format!(
                        "the recipe would free the block at {ptr:#x} again with {}: line {freed_at} of the recipe already freed it",
                        plain(export)
                    ),
                ),
                _ => None,
            }),
            _ => None,
        }
    }
}
