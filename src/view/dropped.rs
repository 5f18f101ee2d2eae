//! Which of the guest's accesses are not kept, in words: they were dropped to stay within the limit on recorded data.

use std::ops::Range;

use super::{counted, thousands};
use crate::record::{Cause, Missing};

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
    Some(format!("{dropped} (--max-record): the written bytes are exact, the order of these writes is unknown"))
}
