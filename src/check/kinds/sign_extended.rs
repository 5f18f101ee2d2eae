//! An address of 32 bits became one of 64 bits with its sign.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::Failure;

pub(super) const KIND: Kind = Kind {
    name: "sign-extended",
    about: "A 32-bit address with the highest bit set was extended to 64 bits as a signed number.",
    why: "Addresses of 2 GiB and above are negative as signed numbers: convert them to an unsigned 32-bit type first.",
    observer: || Box::new(SignExtended),
};

/// Negative numbers from here on are rather error codes, of which another kind tells.
const ERRORS: i64 = -4096;

struct SignExtended;

impl Observer for SignExtended {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::End = event else { return None };
        world.cause.failures().find_map(|failure| {
            let Failure::OutOfBounds { addr, .. } = failure.root() else { return None };
            let signed = i32::try_from(addr.cast_signed()).ok().filter(|&signed| i64::from(signed) < ERRORS)?;
            let unsigned = signed.cast_unsigned();
            let sentence = format!("the address {addr:#x} is {unsigned:#x} with its sign extended to 64 bits");
            Evidence::new(0..0, sentence)
        })
    }
}
