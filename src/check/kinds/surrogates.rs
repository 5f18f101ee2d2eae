//! The answer has surrogates as UTF-8.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "surrogates",
    about: "The answer contains UTF-16 surrogates that were encoded one by one, as if each were a character.",
    why: "Such bytes are not UTF-8: pairs of surrogates must be joined before they are encoded.",
    observer: || Box::new(Surrogates),
};

struct Surrogates;

impl Observer for Surrogates {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, answer) = world.answer(step)?;
        let is_high = |bytes: &[u8]| matches!(bytes, [0xed, 0xa0..=0xaf, 0x80..=0xbf]);
        let is_low = |bytes: &[u8]| matches!(bytes, [0xed, 0xb0..=0xbf, 0x80..=0xbf]);
        let pairs = || answer.windows(6).zip(0_u64..).filter(|(six, _)| is_high(&six[..3]) && is_low(&six[3..]));
        let (six, at) = pairs().next()?;
        let unit = |bytes: &[u8]| 0xd000 | u32::from(bytes[1] & 0x3f) << 6 | u32::from(bytes[2] & 0x3f);
        let point = 0x1_0000 + ((unit(&six[..3]) & 0x3ff) << 10 | (unit(&six[3..]) & 0x3ff));
        let character = char::from_u32(point)?;
        let count = counted(pairs().count() as u64, "pair");
        let sentence = format!(
            "the answer contains {count} of surrogates, encoded one by one; the first, at {:#x}, stands for `{character}` (U+{point:X})",
            range.start + at
        );
        Evidence::new(range.start + at..range.start + at + 6, sentence)
    }
}
