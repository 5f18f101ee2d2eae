//! The length of the answer counts characters.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "length-in-characters",
    about: "The length of the answer is the number of characters or UTF-16 units in the text, not the number of its bytes.",
    why: "The answer is cut short: memory is measured in bytes, and a non-ASCII character takes several.",
    observer: || Box::new(LengthInCharacters),
};

struct LengthInCharacters;

impl Observer for LengthInCharacters {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, answer) = world.answer(step)?;
        let written = world.by_guest.around(range.start).filter(|written| written.start == range.start)?;
        let bytes = world.bytes(&written);
        let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
        let (len, characters, units) = (text.len(), text.chars().count(), text.encode_utf16().count());
        let what = match answer.len() {
            n if n >= len => return None,
            n if n == characters => counted(n as u64, "character"),
            n if n == units => counted(n as u64, "UTF-16 unit"),
            _ => return None,
        };
        let sentence = format!(
            "the guest wrote {} ({what}) at {:#x}, but the answer has only {}",
            counted(len as u64, "byte"),
            range.start,
            counted(answer.len() as u64, "byte")
        );
        Evidence::new(range.end..range.start + len as u64, sentence)
    }
}
