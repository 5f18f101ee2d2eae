//! The stack runs over into the data below it.

use crate::check::across::across;
use crate::check::finding::{Kind, of_these};
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "stack-overflow",
    about: "One guest instruction (in a loop, say) wrote across the lower end of the stack: a local variable does not fit.",
    why: "Variables of the module lie below the stack and are overwritten without a trap: use a larger stack, or less of it.",
    observer: || Box::new(StackOverflow),
};

struct StackOverflow;

impl Observer for StackOverflow {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let StepKind::Call { export, .. } = &step.kind else { return None };
        let stack = world.facts.stack.clone().filter(|stack| stack.start > 0)?;
        let end = stack.start;
        if !world.by_guest.covers(&(end - 1..end.saturating_add(1))) {
            return None;
        }
        let row = across(world.log(), &step.accesses, world.facts.memory, end, false)?;
        let (all, below) = (counted(row.range.end - row.range.start, "byte"), of_these(end - row.range.start));
        let sentence = format!(
            "in a call to {}, one instruction wrote {all} in a row at {:#x}..{:#x}; {below} below the stack ({end:#x}..{:#x})",
            plain(export),
            row.range.start,
            row.range.end,
            stack.end
        );
        Evidence::new(row.range.start..end, sentence)
    }
}
