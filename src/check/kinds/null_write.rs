//! The guest writes at address 0.

use crate::check::addresses::addresses;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "null-write",
    about: "The guest wrote at an address near 0, where compilers place nothing.",
    why: "That is what a write through a null pointer does: WebAssembly does not trap there.",
    observer: || Box::new(NullWrite::default()),
};

/// Knows whether the host uses these addresses.
#[derive(Default)]
struct NullWrite {
    used: bool,
    /// What the guest wrote there in this exchange. It is no fault if the host then reads it.
    pending: Option<Evidence>,
}

impl Observer for NullWrite {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let zone = world.facts.null_zone.clone()?;
        let is_inside = |addr: u64| zone.contains(&addr);
        match event {
            Event::Fresh => *self = NullWrite::default(),
            Event::Enter(step) => match &step.kind {
                StepKind::Write { addr, .. } | StepKind::Read { addr, .. } => self.used |= is_inside(*addr),
                StepKind::Import { args, .. } => {
                    // Small numbers are seldom addresses; 0 as one is no use of it.
                    self.used |=
                        args.iter().filter_map(|&arg| addresses(arg)[0]).any(|addr| addr >= 16 && is_inside(addr));
                }
                _ => (),
            },
            Event::Leave(step) if step.depth == 0 && !self.used => {
                let StepKind::Call { export, .. } = &step.kind else { return None };
                let run = world.guest_runs(step).find(|run| is_inside(run.start))?;
                let len = counted(run.end - run.start, "byte");
                let sentence = format!("{} wrote {len} at {:#x}", plain(export), run.start);
                self.pending.get_or_insert(Evidence { sentence, range: run, step: world.step });
            }
            Event::End => {
                let pending = self.pending.take();
                return pending.filter(|_| !self.used);
            }
            _ => (),
        }
        None
    }
}
