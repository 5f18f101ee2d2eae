//! The host writes over data of the module.

use std::collections::VecDeque;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World, addresses};
use crate::record::{StepKind, counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "host-over-data",
    about: "The host wrote over a data segment of the module.",
    why: "Constants and variables of the guest are there: use an address that the guest returned.",
    observer: || Box::new(HostOverData::default()),
};

/// Maximum number of addresses remembered.
const MOST: usize = 256;

/// Knows which addresses the guest told the host.
#[derive(Default)]
struct HostOverData {
    told: VecDeque<u64>,
}

impl Observer for HostOverData {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Enter(step) => match &step.kind {
                StepKind::Import { args, .. } => self.tell(args),
                StepKind::Write { .. } if world.is_exchange() => {
                    let range = world.write(step).filter(|range| !range.is_empty())?;
                    let data = world.facts.data_in(&range).next()?;
                    let is_told = self.told.contains(&range.start) && data.range.contains(&range.start);
                    let is_fixed = world.facts.fixed == Some(range.start);
                    let is_past = range.start < data.range.start
                        && (is_fixed || self.told.contains(&range.start) || world.blocks.around(range.start).is_some());
                    if is_told || !(is_fixed || is_past) {
                        return None;
                    }
                    let part = range.start.max(data.range.start)..range.end.min(data.range.end);
                    let (len, lost) =
                        (counted(range.end - range.start, "byte"), counted(part.end - part.start, "byte"));
                    let name = plain(&data.name);
                    let sentence = format!(
                        "the host wrote {len} at {:#x}, {lost} of them over {name} of the module ({:#x}..{:#x})",
                        range.start, data.range.start, data.range.end
                    );
                    return Evidence::new(part, sentence);
                }
                _ => (),
            },
            Event::Leave(step) => {
                if let StepKind::Call { results: Some(results), .. } = &step.kind {
                    self.tell(results);
                }
            }
            _ => (),
        }
        None
    }
}

impl HostOverData {
    fn tell(&mut self, values: &[crate::record::Value]) {
        self.told.extend(values.iter().flat_map(|&value| addresses(value)).flatten());
        while self.told.len() > MOST {
            self.told.pop_front();
        }
    }
}
