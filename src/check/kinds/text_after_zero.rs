//! A text goes on after the zero byte that ends the answer.

use crate::check::across::across;
use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "text-after-zero",
    about: "The answer stops at a zero byte, but the guest went on writing text right after it.",
    why: "The answer contains a zero byte: read it by its length, not up to a zero.",
    observer: || Box::new(TextAfterZero),
};

struct TextAfterZero;

impl Observer for TextAfterZero {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, _) = world.answer(step).filter(|_| world.facts.reads_to_zero)?;
        let zero = range.end;
        if world.bytes(&(zero..zero + 1)) != [0] || !world.by_guest.covers(&(zero - 1..zero + 2)) {
            return None;
        }
        let all = 0..world.log().len();
        let row = across(world.log(), &all, world.facts.memory, zero, false)?;
        let rest = zero + 1..row.range.end;
        // The answer, the zero byte and the text are one row of stores.
        let is_one = row.range.start <= range.start
            && across(world.log(), &all, world.facts.memory, zero + 1, false)?.range == row.range;
        let bytes = world.bytes(&rest);
        let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
        let is_text = !text.is_empty() && !text.contains(|c: char| c.is_control() && c != '\0');
        if !is_one || !is_text {
            return None;
        }
        // Fields of a fixed size and wider characters have zeros of their own.
        let all = world.bytes(&(range.start..row.range.end));
        let is_line = world.line().is_some_and(|line| super::has_zeros_for_separators(&all, line));
        if !is_line && (text.starts_with('\0') || text.contains("\0\0") || super::is_utf16(&world.bytes(&row.range))) {
            return None;
        }
        let text = text.trim_start_matches('\0').replace('\0', "\\0");
        let sentence = format!(
            "the answer ends at the zero byte at {zero:#x}, but the guest wrote {} in a row, with \"{text}\" after the zero",
            counted(row.range.end - row.range.start, "byte")
        );
        Evidence::new(rest, sentence)
    }
}
