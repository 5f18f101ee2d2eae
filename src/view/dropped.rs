//! Which of the guest's accesses are not kept, in words: they were dropped to stay within the limit on recorded data.

use std::ops::Range;

use super::{counted, exchange, name, outcome, range, thousands};
use crate::record::{Cause, Missing, Run};

/// The accesses of the step at `place`, or of the whole cause for `None`.
fn accesses(cause: &Cause, place: Option<usize>) -> Range<u64> {
    place.map_or(0..cause.accesses.len(), |place| cause.steps[place].accesses.clone())
}

/// `535,200 of 600,000 accesses not kept`, for the step at `place` or the whole cause. `None` if all are kept.
pub fn dropped(cause: &Cause, place: Option<usize>) -> Option<String> {
    let among = accesses(cause, place);
    let Missing { dropped, bare } = cause.accesses.missing(&among);
    let all = thousands(among.end - among.start);
    let dropped = (dropped > 0).then(|| format!("{} of {all} accesses not kept", thousands(dropped)));
    let bare = (bare > 0).then(|| format!("{} kept without bytes", counted(bare, "bulk operation")));
    let parts: Vec<_> = dropped.into_iter().chain(bare).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The same as a sentence that says what is known nevertheless.
pub fn dropped_in_full(cause: &Cause, place: Option<usize>) -> Option<String> {
    let dropped = dropped(cause, place)?;
    Some(format!("{dropped} (--max-record): what was written is known, but the order of dropped writes is not"))
}

/// Maximum number of ranges that a sentence names.
const RANGES: usize = 4;

/// What a cause wrote whose bytes were dropped: `the host 2 B at 0x40..0x42, the guest 12 B at 0x42..0x4e`.
pub fn written_ranges(cause: &Cause) -> String {
    let ranges = cause.written.iter().flat_map(|written| {
        let memory = if written.memory == 0 { String::new() } else { format!(" of memory {}", written.memory) };
        let all = written.overlapping(&(0..u64::MAX)).map(|it| range(it.start, it.end - it.start));
        all.map(move |range| format!("{} {range}{memory}", name(written.by))).collect::<Vec<_>>()
    });
    let mut ranges: Vec<_> = ranges.collect();
    let more = ranges.len().saturating_sub(RANGES);
    ranges.truncate(RANGES);
    match (ranges.is_empty(), more) {
        (true, _) => "nothing".to_owned(),
        (_, 0) => ranges.join(", "),
        (_, more) => format!("{}, and {}", ranges.join(", "), counted(more as u64, "other range")),
    }
}

/// That the bytes of an exchange were dropped, and what is left of it.
pub fn not_kept(run: &Run, number: usize) -> String {
    let number_shown = exchange(number);
    match run.listed(number) {
        Some(cause) => {
            let (ended, written) = (outcome(cause), written_ranges(cause));
            format!("the bytes of {number_shown} are no longer kept; outcome: {ended}; written: {written}")
        }
        None => format!("{number_shown} was dropped to save memory"),
    }
}
