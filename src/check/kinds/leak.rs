//! Blocks that nobody frees.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "leak",
    about: "Each exchange leaves behind a block that nobody frees, though the guest exports a function that frees blocks.",
    why: "Memory fills up with each line until the allocator fails.",
    observer: || Box::new(Leak::default()),
};

/// How many exchanges in a row must leave a block.
const EXCHANGES: usize = 8;

/// Counts exchanges that leave blocks.
#[derive(Default)]
struct Leak {
    /// How many exchanges in a row left a block at an address that was never seen before.
    exchanges: usize,
    /// The highest end of a block so far.
    end: u64,
    /// Whether the guest freed anything by a call of the host.
    reported: bool,
}

impl Observer for Leak {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Fresh => *self = Leak::default(),
            Event::End if world.is_exchange() => return self.exchange(world),
            _ => (),
        }
        None
    }
}

impl Leak {
    fn exchange(&mut self, world: &World<'_>) -> Option<Evidence> {
        let deallocator = world.facts.deallocators.first()?;
        let left = world.blocks.iter().filter(|block| block.cause == world.number && !block.returned);
        // Memory that is used again was freed by somebody.
        let new: Vec<_> = left.filter(|block| block.addr >= self.end).collect();
        let Some(last) = new.last() else {
            self.exchanges = 0;
            return None;
        };
        let range = last.range();
        self.end = range.end;
        self.exchanges += 1;
        if self.exchanges < EXCHANGES || std::mem::replace(&mut self.reported, true) {
            return None;
        }
        let live: u64 = world.blocks.iter().fold(0, |sum: u64, block| sum.saturating_add(block.len));
        let (by, free) = (plain(&last.by), plain(deallocator));
        let sentence = format!(
            "each of the last {EXCHANGES} exchanges left a block from {by} at a new address, and none of these blocks was passed to {free}: {} in use, {}",
            counted(world.blocks.iter().count() as u64, "block"),
            counted(live, "byte")
        );
        Evidence::new(range, sentence)
    }
}
