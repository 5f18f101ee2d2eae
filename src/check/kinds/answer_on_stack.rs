//! The answer is a local variable of a function that has returned.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted};

pub(super) const KIND: Kind = Kind {
    name: "answer-on-stack",
    about: "The answer lies on the stack, in the frame of a function that has returned.",
    why: "The next call uses the same memory: return a static or an allocated buffer, not the address of a local.",
    observer: || Box::new(AnswerOnStack::default()),
};

/// Knows how far the host moved the stack.
#[derive(Default)]
struct AnswerOnStack {
    /// Whether the host moved the stack pointer or took addresses in the stack itself.
    moved: bool,
}

impl Observer for AnswerOnStack {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let stack = world.facts.stack.clone()?;
        match event {
            Event::Fresh => self.moved = false,
            Event::Leave(step) => match &step.kind {
                StepKind::Call { export, .. } if export.contains("stack") => self.moved = true,
                StepKind::Set { global, .. } if global.contains("stack") => self.moved = true,
                StepKind::Read { .. } if step.depth == 0 && !self.moved => {
                    let (range, _) = world.answer(step)?;
                    let is_inside = stack.start <= range.start && range.end <= stack.end;
                    let is_by_guest = world.by_guest.meets(&range) && world.blocks.around(range.start).is_none();
                    if is_inside && is_by_guest {
                        let len = counted(range.end - range.start, "byte");
                        let sentence = format!(
                            "the answer, {len} at {:#x}, lies on the stack ({:#x}..{:#x}), in the frame of a function that has returned",
                            range.start, stack.start, stack.end
                        );
                        return Evidence::new(range, sentence);
                    }
                }
                _ => (),
            },
            _ => (),
        }
        None
    }
}
