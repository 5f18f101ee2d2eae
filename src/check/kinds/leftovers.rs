//! The answer ends in bytes of an earlier exchange.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "leftovers",
    about: "The answer ends in bytes that nobody wrote in this exchange.",
    why: "Unless the guest keeps them on purpose, either the length is too large or the terminating zero is missing.",
    observer: || Box::new(Leftovers),
};

struct Leftovers;

impl Observer for Leftovers {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, _) = world.answer(step).filter(|_| world.is_exact())?;
        let head = world.written.around(range.start).filter(|head| head.end < range.end)?;
        let tail = head.end..range.end;
        if world.written.meets(&tail) || !is_left(&tail, world) {
            return None;
        }
        let (all, left) = (counted(range.end - range.start, "byte"), counted(tail.end - tail.start, "byte"));
        let sentence = format!(
            "the answer has {all}, but this exchange did not write the last {left} ({}): an earlier one did",
            text(&world.bytes(&tail))
        );
        Evidence::new(tail, sentence)
    }
}

/// Whether all bytes but zeros differ from those that the guest began with, so that they were written since.
fn is_left(tail: &std::ops::Range<u64>, world: &World<'_>) -> bool {
    let bytes = world.bytes(tail);
    let mut began = vec![0; bytes.len()];
    world.start.read(tail.start, &mut began);
    bytes.iter().any(|&byte| byte != 0) && bytes.iter().zip(&began).all(|(byte, began)| *byte == 0 || byte != began)
}

fn text(bytes: &[u8]) -> String {
    // Where it begins inside a character, the rest of that one is left out.
    let first = bytes.iter().position(|byte| byte & 0xc0 != 0x80).unwrap_or(0);
    let bytes = &bytes[first..];
    let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(24)]);
    let more = if bytes.len() > 24 { "..." } else { "" };
    format!("\"{}\"{more}", shown.escape_debug())
}
