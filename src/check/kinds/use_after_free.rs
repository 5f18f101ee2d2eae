//! A call is given a block that was freed.

use crate::check::addresses::addresses;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, Trigger, plain};

pub(super) const KIND: Kind = Kind {
    name: "use-after-free",
    about: "A call was given the address of a block that had been freed.",
    why: "The allocator may have overwritten it, and may hand it out again: free a block after its last use.",
    observer: || Box::new(UseAfterFree),
};

struct UseAfterFree;

impl Observer for UseAfterFree {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Enter(step) = event else { return None };
        let StepKind::Call { export, args, .. } = &step.kind else { return None };
        if world.facts.part(export).is_some() {
            return None;
        }
        let is_length = |number: u64| match &world.cause.trigger {
            Trigger::Line(line) => number == line.len() as u64,
            _ => false,
        };
        let given = args
            .iter()
            .flat_map(|&arg| addresses(arg))
            .flatten()
            .filter(|&addr| !is_length(addr) && !world.blocks.has_empty(addr));
        given.into_iter().find_map(|addr| {
            let (range, by) = world.blocks.freed(addr).filter(|(range, _)| range.start == addr)?;
            let sentence = format!("{} was given {addr:#x}, the block that {} had freed", plain(export), plain(by));
            Evidence::new(range.clone(), sentence)
        })
    }
}
