//! The answer ends inside a character.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "split-character",
    about: "The answer ends inside a UTF-8 character.",
    why: "A length in characters or a cut at a fixed size gives garbage at the end: count bytes, and cut between characters.",
    observer: || Box::new(SplitCharacter),
};

struct SplitCharacter;

impl Observer for SplitCharacter {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, answer) = world.answer(step)?;
        let error = std::str::from_utf8(answer).err().filter(|error| error.error_len().is_none())?;
        let cut = range.start + error.valid_up_to() as u64;
        // The rest of the character follows in memory: it was cut.
        let whole = world.bytes(&(cut..cut + 4));
        let len = (1..=whole.len()).find(|&len| std::str::from_utf8(&whole[..len]).is_ok())?;
        let character = String::from_utf8_lossy(&whole[..len]).into_owned();
        let (has, misses) = (range.end - cut, len as u64 - (range.end - cut));
        let sentence = format!(
            "the answer ends at {:#x}, inside `{character}`: it contains {} of this character, and {} in memory",
            range.end,
            counted(has, "byte"),
            match misses {
                1 => "1 more follows".to_owned(),
                n => format!("{n} more follow"),
            }
        );
        Evidence::new(cut..cut + len as u64, sentence)
    }
}
