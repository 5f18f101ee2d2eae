//! The host writes over data of the module.

use std::collections::VecDeque;

use crate::check::addresses::addresses;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "host-over-data",
    about: "The host wrote over a data segment of the module.",
    why: "Constants and variables of the guest are there: use an address that the guest returned.",
    observer: || Box::new(HostOverData::default()),
};

/// Maximum number of addresses remembered.
const MOST: usize = 256;

/// Knows which addresses the host got from the guest.
#[derive(Default)]
struct HostOverData {
    known: VecDeque<u64>,
}

impl Observer for HostOverData {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Enter(step) => match &step.kind {
                StepKind::Import { args, .. } => self.remember(args),
                StepKind::Write { .. } if world.is_exchange() => {
                    let range = world.write(step).filter(|range| !range.is_empty())?;
                    let data = world.facts.data_in(&range).next()?;
                    let is_buffer = self.known.contains(&range.start) && data.range.contains(&range.start);
                    let is_fixed = world.facts.fixed == Some(range.start);
                    let is_past = range.start < data.range.start
                        && (is_fixed
                            || self.known.contains(&range.start)
                            || world.blocks.around(range.start).is_some());
                    if is_buffer || !(is_fixed || is_past) {
                        return None;
                    }
                    let part = range.start.max(data.range.start)..range.end.min(data.range.end);
                    let (len, lost) = (counted(range.end - range.start, "byte"), part.end - part.start);
                    let how_many =
                        if lost == range.end - range.start { String::new() } else { format!("{lost} of them ") };
                    let sentence = format!(
                        "the host wrote {len} at {:#x}, {how_many}over the module's data `{}` ({:#x}..{:#x})",
                        range.start,
                        plain(&data.name),
                        data.range.start,
                        data.range.end
                    );
                    return Evidence::new(part, sentence);
                }
                _ => (),
            },
            Event::Leave(step) => {
                if let StepKind::Call { results: Some(results), .. } = &step.kind {
                    self.remember(results);
                }
            }
            _ => (),
        }
        None
    }
}

impl HostOverData {
    fn remember(&mut self, values: &[crate::record::Value]) {
        self.known.extend(values.iter().flat_map(|&value| addresses(value)).flatten());
        while self.known.len() > MOST {
            self.known.pop_front();
        }
    }
}
