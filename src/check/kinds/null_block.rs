//! An allocator returns address 0.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{counted, plain};

pub(super) const KIND: Kind = Kind {
    name: "null-block",
    about: "An allocator returned address 0.",
    why: "That is how an allocator says that it has no memory left; in WebAssembly a write there does not trap.",
    observer: || Box::new(NullBlock),
};

struct NullBlock;

impl Observer for NullBlock {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Allocated(block) = event else { return None };
        if block.addr != 0 {
            return None;
        }
        let (by, len, memory) = (plain(&block.by), block.len, counted(world.image.len(), "byte"));
        Evidence::new(0..0, format!("{by}({len}) returned 0 for {}; memory has {memory}", counted(len, "byte")))
    }
}
