//! A call that does not know a block overwrites it.

use std::ops::Range;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World, addresses};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "overwritten-block",
    about: "A call overwrote a block that it was not given, before the block was used.",
    why: "The allocator took the block for free: pin it, or do not call the guest between writing and using it.",
    observer: || Box::new(OverwrittenBlock::default()),
};

/// Remembers blocks whose bytes a call overwrote, until they are used.
#[derive(Default)]
struct OverwrittenBlock {
    /// The block, the bytes that were overwritten, how many of them, and the call.
    pending: Vec<(Range<u64>, Range<u64>, u64, String)>,
}

impl Observer for OverwrittenBlock {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(step) if step.depth == 0 => self.note(step, world),
            Event::Enter(step) => match &step.kind {
                StepKind::Call { export, args, .. } if world.facts.part(export).is_none() => {
                    let used = args.iter().flat_map(|&arg| addresses(arg)).flatten();
                    return used.into_iter().find_map(|addr| self.use_of(addr, &plain(export)));
                }
                _ => (),
            },
            Event::End => self.pending.clear(),
            _ => (),
        }
        None
    }
}

impl OverwrittenBlock {
    fn note(&mut self, step: &crate::record::Step, world: &World<'_>) {
        let StepKind::Call { export, .. } = &step.kind else { return };
        for run in world.guest_runs(step).take(1024) {
            let Some(block) = world.blocks.around(run.start).filter(|block| !block.given) else { continue };
            let part = run.start..run.end.min(block.range().end);
            let lost = block.by_host.count(&part);
            match self.pending.iter_mut().find(|(range, ..)| *range == block.range()) {
                Some((_, known, count, _)) => {
                    *known = known.start.min(part.start)..known.end.max(part.end);
                    *count += lost;
                }
                None if lost > 0 => self.pending.push((block.range(), part, lost, plain(export))),
                None => (),
            }
        }
    }

    fn use_of(&mut self, addr: u64, user: &str) -> Option<Evidence> {
        let place = self.pending.iter().position(|(block, ..)| block.start == addr)?;
        let (block, part, count, by) = self.pending.swap_remove(place);
        let (count, len) = (counted(count, "byte"), block.end - block.start);
        let sentence = format!(
            "{by}, which was not given the block at {addr:#x}, overwrote {count} of the {len} that the host had written there; then {user} used it"
        );
        Evidence::new(part, sentence)
    }
}
