//! The crossings of a cause, as lines of words.

use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use super::{range, thousands, visible};
use crate::record::{Cause, Change, Evidence, Step, Value};

/// One crossing in words, in parts that a renderer can align and shorten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// How deep it lies: 0 for a step of the host's.
    pub depth: usize,
    /// `call`, `write`, `read`, `start`, `import`, `say`.
    pub verb: &'static str,
    /// The export or import that was called. Empty where there is none.
    pub name: String,
    /// The arguments and the result, or the bytes written or read: `(12) -> 26`, `12 B at 0x410..0x41c`.
    pub what: String,
    /// What came of it, short: `did not move`, `14 B changed`. May be empty.
    pub note: String,
}

/// Every crossing of a cause in words, in order.
pub fn step_lines(cause: &Cause) -> Vec<StepLine> {
    (0..cause.crossings.len()).map(|place| step_line(cause, place)).collect()
}

fn step_line(cause: &Cause, place: usize) -> StepLine {
    let crossing = &cause.crossings[place];
    let changed = change_note(&cause.changes[crossing.changes.clone()]);
    let nameless = |verb, what, note| (verb, String::new(), what, note);
    let (verb, name, what, note) = match &crossing.step {
        Step::Instantiate => nameless("start", "the module is instantiated".to_owned(), changed),
        Step::Write { addr, len, .. } => nameless("write", range(*addr, *len), changed),
        Step::Read { addr, len, .. } => nameless("read", range(*addr, *len), changed),
        Step::Grow { pages, .. } => nameless("grow", format!("by {} pages", thousands(*pages)), changed),
        Step::Say { text } => nameless("say", format!("\"{}\"", visible(text)), String::new()),
        Step::Import { import, args, results } => {
            let result = result(cause, results.as_deref());
            ("import", visible(import.as_bytes()), format!("({}) {result}", list(args)), changed)
        }
        Step::Set { global, value } => ("set", visible(global.as_bytes()), format!(" = {value}"), changed),
        Step::Call { export, args, results } => {
            let result = result(cause, results.as_deref());
            let moved = pointer_note(cause, place, export, results.as_deref());
            let note = [moved, changed].into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(", ");
            ("call", visible(export.as_bytes()), format!("({}) {result}", list(args)), note)
        }
    };
    StepLine { depth: crossing.depth, verb, name, what, note }
}

fn list(values: &[Value]) -> String {
    values.iter().map(Value::to_string).collect::<Vec<_>>().join(", ")
}

fn result(cause: &Cause, results: Option<&[Value]>) -> String {
    match results {
        None => "did not return".to_owned(),
        Some([]) => "returned".to_owned(),
        Some([one]) if is_address(cause, *one) => format!("-> {:#x}", one.unsigned().unwrap_or_default()),
        Some(values) => format!("-> {}", list(values)),
    }
}

/// Whether a result is used as an address in the exchange, and not as a length too: then it is shown as one.
fn is_address(cause: &Cause, value: Value) -> bool {
    let Some(value) = value.unsigned() else { return false };
    let used = |as_what: fn(u64, u64) -> u64| {
        cause.crossings.iter().any(|crossing| match crossing.step {
            Step::Write { addr, len, .. } | Step::Read { addr, len, .. } => as_what(addr, len) == value,
            _ => false,
        })
    };
    used(|addr, _| addr) && !used(|_, len| len)
}

/// Whether an address that was asked for before is still the same.
fn pointer_note(cause: &Cause, place: usize, export: &Arc<str>, results: Option<&[Value]>) -> String {
    let Some(&[now]) = results else { return String::new() };
    let earlier = cause.crossings[..place].iter().rev().find_map(|crossing| match &crossing.step {
        Step::Call { export: other, results: Some(values), .. } if other == export => values.first().copied(),
        _ => None,
    });
    match earlier {
        Some(then) if is_address(cause, now) && then == now => "did not move".to_owned(),
        Some(then) if is_address(cause, now) => format!("moved from {:#x}", then.unsigned().unwrap_or_default()),
        _ => String::new(),
    }
}

fn change_note(changes: &[Change]) -> String {
    let (mut differing, mut equal, mut grown) = (0, 0, 0);
    for change in changes {
        match change {
            Change::Bytes { halves, evidence, .. } => {
                let (old, new) = halves.split_at(halves.len() / 2);
                let differ = old.iter().zip(new).filter(|(old, new)| old != new).count();
                differing += differ;
                equal += if *evidence == Evidence::Written { old.len() - differ } else { 0 };
            }
            Change::Growth { from, to, .. } => grown += to.saturating_sub(*from),
        }
    }
    let mut notes = Vec::new();
    if differing > 0 {
        notes.push(format!("{} B changed", thousands(differing as u64)));
    }
    if equal > 0 {
        notes.push(format!("{} B as before", thousands(equal as u64)));
    }
    if grown > 0 {
        let unit = if grown == 1 { "page" } else { "pages" };
        notes.push(format!("grew by {} {unit}", thousands(grown)));
    }
    notes.join(", ")
}

impl StepLine {
    /// The line without its note: `call add_wasm_is_cool(12) -> 26`.
    pub fn headline(&self) -> String {
        format!("{} {}{}", self.verb, self.name, self.what)
    }

    /// The line for a list: `2 write 12 B at 0x410..0x41c   12 B changed`, numbered from 1.
    pub fn numbered(&self, number: usize) -> String {
        self.within(number, usize::MAX)
    }

    /// The numbered line in that many columns, as far as it goes: a long name is cut before anything else is.
    pub fn within(&self, number: usize, columns: usize) -> String {
        let head = format!("{number} {}{:<5} ", "  ".repeat(self.depth), self.verb);
        let gap = if self.note.is_empty() { "" } else { "   " };
        let rest = format!("{}{gap}{}", self.what, self.note);
        let room = columns.saturating_sub(head.len() + rest.width());
        format!("{head}{}{rest}", shorten(&self.name, room))
    }
}

/// A name in that many columns: its beginning and `..`, but never less than a few letters of it.
fn shorten(name: &str, columns: usize) -> String {
    const LEAST: usize = 8;
    if name.width() <= columns.max(LEAST) {
        return name.to_owned();
    }
    let mut short: String = name.chars().take(columns.max(LEAST) - 2).collect();
    while short.width() + 2 > columns.max(LEAST) {
        short.pop();
    }
    short + ".."
}
