//! The guest writes past the end of its buffer.

use crate::check::across::across;
use crate::check::finding::{Kind, of_these};
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "buffer-overrun",
    about: "One guest instruction (in a loop, say) wrote up to and past the end of the buffer for the line.",
    why: "Other variables of the guest follow the buffer and are overwritten.",
    observer: || Box::new(BufferOverrun::default()),
};

/// Knows where the buffer is, and how large, from what the guest returned.
#[derive(Default)]
struct BufferOverrun {
    addr: Option<u64>,
    len: Option<u64>,
}

impl Observer for BufferOverrun {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let (addr, len) = world.facts.buffer.as_ref()?;
        match event {
            Event::Fresh => *self = BufferOverrun::default(),
            Event::Leave(step) => {
                let StepKind::Call { export, results: Some(results), .. } = &step.kind else { return None };
                let result = || results.first().and_then(|value| value.unsigned());
                if **export == **addr {
                    self.addr = result();
                } else if **export == **len {
                    self.len = result();
                } else {
                    let (start, len) = self.addr.zip(self.len).filter(|(_, len)| *len > 0)?;
                    let end = start.checked_add(len)?;
                    if !world.by_guest.covers(&(end - 1..end.saturating_add(1))) {
                        return None;
                    }
                    let row = across(world.log(), &step.accesses, world.facts.memory, end, false)?;
                    let past = of_these(row.range.end - end);
                    let sentence = format!(
                        "in a call to {}, one instruction wrote {} in a row at {:#x}..{:#x}; {past} past the end of the \
                         buffer ({start:#x}..{end:#x})",
                        plain(export),
                        counted(row.range.end - row.range.start, "byte"),
                        row.range.start,
                        row.range.end
                    );
                    return Evidence::new(end..row.range.end, sentence);
                }
            }
            _ => (),
        }
        None
    }
}
