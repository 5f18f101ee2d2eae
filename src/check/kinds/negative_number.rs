//! A negative number is used as a length or an address.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::Failure;

pub(super) const KIND: Kind = Kind {
    name: "negative-number",
    about: "A negative number was used as a length or an address.",
    why: "Functions return such numbers to report an error: check the result before it is used.",
    observer: || Box::new(NegativeNumber),
};

/// The lowest number taken for an error code.
const LOWEST: i32 = -4096;

struct NegativeNumber;

impl Observer for NegativeNumber {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::End = event else { return None };
        world.cause.failures().find_map(|failure| match failure.root() {
            Failure::OutOfBounds { addr, len, .. } => {
                let (what, number, as_signed) = signed(*len)
                    .map(|n| ("length", *len, n))
                    .or_else(|| signed(*addr).map(|n| ("address", *addr, n)))?;
                Evidence::new(
                    0..0,
                    format!("the {what} {number:#x} is {as_signed} as a signed number, perhaps an error code"),
                )
            }
            _ => None,
        })
    }
}

/// A small negative number of 32 or 64 bits.
fn signed(number: u64) -> Option<i32> {
    let wide = i32::try_from(number.cast_signed()).ok();
    let narrow = u32::try_from(number).ok().map(u32::cast_signed);
    wide.filter(|n| *n < 0).or(narrow).filter(|n| (LOWEST..0).contains(n))
}
