//! What the languages look at: the numbers of a call, a range of memory, and what became of memory since.

use std::ops::Range;

use crate::record::{Cause, Change, Image, Moment, Run, StepKind, Value};
use crate::view::{Selection, visible};

/// The most bytes of a text that are shown.
const SHOWN: usize = 64;
/// The most bytes that are looked at.
const MOST: u64 = 1 << 20;

/// A number that crosses the boundary.
pub(super) struct Number {
    /// What it is: `argument 1`, `result`.
    pub(super) what: String,
    pub(super) value: Value,
    /// The address and length that it is used as, if it is such a pair, and whether the address is the upper half.
    pub(super) packed: Option<(u64, u64, bool)>,
}

/// The growth of the memory in the cause.
pub(super) struct Growth {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The step in which it happened: `step 3, call f`.
    pub(super) step: String,
}

/// What the range holds later than when the host read it.
pub(super) struct Later {
    pub(super) bytes: Vec<u8>,
    /// After what: `step 5, call dealloc`.
    pub(super) after: String,
}

/// The facts of a moment.
pub(super) struct Facts {
    pub(super) numbers: Vec<Number>,
    pub(super) addr: u64,
    pub(super) len: u64,
    /// The bytes of the range; `None` if it ends outside.
    pub(super) bytes: Option<Vec<u8>>,
    /// The bytes from the address up to the first zero byte or the end of memory, and whether there is one.
    pub(super) to_zero: Vec<u8>,
    pub(super) has_zero: bool,
    pub(super) growth: Option<Growth>,
    pub(super) later: Option<Later>,
}

impl Facts {
    pub(super) fn new(at: &Selection, memory: usize, range: Range<u64>) -> Facts {
        let empty = Image::default();
        let facts = Facts::of_values(at.after.get(memory).unwrap_or(&empty), range, numbers(at));
        Facts { growth: growth(&at.node, memory), ..facts }
    }

    /// The same with what became of the range later.
    pub(super) fn with_later(self, run: &Run, at: &Selection, memory: usize) -> Facts {
        let later = later(run, at, memory, self.addr, self.bytes.as_deref().unwrap_or_default());
        Facts { later, ..self }
    }

    /// The facts of a memory and of numbers.
    pub(super) fn of_values(image: &Image, range: Range<u64>, numbers: Vec<Number>) -> Facts {
        let (addr, len) = (range.start, range.end.saturating_sub(range.start));
        let rest = read(image, addr, MOST);
        let zero = rest.iter().position(|&byte| byte == 0);
        let is_inside = addr.checked_add(len).is_some_and(|end| end <= image.len());
        Facts {
            numbers,
            addr,
            len,
            bytes: is_inside.then(|| read(image, addr, len.min(MOST))),
            to_zero: rest[..zero.unwrap_or(rest.len())].to_vec(),
            has_zero: zero.is_some(),
            growth: None,
            later: None,
        }
    }

    /// The range as text, with what is not UTF-8 replaced, as most languages do.
    pub(super) fn lossy(&self) -> String {
        String::from_utf8_lossy(self.bytes.as_deref().unwrap_or_default()).into_owned()
    }
}

/// A text in quotes, shortened, with control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    let end = text.floor_char_boundary(SHOWN);
    let more = if end < text.len() { ".." } else { "" };
    format!("\"{}\"{more}", visible(&text.as_bytes()[..end]))
}

/// The same of bytes, of which some may be no text.
pub(super) fn quoted_bytes(bytes: &[u8]) -> String {
    let end = bytes.len().min(SHOWN);
    let more = if end < bytes.len() { ".." } else { "" };
    format!("\"{}\"{more}", visible(&bytes[..end]))
}

/// Bytes in hexadecimal, shortened.
pub(super) fn in_hex(bytes: &[u8]) -> String {
    const BYTES: usize = 16;
    let shown: Vec<_> = bytes.iter().take(BYTES).map(|byte| format!("{byte:02x}")).collect();
    shown.join(" ") + if bytes.len() > BYTES { " .." } else { "" }
}

fn read(image: &Image, addr: u64, len: u64) -> Vec<u8> {
    let available = image.len().saturating_sub(addr).min(len);
    let mut bytes = vec![0; usize::try_from(available).unwrap_or(0)];
    image.read(addr, &mut bytes);
    bytes
}

/// The numbers of the selected call, or of the one that is shown first.
fn numbers(at: &Selection) -> Vec<Number> {
    let place = at.step.or(at.node.focus);
    let Some(step) = place.and_then(|place| at.node.steps.get(place)) else { return Vec::new() };
    let (StepKind::Call { args, results, .. } | StepKind::Import { args, results, .. }) = &step.kind else {
        return Vec::new();
    };
    let results = results.as_deref().unwrap_or_default();
    let named = |what: &str, values: &[Value]| -> Vec<_> {
        let name = |place: usize| if values.len() == 1 { what.to_owned() } else { format!("{what} {}", place + 1) };
        let number = |(place, &value)| Number { what: name(place), value, packed: at.steps.packed(value) };
        values.iter().enumerate().map(number).collect()
    };
    let mut all = named("argument", args);
    all.extend(named("result", results));
    all
}

/// The growth of a memory during a cause, and the step of it.
fn growth(cause: &Cause, memory: usize) -> Option<Growth> {
    let of_memory = |change: &&Change| matches!(change, Change::Growth { memory: of, .. } if *of == memory);
    let (place, change) = cause.changes.iter().enumerate().find(|(_, change)| of_memory(change))?;
    let Change::Growth { from, to, .. } = change else { return None };
    let step = cause.steps.iter().rposition(|step| step.changes.contains(&place));
    // Memory begins with its first pages.
    (*from > 0).then(|| Growth { from: *from, to: *to, step: step.map_or_else(String::new, |step| name(cause, step)) })
}

/// The first moment after the host read the range, or after the selected one, at which the range has other bytes.
fn later(run: &Run, at: &Selection, memory: usize, addr: u64, bytes: &[u8]) -> Option<Later> {
    let is_read = |kind: &StepKind| matches!(kind, StepKind::Read { memory: of, addr: from, .. } if *of == memory && *from == addr);
    let step = at.step.or_else(|| at.node.steps.iter().rposition(|step| is_read(&step.kind)));
    let at_moment = |change: usize, cause: usize| {
        let memories = run.at(Moment { cause, change })?;
        Some(read(memories.get(memory)?, addr, bytes.len() as u64))
    };
    let first = step.and_then(|step| at_moment(at.node.steps[step].changes.end, at.cause));
    let seen = first.unwrap_or_else(|| bytes.to_vec());
    if seen.is_empty() {
        return None;
    }
    for number in at.cause..run.len() {
        let cause = run.cause(number)?;
        let from = if number == at.cause { step.map_or(cause.steps.len(), |step| step + 1) } else { 0 };
        if at_moment(cause.changes.len(), number)? == seen {
            continue;
        }
        for (place, step) in cause.steps.iter().enumerate().skip(from).filter(|(_, step)| step.depth == 0) {
            let now = at_moment(step.changes.end, number)?;
            if now != seen {
                let exchange = if number == at.cause { String::new() } else { format!("exchange {number}, ") };
                return Some(Later { bytes: now, after: exchange + &name(cause, place) });
            }
        }
    }
    None
}

/// A step: `step 3, call f`.
fn name(cause: &Cause, place: usize) -> String {
    let what = match &cause.steps[place].kind {
        StepKind::Call { export, .. } => format!(", call {}", visible(export.as_bytes())),
        StepKind::Import { import, .. } => format!(", import {}", visible(import.as_bytes())),
        StepKind::Write { .. } => ", write".to_owned(),
        StepKind::Grow { .. } => ", grow".to_owned(),
        _ => String::new(),
    };
    format!("step {}{what}", place + 1)
}
