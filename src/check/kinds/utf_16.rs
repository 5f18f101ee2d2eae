//! The answer is UTF-16, and is read as bytes.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "utf-16",
    about: "Every second byte of the answer is zero: it is UTF-16, or a part of it.",
    why: "The recipe reads bytes: `text utf16` in its header decodes them.",
    observer: || Box::new(Utf16),
};

struct Utf16;

impl Observer for Utf16 {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, answer) = world.answer(step)?;
        let is_utf16 = |bytes: &[u8]| {
            let is_line = world.line().is_some_and(|line| super::has_zeros_for_separators(bytes, line));
            super::is_utf16(bytes) && !is_line
        };
        if is_utf16(answer) {
            let units = counted(answer.len() as u64 / 2, "character");
            let sentence = format!(
                "every second byte of the answer is zero: its {} are probably {units} of UTF-16",
                counted(answer.len() as u64, "byte")
            );
            return Evidence::new(range, sentence);
        }
        // Reading up to a zero byte stops after the first character.
        let all = range.start..range.start + 8;
        let bytes = world.bytes(&all);
        let stopped = answer.len() == 1 && world.facts.reads_to_zero && world.by_guest.covers(&all);
        if !stopped || !is_utf16(&bytes) {
            return None;
        }
        let sentence = format!(
            "the answer stops after 1 byte, and every second byte from {:#x} on is zero: the text is probably UTF-16",
            range.start
        );
        Evidence::new(all, sentence)
    }
}
