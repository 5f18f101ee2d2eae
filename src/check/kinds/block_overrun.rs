//! The guest writes past the end of a block.

use crate::check::across::across;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "block-overrun",
    about: "One instruction of the guest wrote through the end of a block of the host's.",
    why: "What follows the block is the allocator's or another block's; the damage shows later and elsewhere.",
    observer: || Box::new(BlockOverrun),
};

/// Maximum number of ends looked at in a call.
const MOST: usize = 64;

struct BlockOverrun;

impl Observer for BlockOverrun {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let StepKind::Call { export, .. } = &step.kind else { return None };
        // Adjacent runs of several changes count as one.
        let ends = world.guest_runs(step).flat_map(|run| {
            let blocks = world.blocks.before(run.end).take_while(move |block| block.range().end >= run.start);
            blocks.filter(|block| world.by_guest.around(block.range().end).is_some())
        });
        let ends = ends.filter(|block| {
            let end = block.range().end;
            block.given && world.by_guest.covers(&(end - 1..end + 1)) && world.blocks.around(end).is_none()
        });
        ends.take(MOST).find_map(|block| {
            let end = block.range().end;
            let row = across(world.log(), &step.accesses, world.facts.memory, end)?;
            let (all, past) = (counted(row.range.end - row.range.start, "byte"), counted(row.range.end - end, "byte"));
            let sentence = format!(
                "one instruction, called by {}, wrote {all} in a row at {:#x}..{:#x}: {past} past the end of {}",
                plain(export), row.range.start, row.range.end, block.name()
            );
            Evidence::new(end..row.range.end, sentence)
        })
    }
}
