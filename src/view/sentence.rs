//! Describes changes in sentences (which bytes, by whom, how many), for users who cannot see the marks.

use super::{Extent, Marks, counted, thousands, visible};
use crate::record::{Actor, Cause, Known, WASM_PAGE};

/// `12 B at 0x410..0x41c`: a length, the first address and the end (exclusive).
pub fn range(addr: u64, len: u64) -> String {
    format!("{} B at {addr:#x}..{:#x}", thousands(len), addr.saturating_add(len))
}

/// Describes the effect of a part of the timeline on a memory: what each actor wrote and where, and growth.
pub fn difference(marks: &Marks) -> String {
    let actors = [Actor::Module, Actor::Host, Actor::Guest].into_iter();
    let mut clauses: Vec<String> =
        actors.filter_map(|actor| Some(format!("{} {}", name(actor), wrote(marks, actor)?))).collect();
    clauses.extend(marks.grown().map(|(from, to)| grew(marks, from, to)));
    if clauses.is_empty() { "nothing changed".to_owned() } else { clauses.join("; ") }
}

/// `changed 14 bytes at 0x41c..0x42a`; if equal bytes were written too, `wrote 4 bytes at .., 1 of them changed`.
fn wrote(marks: &Marks, actor: Actor) -> Option<String> {
    let (changed, written) = (marks.changed_by(actor).bytes, marks.written_by(actor));
    let place = place(written)?;
    let bytes = counted(written.bytes as u64, "byte");
    let more = if marks.compared_by(actor) { " or more" } else { "" };
    if marks.bare_by(actor) {
        return Some(format!("wrote {bytes} {place}, whose old values are not kept (--max-record)"));
    }
    Some(match changed {
        all if all == written.bytes => format!("changed {bytes} {place}"),
        0 => format!("wrote {bytes}{more} {place}, none of them changed"),
        some => format!("wrote {bytes}{more} {place}, {} of them changed", thousands(some as u64)),
    })
}

/// `at 0x41c..0x42a`, or `in 2 ranges within 0x41c..0x500`.
fn place(extent: Extent) -> Option<String> {
    let (start, end) = extent.span?;
    Some(match extent.ranges {
        1 => format!("at {start:#x}..{end:#x}"),
        ranges => format!("in {} within {start:#x}..{end:#x}", counted(ranges as u64, "range")),
    })
}

/// A short warning that memory is unknown before or after a part of the timeline: displayed bytes may be older.
pub fn unknown(known: Known) -> Option<&'static str> {
    match (known.before, known.after, known.kept) {
        (true, true, _) => None,
        (false, true, true) => Some("memory not compared before"),
        (true, false, true) => Some("memory not compared after"),
        (false, false, true) => Some("memory not compared"),
        (false, true, false) => Some("memory before not kept"),
        (true, false, false) => Some("memory after not kept"),
        (false, false, false) => Some("memory not kept"),
    }
}

/// A warning that bytes displayed as after a part of the timeline may be older.
pub fn caution(known: Known) -> Option<&'static str> {
    (!known.after).then_some(match known.kept {
        true => "memory was not compared after this step: bytes shown here may be out of date",
        false => "memory after this step is not kept (--max-record): bytes shown here may be out of date",
    })
}

/// A shorter description of the effect on a memory: `host 12 B at 0x410..0x41c; guest 14 B at 0x41c..0x42a`.
pub fn short_difference(marks: &Marks) -> String {
    let wrote = |actor: Actor| {
        let (changed, written) = (marks.changed_by(actor).bytes as u64, marks.written_by(actor));
        let bytes = match written.bytes as u64 {
            written if marks.bare_by(actor) => format!("{} B written", thousands(written)),
            written if written == changed => format!("{} B", thousands(written)),
            written => brief(changed, written, marks.compared_by(actor), 0),
        };
        Some(format!("{} {bytes} {}", actor.word(), place(written)?))
    };
    let mut clauses: Vec<_> = [Actor::Module, Actor::Host, Actor::Guest].into_iter().filter_map(wrote).collect();
    clauses.extend(marks.grown().map(|(from, to)| format!("memory {} -> {}", thousands(from), counted(to, "page"))));
    if clauses.is_empty() { "nothing changed".to_owned() } else { clauses.join("; ") }
}

/// Describes a change in size, in pages.
fn grew(marks: &Marks, from: u64, to: u64) -> String {
    let size = |pages: u64| thousands(pages * WASM_PAGE);
    match from {
        0 if marks.begins() => format!("memory starts with {} ({} bytes)", counted(to, "page"), size(to)),
        from if to < from => {
            format!(
                "a fresh memory of {} replaced one of {} (-{} bytes)",
                counted(to, "page"),
                thousands(from),
                size(from - to)
            )
        }
        from => format!("memory grew from {} to {} (+{} bytes)", thousands(from), counted(to, "page"), size(to - from)),
    }
}

/// The shortest description: `14 B changed`.
pub fn in_brief(marks: &Marks) -> String {
    let grown = marks.grown().map_or(0, |(from, to)| to.saturating_sub(from));
    let compared = [Actor::Module, Actor::Host, Actor::Guest].into_iter().any(|actor| marks.compared_by(actor));
    if [Actor::Module, Actor::Host, Actor::Guest].into_iter().any(|actor| marks.bare_by(actor)) {
        return format!("{} B written, old values not kept", thousands(marks.written() as u64));
    }
    let words = brief(marks.changed() as u64, marks.written() as u64, compared, grown);
    if words.is_empty() { "nothing changed".to_owned() } else { words }
}

/// `14 B changed`; `4 B written, 1 changed`, if some were written with their old values; `grew by 1 page`. Comparing
/// does not find all writes. Empty if there are none.
pub(super) fn brief(changed: u64, written: u64, compared: bool, grown: u64) -> String {
    let more = if compared { " or more" } else { "" };
    let bytes = match changed {
        _ if written == 0 => None,
        changed if changed == written => Some(format!("{} B changed", thousands(changed))),
        0 => Some(format!("{} B{more} written, 0 changed", thousands(written))),
        changed => Some(format!("{} B{more} written, {} changed", thousands(written), thousands(changed))),
    };
    let pages = (grown > 0).then(|| format!("grew by {}", counted(grown, "page")));
    bytes.into_iter().chain(pages).collect::<Vec<_>>().join(", ")
}

/// How a cause ended: the quoted answer, or why there is none.
pub fn outcome(cause: &Cause) -> String {
    match &cause.outcome {
        Ok(answer) => visible(answer),
        Err(failure) => visible(failure.to_string().as_bytes()),
    }
}

/// What failed: why there is no answer, or what failed in addition or afterwards.
pub fn failure(cause: &Cause) -> Option<String> {
    cause.failure_text().map(|text| visible(text.as_bytes()))
}

/// The actor's name in a sentence.
pub fn name(actor: Actor) -> &'static str {
    match actor {
        Actor::Module => "the module",
        Actor::Host => "the host",
        Actor::Guest => "the guest",
    }
}

/// `exchange 3`, or `the start` for the first cause of a run.
pub fn exchange(number: usize) -> String {
    if number == 0 { "the start".to_owned() } else { format!("exchange {number}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Change, Evidence, Image};

    fn told(changes: &[Change]) -> (String, String) {
        let before = vec![Image::zeroed(WASM_PAGE)];
        let mut after = before.clone();
        changes.iter().for_each(|change| change.redo(&mut after));
        let marks = Marks::new(0, changes, &before, &after);
        (difference(&marks), in_brief(&marks))
    }

    fn host(addr: u64, new: &[u8]) -> Change {
        Change::bytes(0, addr, &vec![0; new.len()], new, Actor::Host, Evidence::Written)
    }

    fn guest(addr: u64, new: &[u8]) -> Change {
        Change::bytes(0, addr, &vec![0; new.len()], new, Actor::Guest, Evidence::Found)
    }

    #[test]
    fn each_actor_has_its_own_ranges() {
        for (changes, sentence, brief) in [
            (vec![], "nothing changed", "nothing changed"),
            (
                vec![host(0x410, &[1; 12]), guest(0x41c, &[2; 14])],
                "the host changed 12 bytes at 0x410..0x41c; the guest changed 14 bytes at 0x41c..0x42a",
                "26 B changed",
            ),
            (
                vec![guest(0x100, &[1]), guest(0x200, &[1, 1]), host(0x180, &[1])],
                "the host changed 1 byte at 0x180..0x181; the guest changed 3 bytes in 2 ranges within 0x100..0x202",
                "4 B changed",
            ),
            (
                vec![host(0x1000, &[7, 0, 0, 0])],
                "the host wrote 4 bytes at 0x1000..0x1004, 1 of them changed",
                "4 B written, 1 changed",
            ),
            (
                vec![host(0x1000, &[0; 4]), host(0x2000, &[0])],
                "the host wrote 5 bytes in 2 ranges within 0x1000..0x2001, none of them changed",
                "5 B written, 0 changed",
            ),
            (
                vec![Change::Growth { memory: 0, from: 1, to: 3, by: Actor::Guest }],
                "memory grew from 1 to 3 pages (+131,072 bytes)",
                "grew by 2 pages",
            ),
        ] {
            assert_eq!(told(&changes), (sentence.to_owned(), brief.to_owned()));
        }
    }
}
