//! The guest writes past the end of a block.

use crate::check::across::across;
use crate::check::blocks::Block;
use crate::check::finding::{Kind, of_these};
use crate::check::pending::Pending;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Step, StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "block-overrun",
    about: "One guest instruction (in a loop, say) wrote up to and past the end of a block that the host had allocated.",
    why: "What follows belongs to the allocator or to another block; the damage shows up later and elsewhere.",
    observer: || Box::new(BlockOverrun::default()),
};

/// Maximum number of ends looked at in a call.
const MOST: usize = 64;

/// Remembers rows of stores through the end of a block, until the block proves to be the host's still: the guest may
/// have freed it and used its memory for another.
#[derive(Default)]
struct BlockOverrun {
    /// The address of each block, and what was written past its end.
    pending: Pending,
}

impl Observer for BlockOverrun {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(step) => match &step.kind {
                StepKind::Call { export, .. } => self.call(export, step, world),
                StepKind::Read { .. } => {
                    let range = world.read(step)?;
                    let block = world.blocks.at(range.start).filter(|block| range.end <= block.range().end)?;
                    return self.pending.settle(block);
                }
                _ => (),
            },
            Event::Freed(freed) => return self.pending.settle(world.blocks.at(freed.addr)?),
            Event::Fresh | Event::End => self.pending.clear(),
            _ => (),
        }
        None
    }
}

impl BlockOverrun {
    fn call(&mut self, export: &str, step: &Step, world: &World<'_>) {
        let crossed = |block: &&Block| {
            let end = block.range().end;
            block.given
                && world.by_guest.covers(&(end - 1..end.saturating_add(1)))
                && world.blocks.around(end).is_none()
        };
        let runs = world.guest_runs(step);
        let near =
            runs.flat_map(|run| world.blocks.before(run.end).take_while(move |block| block.range().end >= run.start));
        for block in near.filter(crossed).take(MOST) {
            let end = block.range().end;
            if self.pending.has(block) {
                continue;
            }
            let Some(row) = across(world.log(), &step.accesses, world.facts.memory, end, false) else { continue };
            let (all, past) = (counted(row.range.end - row.range.start, "byte"), of_these(row.range.end - end));
            let sentence = format!(
                "in a call to {}, one instruction wrote {all} in a row at {:#x}..{:#x}; {past} past the end of {}",
                plain(export),
                row.range.start,
                row.range.end,
                block.name()
            );
            let evidence = Evidence { sentence, range: end..row.range.end, step: world.step };
            self.pending.add(block, evidence);
        }
    }
}
