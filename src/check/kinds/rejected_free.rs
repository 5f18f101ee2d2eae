//! A function that frees a block trapped: the allocator found the block to be other than it was told.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Failure, StepKind, plain};

pub(super) const KIND: Kind = Kind {
    name: "rejected-free",
    about: "Freeing a block trapped, although the block was in use and its size was the one it was allocated with.",
    why: "The allocator checks the block: the guest recorded a different size for it, or the bytes around it were overwritten.",
    observer: || Box::new(RejectedFree),
};

struct RejectedFree;

impl Observer for RejectedFree {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Freed(freed) = event else { return None };
        let step = world.cause.steps.get(world.step?)?;
        let StepKind::Call { results: None, .. } = step.kind else { return None };
        // Other kinds tell of another size, and of a block that was freed before.
        let block = world.blocks.at(freed.addr).filter(|block| freed.size.is_none_or(|size| size == block.len))?;
        let detail = world.cause.failures().find_map(|failure| match failure.root() {
            Failure::Trap { detail, .. } => Some(detail),
            _ => None,
        })?;
        let panic = detail.panic.as_ref().filter(|panic| panic.source.is_certain());
        let why = panic.map_or_else(String::new, |panic| format!(": panic {}", panic.words()));
        let sentence = format!("{} trapped when it was given {}{why}", plain(&freed.by), block.name());
        Evidence::new(block.range(), sentence)
    }
}
