//! The guest reads bytes of a block that nobody wrote.

use crate::check::finding::Kind;
use crate::check::ranges::Ranges;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, Target, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "uninitialized-read",
    about: "The guest read bytes of a block that nobody has written since it was allocated.",
    why: "They hold whatever was there before, which can differ from one run of a program to the next.",
    observer: || Box::new(Uninitialized),
};

/// Maximum number of accesses followed in a block.
const MOST: usize = 1 << 16;

struct Uninitialized;

impl Observer for Uninitialized {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Enter(step) = event else { return None };
        let StepKind::Call { export, .. } = &step.kind else { return None };
        // Loads are recorded with --trace loads only.
        if step.accesses.is_empty() || !world.cause.traced.loads {
            return None;
        }
        let open = world
            .blocks
            .iter()
            .filter(|block| !block.zeroed && block.written.is_complete() && !block.written.covers(&block.range()));
        open.take(64).find_map(|block| {
            let mut written: Ranges = block.written.clone();
            let target = Target { memory: world.facts.memory, range: block.range(), reads: true };
            let numbers = world.log().touching(step.accesses.clone(), &target).take(MOST);
            let first = numbers.filter_map(|number| world.log().get(number)).find_map(|access| {
                let range = access.addr..access.addr + access.len;
                if access.site.kind.writes() {
                    written.add(range);
                    return None;
                }
                // A load of a word may reach past what was written: strlen and memchr do that.
                let inside = block.addr <= range.start && range.end <= block.range().end;
                (inside && !written.meets(&range)).then_some(range)
            })?;
            let (name, len) = (block.name(), counted(first.end - first.start, "byte"));
            let sentence =
                format!("{} read {len} that nobody has written: at {:#x}, in {name}", plain(export), first.start);
            Evidence::new(first, sentence)
        })
    }
}
