//! A call that does not know a block overwrites it.

use std::ops::Range;

use crate::check::addresses::addresses;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Step, StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "overwritten-block",
    about: "A call overwrote a block that it was not given, before the block was used.",
    why: "As far as the allocator knew, the block was not in use: pin it, or do not call the guest between writing and using it.",
    observer: || Box::new(OverwrittenBlock::default()),
};

/// Maximum number of ranges looked at in a call.
const MOST: usize = 1024;

/// Remembers blocks whose bytes a call overwrote, until they are used.
#[derive(Default)]
struct OverwrittenBlock {
    pending: Vec<Loss>,
}

/// What a call did to a block that it was not given.
struct Loss {
    addr: u64,
    /// The bytes that it wrote in the block.
    part: Range<u64>,
    /// How many of those that the host had written it overwrote, and how many there were.
    lost: u64,
    of: u64,
    by: String,
    step: Option<usize>,
}

impl Observer for OverwrittenBlock {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(step) if step.depth == 0 => self.note(step, world),
            Event::Enter(step) => match &step.kind {
                StepKind::Call { export, args, .. } if world.facts.part(export).is_none() => {
                    let mut used = args.iter().flat_map(|&arg| addresses(arg)).flatten();
                    return used.find_map(|addr| self.use_of(addr, &plain(export)));
                }
                _ => (),
            },
            Event::Freed(freed) => self.pending.retain(|loss| loss.addr != freed.addr),
            Event::Allocated(block) => self.pending.retain(|loss| !block.range().contains(&loss.addr)),
            Event::Fresh | Event::End => self.pending.clear(),
            Event::Leave(_) => (),
        }
        None
    }
}

impl OverwrittenBlock {
    fn note(&mut self, step: &Step, world: &World<'_>) {
        let StepKind::Call { export, .. } = &step.kind else { return };
        for run in world.guest_runs(step).take(MOST) {
            let Some(block) = world.blocks.around(run.start).filter(|block| !block.given) else { continue };
            let part = run.start..run.end.min(block.range().end);
            let (lost, of) = (block.by_host.count(&part), block.by_host.count(&block.range()));
            match self.pending.iter_mut().find(|loss| loss.addr == block.addr) {
                Some(loss) => {
                    loss.part = loss.part.start.min(part.start)..loss.part.end.max(part.end);
                    loss.lost += lost;
                }
                None if lost > 0 => {
                    self.pending.push(Loss { addr: block.addr, part, lost, of, by: plain(export), step: world.step });
                }
                None => (),
            }
        }
    }

    fn use_of(&mut self, addr: u64, user: &str) -> Option<Evidence> {
        let place = self.pending.iter().position(|loss| loss.addr == addr)?;
        let Loss { part, lost, of, by, step, .. } = self.pending.swap_remove(place);
        let of = counted(of, "byte");
        let sentence = format!(
            "{by}, which was not given the block at {addr:#x}, overwrote what the host had written there \
             ({lost} of {of}); then {user} used it"
        );
        Some(Evidence { sentence, range: part, step })
    }
}
