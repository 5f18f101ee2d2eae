//! The answer to "which bytes, by whom, how many" as a sentence, for those who cannot see marks.

use super::{Marks, Tally, counted, thousands, visible};
use crate::record::{Actor, Cause, Known, WASM_PAGE, unit};

/// `12 B at 0x410..0x41c`: a length and the addresses from the first to behind the last.
pub fn range(addr: u64, len: u64) -> String {
    format!("{} B at {addr:#x}..{:#x}", thousands(len), addr.saturating_add(len))
}

/// What a part of the timeline did to memory, in a sentence.
pub fn difference(marks: &Marks) -> String {
    let mut clauses = Vec::new();
    for actor in [Actor::Module, Actor::Host, Actor::Guest] {
        let Tally { bytes, runs, span } = marks.changed_by(actor);
        if let Some((start, end)) = span {
            let (bytes, runs) = (counted(bytes as u64, "byte"), counted(runs as u64, "run"));
            clauses.push(format!("{} changed {bytes} in {runs} at {start:#x}..{end:#x}", name(actor)));
        }
    }
    if let Tally { bytes, span: Some((start, end)), .. } = marks.rewritten() {
        let bytes = counted(bytes as u64, "byte");
        clauses.push(format!("{bytes} written with the values they had at {start:#x}..{end:#x}"));
    }
    if let Some((from, to)) = marks.grown() {
        let pages = match from {
            0 => format!("memory began with {to}"),
            from if to < from => format!("memory began again, smaller: from {from} to {to}"),
            from => format!("memory grew from {from} to {to}"),
        };
        let unit = unit(to, "page");
        let sign = if to < from { "-" } else { "+" };
        clauses.push(format!("{pages} {unit} ({sign}{} zero bytes)", thousands(from.abs_diff(to) * WASM_PAGE)));
    }
    match clauses.is_empty() {
        true => "nothing changed".to_owned(),
        false => clauses.join("; "),
    }
}

/// That memory is not known before or after a part of the timeline, in a few words: bytes that are shown may be older.
pub fn unknown(known: Known) -> Option<&'static str> {
    match known {
        Known { before: true, after: true } => None,
        Known { before: false, after: true } => Some("memory not compared before"),
        Known { before: true, after: false } => Some("memory not compared after"),
        Known { before: false, after: false } => Some("memory not compared"),
    }
}

/// That bytes which are shown as they were after a part of the timeline may be older.
pub fn caution(known: Known) -> Option<&'static str> {
    (!known.after).then_some("memory was not compared after this step: bytes shown here may be out of date")
}

/// What a part of the timeline did to memory in fewer words, where a line is short: `host 12 B at 0x410..0x41c; guest 14 B at 0x41c..0x42a`.
pub fn short_difference(marks: &Marks) -> String {
    let clause = |who: &str, Tally { bytes, runs, span }: Tally| {
        let (start, end) = span?;
        let runs = if runs > 1 { format!(" in {} runs", thousands(runs as u64)) } else { String::new() };
        Some(format!("{who} {} B{runs} at {start:#x}..{end:#x}", thousands(bytes as u64)))
    };
    let changed = [Actor::Module, Actor::Host, Actor::Guest].map(|by| clause(by.word(), marks.changed_by(by)));
    let grown = marks.grown().map(|(from, to)| format!("memory {from} -> {}", counted(to, "page")));
    let clauses = changed.into_iter().chain([clause("as before", marks.rewritten()), grown]);
    let clauses: Vec<_> = clauses.flatten().collect();
    if clauses.is_empty() { "nothing changed".to_owned() } else { clauses.join("; ") }
}

/// The same in a few words: `14 B written, 13 changed`, or `14 B changed` where all were, or where comparing found that:
/// how many were written is not known then.
pub fn in_brief(marks: &Marks) -> String {
    let mut words = Vec::new();
    words.extend(counts(marks.changed() as u64, marks.rewritten().bytes as u64, marks.is_compared()));
    if let Some((from, to)) = marks.grown() {
        words.push(format!("grew by {}", counted(to.saturating_sub(from), "page")));
    }
    if words.is_empty() { "nothing changed".to_owned() } else { words.join(", ") }
}

/// How many bytes changed, and how many others were written; of those, comparing does not find all.
pub(super) fn counts(changed: u64, rewritten: u64, is_compared: bool) -> Option<String> {
    let all = thousands(changed + rewritten);
    let (changed, rewritten) = match (changed, rewritten) {
        (0, 0) => return None,
        (_, 0) => return Some(format!("{all} B changed")),
        (changed, rewritten) => (thousands(changed), thousands(rewritten)),
    };
    Some(match is_compared {
        false => format!("{all} B written, {changed} changed"),
        true => format!("{changed} B changed, {rewritten} B as before"),
    })
}

/// How a cause ended: the answer in quotes, or why there is none.
pub fn outcome(cause: &Cause) -> String {
    match &cause.outcome {
        Ok(answer) => visible(answer),
        Err(failure) => visible(failure.to_string().as_bytes()),
    }
}

/// What failed, in words: nothing, why there is no answer, or what failed beside or after that.
pub fn failure(cause: &Cause) -> Option<String> {
    cause.failure_text().map(|text| visible(text.as_bytes()))
}

/// An actor in words.
pub fn name(actor: Actor) -> &'static str {
    match actor {
        Actor::Module => "the module",
        Actor::Host => "the host",
        Actor::Guest => "the guest",
    }
}
