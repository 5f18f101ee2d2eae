//! The steps of a cause as text, formatted on demand.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use super::numbers::Numbers;
use super::sentence::brief;
use super::{counted, dropped, range, thousands, unknown, visible};
use crate::check::is_poison;
use crate::record::{Cause, Change, Evidence, StepKind, Value};

/// The result of a call that is not over.
const NOT_RETURNED: &str = "has not returned yet";

/// Maximum depth of indentation.
const DEEPEST: usize = 8;

/// A formatted step, in parts that a renderer can align and shorten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepLine {
    /// Its depth: 0 for a step of the host.
    pub depth: usize,
    /// `call`, `write`, `poison`, `read`, `start`, `import`, `say`.
    pub verb: &'static str,
    /// The export or import that was called; may be empty.
    pub name: String,
    /// Arguments and result, or the bytes accessed: `(12) -> 26`, `12 B at 0x410..0x41c`.
    pub what: String,
    /// A short note on its effect: `did not move`, `14 B changed`. May be empty.
    pub note: String,
}

/// An index for formatting any step of a cause without visiting all others: there may be very many.
#[derive(Clone, Debug, Default)]
pub struct Steps {
    /// For each step, its position in the tree.
    nodes: Vec<Node>,
    numbers: Numbers,
    /// Prefix sums over the changes.
    sums: Vec<Sum>,
    /// The indices of the guest's messages.
    said: Vec<usize>,
    /// For each memory, the last range written and the last range read by the host.
    last_writes: HashMap<usize, (u64, u64)>,
    last_reads: HashMap<usize, (u64, u64)>,
    elapsed: Duration,
}

/// The position of a step in the tree.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// The enclosing call.
    around: Option<usize>,
    /// The index after the last step inside it.
    end: usize,
}

/// Totals of a range of changes.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    /// Bytes with a new value.
    differing: u64,
    /// Bytes written with their old value.
    equal: u64,
    /// Pages grown.
    grown: u64,
    /// Changes found by comparing.
    compared: u64,
    /// Bytes written whose values are not kept.
    bare: u64,
}

/// Maximum number of bytes counted individually for one line.
const COUNTED: u64 = 4096;

/// The first old and last new value of each written byte, by memory and address.
fn net(changes: &[Change]) -> HashMap<(usize, u64), (u8, u8)> {
    let mut bytes = HashMap::new();
    for change in changes {
        let Change::Bytes { memory, addr, old_then_new, .. } = change else { continue };
        let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
        for (place, (&old, &new)) in old.iter().zip(new).enumerate() {
            if change.is_written(place) {
                bytes.entry((*memory, addr + place as u64)).or_insert((old, new)).1 = new;
            }
        }
    }
    bytes
}

impl Sum {
    fn words(self) -> String {
        let bare = (self.bare > 0).then(|| format!("{} B written, values not kept", thousands(self.bare)));
        let rest = brief(self.differing, self.differing + self.equal, self.compared > 0, self.grown);
        bare.into_iter().chain((!rest.is_empty()).then_some(rest)).collect::<Vec<_>>().join(", ")
    }
}

impl Steps {
    /// Indexes a cause.
    pub fn new(cause: &Cause) -> Steps {
        let mut steps = Steps { nodes: tree(cause), numbers: Numbers::of(cause), ..Steps::default() };
        for (place, step) in cause.steps.iter().enumerate() {
            match &step.kind {
                StepKind::Write { memory, addr, len, .. } | StepKind::Read { memory, addr, len, .. } => {
                    let writes = matches!(step.kind, StepKind::Write { .. });
                    let last = if writes { &mut steps.last_writes } else { &mut steps.last_reads };
                    last.insert(*memory, (*addr, addr.saturating_add(*len)));
                }
                StepKind::Say { .. } => steps.said.push(place),
                _ => (),
            }
        }
        steps.elapsed = cause.elapsed();
        steps.sums = vec![Sum::default()];
        for change in &cause.changes {
            let sum = steps.sums[steps.sums.len() - 1].and(change);
            steps.sums.push(sum);
        }
        steps
    }

    /// Formats the step at `place` of the indexed cause.
    pub fn line(&self, cause: &Cause, place: usize) -> StepLine {
        let step = &cause.steps[place];
        let holds_others = self.nodes[place].end > place + 1;
        let changed = if holds_others { self.net_note(cause, place) } else { self.note(step.changes.clone()) };
        let nameless = |verb, what, note| (verb, String::new(), what, note);
        let (verb, name, what, note) = match &step.kind {
            StepKind::Instantiate => nameless("start", "the module is instantiated".to_owned(), changed),
            StepKind::Write { addr, len, .. } if is_poison(cause, place) => {
                nameless("poison", range(*addr, *len), changed)
            }
            StepKind::Write { addr, len, .. } => nameless("write", range(*addr, *len), changed),
            StepKind::Read { addr, len, value: Some(value), .. } => {
                nameless("read", format!("{} = {}", range(*addr, *len), self.numbers.loaded(*value, *len)), changed)
            }
            StepKind::Read { addr, len, .. } => {
                let failed = if cause.has_failed_at(place) { " failed" } else { "" };
                nameless("read", format!("{}{failed}", range(*addr, *len)), changed)
            }
            StepKind::Grow { pages, .. } => nameless("grow", format!("by {}", counted(*pages, "page")), changed),
            StepKind::Say { text } => nameless("say", format!("\"{}\"", visible(text)), String::new()),
            StepKind::Note { text } => nameless("note", visible(text.as_bytes()), String::new()),
            StepKind::Import { import, args, results } => {
                let result = self.result(cause.is_over(), results.as_deref());
                ("import", visible(import.as_bytes()), format!("({}) {result}", self.numbers.list(args)), changed)
            }
            StepKind::Set { global, value } => ("set", visible(global.as_bytes()), format!(" = {value}"), changed),
            StepKind::Call { export, args, results } => {
                let result = self.result(cause.is_over(), results.as_deref());
                let moved = self.moved(cause, place, results.as_deref());
                let note = [moved, changed].into_iter().filter(|note| !note.is_empty()).collect::<Vec<_>>().join(", ");
                ("call", visible(export.as_bytes()), format!("({}) {result}", self.numbers.list(args)), note)
            }
        };
        let unknown = unknown(step.known).map(str::to_owned);
        let notes = [Some(note).filter(|note| !note.is_empty()), unknown, dropped(cause, Some(place))];
        let note = notes.into_iter().flatten().collect::<Vec<_>>().join(", ");
        StepLine { depth: step.depth, verb, name, what, note }
    }

    /// The results of the call at `place` of the indexed cause, formatted as in its line. Values that may or may not
    /// be addresses are given in hexadecimal too.
    pub fn results(&self, cause: &Cause, place: usize) -> Vec<String> {
        let results = match cause.steps.get(place).map(|step| &step.kind) {
            Some(StepKind::Call { results: Some(results), .. }) => results.as_slice(),
            _ => &[],
        };
        let shown = |value: &Value| match (self.numbers.list(&[*value]), value.unsigned()) {
            (text, Some(number @ 10..)) if text == value.to_string() => format!("{text} ({number:#x})"),
            (text, _) => text,
        };
        results.iter().map(shown).collect()
    }

    /// The address and the length that a number packs, as the host uses them, and whether the address is the upper half.
    pub(super) fn packed(&self, value: Value) -> Option<(u64, u64, bool)> {
        self.numbers.packed(value)
    }

    /// The call that encloses the step at `place`; `None` for a step of the host.
    pub fn around(&self, place: usize) -> Option<usize> {
        self.nodes[place].around
    }

    /// The next step that is not deeper than the one at `place`.
    pub fn next_beside(&self, place: usize) -> Option<usize> {
        Some(self.nodes[place].end).filter(|&end| end < self.nodes.len())
    }

    /// The previous step that is not deeper than the one at `place`. For the first step inside a call, that is the
    /// call.
    pub fn previous_beside(&self, place: usize) -> Option<usize> {
        let mut before = place.checked_sub(1)?;
        while self.nodes[before].around != self.around(place) && Some(before) != self.around(place) {
            before = self.nodes[before].around?;
        }
        Some(before)
    }

    /// The last range that the host wrote in a memory: start and end (exclusive).
    pub fn last_write(&self, memory: usize) -> Option<(u64, u64)> {
        self.last_writes.get(&memory).copied()
    }

    /// The last range that the host read in a memory: start and end (exclusive).
    pub fn last_read(&self, memory: usize) -> Option<(u64, u64)> {
        self.last_reads.get(&memory).copied()
    }

    /// Total time of the steps, excluding recording.
    pub fn elapsed(&self) -> Duration {
        self.elapsed
    }

    /// Sets the time, for pictures that are to be equal.
    #[cfg(test)]
    pub(crate) fn pretend(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    /// The innermost step of the indexed cause during which a change was made.
    pub fn of_change(&self, cause: &Cause, change: usize) -> Option<usize> {
        let begun = cause.steps.partition_point(|step| step.changes.start <= change);
        let around = std::iter::successors(begun.checked_sub(1), |&place| self.around(place));
        around.into_iter().find(|&place| cause.steps[place].changes.contains(&change))
    }

    /// The guest's messages in the indexed cause, in order: all of them, or those during the step at this index.
    pub fn messages<'a>(
        &'a self,
        cause: &'a Cause,
        during: Option<usize>,
    ) -> impl ExactSizeIterator<Item = &'a [u8]> + use<'a> {
        let places = during.map_or(0..usize::MAX, |place| place..self.nodes[place].end);
        let from = self.said.partition_point(|&said| said < places.start);
        let to = self.said.partition_point(|&said| said < places.end);
        self.said[from..to].iter().map(|&place| match &cause.steps[place].kind {
            StepKind::Say { text } => text.as_slice(),
            _ => &[],
        })
    }

    fn result(&self, is_over: bool, results: Option<&[Value]>) -> String {
        match results {
            None if !is_over => NOT_RETURNED.to_owned(),
            None => "did not return".to_owned(),
            Some([]) => "returned".to_owned(),
            Some(values) => format!("-> {}", self.numbers.list(values)),
        }
    }

    /// Whether the result of a repeated query is still the same address.
    fn moved(&self, cause: &Cause, place: usize, results: Option<&[Value]>) -> String {
        let (Some(&[now]), Some(earlier)) = (results, cause.steps[place].repeats) else { return String::new() };
        let then = match &cause.steps[earlier].kind {
            StepKind::Call { results: Some(values), .. } => values.first().copied(),
            _ => None,
        };
        match then.filter(|_| self.numbers.is_address(now)) {
            Some(then) if then == now => "did not move".to_owned(),
            Some(then) => format!("moved from {:#x}", then.unsigned().unwrap_or_default()),
            None => String::new(),
        }
    }

    /// Describes the changes in this range.
    fn note(&self, changes: Range<usize>) -> String {
        self.sum(&changes).words()
    }

    /// The same for a step with nested steps, which may have written the same bytes: each byte counts once. If there
    /// are very many, only growth is described; the pane's title describes the rest.
    fn net_note(&self, cause: &Cause, place: usize) -> String {
        let changes = &cause.steps[place].changes;
        let sum = self.sum(changes);
        let (mut differing, mut equal) = (0, 0);
        if sum.differing + sum.equal <= COUNTED {
            for (old, new) in net(&cause.changes[changes.clone()]).values() {
                *(if old == new { &mut equal } else { &mut differing }) += 1;
            }
        }
        Sum { differing, equal, ..sum }.words()
    }

    fn sum(&self, changes: &Range<usize>) -> Sum {
        match (self.sums.get(changes.start), self.sums.get(changes.end)) {
            (Some(from), Some(to)) => Sum {
                differing: to.differing - from.differing,
                equal: to.equal - from.equal,
                grown: to.grown - from.grown,
                compared: to.compared - from.compared,
                bare: to.bare - from.bare,
            },
            _ => Sum::default(),
        }
    }
}

/// Builds the tree from the depths of a cause's steps.
fn tree(cause: &Cause) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::with_capacity(cause.steps.len());
    let mut open: Vec<usize> = Vec::new();
    for (place, step) in cause.steps.iter().enumerate() {
        while let Some(last) = open.pop_if(|&mut last| cause.steps[last].depth >= step.depth) {
            nodes[last].end = place;
        }
        nodes.push(Node { around: open.last().copied(), end: cause.steps.len() });
        open.push(place);
    }
    nodes
}

impl Sum {
    /// The sum with one more change.
    fn and(self, change: &Change) -> Sum {
        let mut sum = self;
        match change {
            Change::Bytes { old_then_new, evidence, .. } => {
                let (old, new) = old_then_new.split_at(old_then_new.len() / 2);
                let differing = old.iter().zip(new).filter(|(old, new)| old != new).count();
                sum.compared += u64::from(*evidence == Evidence::Found);
                sum.differing += differing as u64;
                sum.equal += (change.written() - differing) as u64;
            }
            Change::Bare { .. } => sum.bare += change.written() as u64,
            Change::Growth { from, to, .. } => sum.grown += to.saturating_sub(*from),
        }
        sum
    }
}

impl StepLine {
    /// The line without its note: `call add_wasm_is_cool(12) -> 26`.
    pub fn headline(&self) -> String {
        format!("{} {}{}", self.verb, self.name, self.what)
    }

    /// The step before its call returned: `call add_wasm_is_cool(12)`.
    pub fn begun(mut self) -> StepLine {
        let begun = self.what.strip_suffix(NOT_RETURNED).map(|what| what.trim_end().to_owned());
        self.what = begun.unwrap_or(self.what);
        self
    }

    /// The same in at most this many columns, if shortening the name is enough.
    pub fn headline_within(&self, columns: usize) -> String {
        let room = columns.saturating_sub(self.verb.len() + 1 + self.what.width());
        format!("{} {}{}", self.verb, shorten(&self.name, room), self.what)
    }

    /// The line for a list: `2 write 12 B at 0x410..0x41c   12 B changed`, numbered from 1.
    pub fn numbered(&self, number: usize) -> String {
        self.within(number, usize::MAX, usize::MAX)
    }

    /// The columns that the numbered line leaves for the name. A list gives one name the same room in all its lines.
    pub fn name_room(&self, number: usize, columns: usize) -> usize {
        columns.saturating_sub(self.head(number).len() + self.what.width())
    }

    fn head(&self, number: usize) -> String {
        format!("{number} {}{:<5} ", "  ".repeat(self.depth.min(DEEPEST)), self.verb)
    }

    /// The numbered line in at most this many columns, with at most that many for the name. The note is cut first, then
    /// a long name.
    pub fn within(&self, number: usize, columns: usize, name: usize) -> String {
        let room = self.name_room(number, columns).min(name);
        let line = format!("{}{}{}", self.head(number), shorten(&self.name, room), self.what);
        match columns.saturating_sub(line.width() + GAP.len()) {
            _ if self.note.is_empty() => line,
            room if room >= self.note.width() => format!("{line}{GAP}{}", self.note),
            room if room > LEAST_NOTE => format!("{line}{GAP}{}\u{2026}", cut(&self.note, room - 1)),
            _ => line,
        }
    }
}

/// The separator between a step and its note.
const GAP: &str = "   ";
/// Minimum number of columns for a useful note.
const LEAST_NOTE: usize = 4;

/// Shortens a name to this many columns, but at least a few letters of it. Its end tells it apart from names with a
/// common prefix, so that stays: what follows the last dot, if that fits, as in `wasi\u{2026}fd_read`.
fn shorten(name: &str, columns: usize) -> String {
    const LEAST: usize = 8;
    const MOST_OWN: usize = 24;
    let own = name.rsplit_once('.').map_or(0, |(_, own)| own.width());
    let columns = columns.max(LEAST.max((own + 2).min(MOST_OWN)));
    if name.width() <= columns {
        return name.to_owned();
    }
    let end = if (1..=columns - 2).contains(&own) { own } else { (columns - 1) * 2 / 3 };
    let behind: String = name.chars().rev().collect();
    let end: String = cut(&behind, end).chars().rev().collect();
    format!("{}\u{2026}{end}", cut(name, columns - 1 - end.width()))
}

/// The start of a text, up to this many columns.
fn cut(text: &str, columns: usize) -> String {
    let mut short: String = text.chars().take(columns).collect();
    while short.width() > columns {
        short.pop();
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Actor, Step, Trigger};

    /// A cause with steps of these depths and changes.
    fn cause(steps: &[(usize, Range<usize>)], changes: usize) -> Cause {
        let step = |(depth, changes): &(usize, Range<usize>)| Step {
            depth: *depth,
            kind: StepKind::Say { text: b"hi".to_vec() },
            changes: changes.clone(),
            accesses: 0..0,
            known: crate::record::Known::BOTH,
            repeats: None,
            elapsed: Duration::ZERO,
        };
        let change = |n: usize| Change::bytes(0, n as u64, &[0], &[1], Actor::Guest, Evidence::Found);
        Cause {
            trigger: Trigger::Start,
            steps: steps.iter().map(step).collect(),
            changes: (0..changes).map(change).collect(),
            bare: 0,
            accesses: std::sync::Arc::default(),
            traced: crate::record::Traced::default(),
            written: Vec::new(),
            focus: None,
            outcome: Ok(Vec::new()),
            cleanup: None,
        }
    }

    #[test]
    fn the_end_of_a_long_name_stays() {
        let shown = |name: &str, columns| shorten(name, columns).replace('\u{2026}', "~");
        assert_eq!(shown("wasi_snapshot_preview1.fd_read", 30), "wasi_snapshot_preview1.fd_read");
        assert_eq!(shown("wasi_snapshot_preview1.fd_read", 12), "wasi~fd_read");
        assert_eq!(shown("wasi_snapshot_preview1.fd_read", 20), "wasi_snapsho~fd_read");
        assert_eq!(shown("wasi_snapshot_preview1.fd_read", 8), "w~fd_read");
        assert_eq!(shown("get_wasm_memory_buffer_pointer", 16), "get_w~er_pointer");
        assert_eq!(
            shown("env.a_very_long_name_indeed_it_is", 8),
            "env.a_ve~me_indeed_it_is",
            "a few letters in any case"
        );
        assert_eq!(shown(&"\u{4e2d}".repeat(6), 9), "\u{4e2d}\u{4e2d}~\u{4e2d}\u{4e2d}", "wide letters");
    }

    #[test]
    fn crossings_are_a_tree() {
        let cause = cause(&[(0, 0..1), (0, 1..8), (1, 2..3), (1, 4..7), (2, 5..6), (0, 8..8), (3, 8..9)], 9);
        let steps = Steps::new(&cause);
        let all = |of: fn(&Steps, usize) -> Option<usize>| (0..7).map(|place| of(&steps, place)).collect::<Vec<_>>();
        assert_eq!(all(Steps::around), [None, None, Some(1), Some(1), Some(3), None, Some(5)]);
        assert_eq!(all(Steps::next_beside), [Some(1), Some(5), Some(3), Some(5), Some(5), None, None]);
        assert_eq!(all(Steps::previous_beside), [None, Some(0), Some(1), Some(2), Some(3), Some(1), Some(5)]);
        let found: Vec<_> = (0..8).map(|change| steps.of_change(&cause, change)).collect();
        assert_eq!(found, [0, 1, 2, 1, 3, 4, 3, 1].map(Some));
        assert_eq!(steps.of_change(&cause, 99), None);
        let said = |during| steps.messages(&cause, during).len();
        assert_eq!([said(None), said(Some(1)), said(Some(4))], [7, 4, 1]);
    }
}
