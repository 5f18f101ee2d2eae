//! The guest writes into its constants.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "constant-overwritten",
    about: "The guest wrote into its read-only data.",
    why: "WebAssembly does not protect constants: all later uses of this one see the change.",
    observer: || Box::new(ConstantOverwritten),
};

struct ConstantOverwritten;

impl Observer for ConstantOverwritten {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let StepKind::Call { export, .. } = &step.kind else { return None };
        let is_constant = |name: &str| name.starts_with(".rodata");
        let constants: Vec<_> = world.facts.data.iter().filter(|data| is_constant(&data.name)).collect();
        if constants.is_empty() {
            return None;
        }
        world.guest_runs(step).find_map(|run| {
            let data = constants.iter().find(|data| data.range.start < run.end && run.start < data.range.end)?;
            let part = run.start.max(data.range.start)..run.end.min(data.range.end);
            let (len, name) = (counted(part.end - part.start, "byte"), plain(&data.name));
            let sentence = format!(
                "{} wrote {len} at {:#x}, in {name} ({:#x}..{:#x})",
                plain(export),
                part.start,
                data.range.start,
                data.range.end
            );
            Evidence::new(part, sentence)
        })
    }
}
