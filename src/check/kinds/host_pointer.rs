//! An address of the host's process is used as one of the guest.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Failure, StepKind, Value, plain};

pub(super) const KIND: Kind = Kind {
    name: "host-pointer",
    about: "A number was used as an address that is far outside any guest memory, where a host's own pointers are.",
    why: "A guest can reach only its own memory: copy the bytes there, and pass their address in it.",
    observer: || Box::new(HostPointer),
};

/// Where processes of 64-bit systems have their stack, heap and code.
const HOST: std::ops::RangeInclusive<u64> = 0x1000_0000_0000..=0x7fff_ffff_ffff;

struct HostPointer;

impl Observer for HostPointer {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let size = world.image.len();
        let looks_so = |number: &u64| HOST.contains(number) && !is_pair(*number, size);
        match event {
            Event::Enter(step) => {
                let StepKind::Call { export, args, .. } = &step.kind else { return None };
                let wide = args.iter().filter(|arg| matches!(arg, Value::I64(_)));
                let number = wide.filter_map(|arg| arg.unsigned()).find(looks_so)?;
                tell(&format!("{} was given {number:#x}", plain(export)), size)
            }
            Event::End => world.cause.failures().find_map(|failure| match failure.root() {
                Failure::OutOfBounds { addr, .. } if looks_so(addr) => {
                    tell(&format!("{addr:#x} was used as an address"), size)
                }
                _ => None,
            }),
            _ => None,
        }
    }
}

fn tell(what: &str, size: u64) -> Option<Evidence> {
    Evidence::new(0..0, format!("{what}: memory ends at {size:#x}, and a number that large looks like a host pointer"))
}

/// Whether a number can be an address and a length in this memory, in either order.
fn is_pair(number: u64, size: u64) -> bool {
    (number >> 32) + (number & u64::from(u32::MAX)) <= size
}
