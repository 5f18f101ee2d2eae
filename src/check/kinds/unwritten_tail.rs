//! The answer ends in zeros that nobody wrote.

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::counted;

pub(super) const KIND: Kind = Kind {
    name: "unwritten-tail",
    about: "The answer ends in zero bytes that nobody wrote in this exchange.",
    why: "The length is larger than the text: perhaps it is the size of the buffer.",
    observer: || Box::new(UnwrittenTail),
};

struct UnwrittenTail;

impl Observer for UnwrittenTail {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let (range, answer) = world.answer(step).filter(|_| world.is_exact())?;
        let head = world.written.around(range.start).filter(|head| head.end < range.end)?;
        let tail = head.end..range.end;
        let written = answer.get(..usize::try_from(head.end - range.start).ok()?)?;
        let rest = &answer[written.len()..];
        let is_text =
            std::str::from_utf8(written).is_ok_and(|text| !text.trim_end_matches('\0').contains(char::is_control));
        if !is_text || world.written.meets(&tail) || rest.iter().any(|&byte| byte != 0) {
            return None;
        }
        let (all, left) = (counted(range.end - range.start, "byte"), counted(tail.end - tail.start, "zero byte"));
        let sentence = format!("the answer has {all} and ends in {left} that nobody wrote in this exchange");
        Evidence::new(tail, sentence)
    }
}
