//! The guest reads past the end of a block.

use crate::check::across::{Row, across};
use crate::check::blocks::Block;
use crate::check::finding::{Kind, of_these};
use crate::check::pending::Pending;
use crate::check::ranges::Ranges;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Step, StepKind, Target, plain};

pub(super) const KIND: Kind = Kind {
    name: "block-overread",
    about: "One guest instruction (in a loop, say) read up to and past the end of a block that the host had allocated.",
    why: "The guest looks for an end that is not there, such as a terminating zero byte that the host did not write.",
    observer: || Box::new(BlockOverread::default()),
};

/// Maximum number of blocks looked at in a call.
const MOST: usize = 64;

/// Maximum number of bytes that are read before the loop.
const PEELED: u64 = 16;

/// Remembers rows of loads through the end of a block, until the block proves to be the host's still.
#[derive(Default)]
struct BlockOverread {
    /// The address of each block, and what was read past its end.
    pending: Pending,
}

impl Observer for BlockOverread {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(step) => {
                if let StepKind::Call { export, .. } = &step.kind {
                    self.call(export, step, world);
                }
            }
            Event::Freed(freed) => return self.pending.settle(world.blocks.at(freed.addr)?),
            Event::Fresh | Event::End => self.pending.clear(),
            _ => (),
        }
        None
    }
}

impl BlockOverread {
    fn call(&mut self, export: &str, step: &Step, world: &World<'_>) {
        if step.accesses.is_empty() || !world.cause.traced.loads {
            return;
        }
        let given = world.blocks.iter().filter(|block| block.given && block.cause == world.number);
        for block in given.take(MOST) {
            let end = block.range().end;
            if self.pending.has(block) || world.blocks.around(end).is_some() {
                continue;
            }
            let row = across(world.log(), &step.accesses, world.facts.memory, end, true);
            // A row that only ends there read a word of which a part is in the block.
            let reads_all = |row: &Row| row.range.start <= block.addr || read_before(world, step, block, row);
            let Some(row) = row.filter(|row| row.range.end > end && reads_all(row)) else { continue };
            let past = of_these(row.range.end - end);
            let sentence = format!(
                "in a call to {}, one instruction read all of {:#x}..{:#x}; {past} past the end of {}",
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

/// Whether the bytes of a block before the row were read in the same call by other instructions: compilers take the
/// first turns out of a loop.
fn read_before(world: &World<'_>, step: &Step, block: &Block, row: &Row) -> bool {
    let before = block.addr..row.range.start;
    if before.end - before.start > PEELED {
        return false;
    }
    let mut read = Ranges::default();
    let target = Target { memory: world.facts.memory, range: before.clone(), reads: true };
    let numbers = world.log().touching(step.accesses.clone(), &target).take(MOST);
    let loads = numbers.filter_map(|number| world.log().get(number)).filter(|access| access.site.kind.reads());
    loads.for_each(|access| read.add(access.addr..access.addr + access.len));
    read.covers(&before)
}
