//! The answer has bytes of memory that was allocated and not written.

use crate::check::finding::Kind;
use crate::check::poison::poison_byte;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, Trigger, counted};

pub(super) const KIND: Kind = Kind {
    name: "poisoned-answer",
    about: "With `--poison`, the answer contains the byte that fills allocated and freed blocks.",
    why: "The guest copied memory that nobody had written, or that had been freed.",
    observer: || Box::new(PoisonedAnswer::default()),
};

/// Minimum number of such bytes in a row.
const LENGTH: usize = 4;

/// Knows the byte that blocks are filled with.
#[derive(Default)]
struct PoisonedAnswer {
    byte: Option<u8>,
}

impl Observer for PoisonedAnswer {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        match &step.kind {
            StepKind::Note { text } => self.byte = poison_byte(text).or(self.byte),
            StepKind::Read { .. } => {
                let byte = self.byte?;
                let (range, answer) = world.answer(step)?;
                let Trigger::Line(line) = &world.cause.trigger else { return None };
                let runs = || answer.split(|other| *other != byte).map(<[u8]>::len);
                let longest = runs().max().filter(|len| *len >= LENGTH && !line.contains(&byte))?;
                let at = answer.windows(longest).position(|run| run.iter().all(|other| *other == byte))? as u64;
                let len = counted(longest as u64, "byte");
                let sentence = format!(
                    "the answer has {len} of {byte:#04x} in a row at {:#x}; --poison fills blocks with this byte, and the \
                     line does not contain it",
                    range.start + at
                );
                return Evidence::new(range.start + at..range.start + at + longest as u64, sentence);
            }
            _ => (),
        }
        None
    }
}
