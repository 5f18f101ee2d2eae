//! What is unknown about accesses, as sentences: exchanges that were dropped, and what was not recorded.

use super::exchange;
use crate::record::{Actor, Cause, Change, Run, StepKind};

/// What is unknown about the writes of a run, or about its reads.
pub(super) fn gaps(run: &Run, reads: bool) -> Vec<String> {
    let mut gaps: Vec<_> = forgotten(run).into_iter().chain(bare(run)).collect();
    let causes = || (run.oldest_listed()..run.len()).filter_map(|number| Some((number, run.listed(number)?)));
    let listed = |which: &dyn Fn(&Cause) -> bool| {
        let numbers: Vec<_> = causes().filter(|(_, cause)| which(cause)).map(|(number, _)| number).collect();
        (!numbers.is_empty()).then(|| exchanges(&numbers))
    };
    if let Some(which) = listed(&|cause| runs_guest(cause) && !cause.traced.stores) {
        gaps.push(format!("the guest's stores were not recorded in {which}; memory was compared"));
    }
    if let Some(which) = listed(&|cause| !cause.accesses.dropped().is_empty()) {
        gaps.push(format!("individual accesses were dropped in {which} to save memory"));
    }
    if let Some(which) = listed(&|cause| cause.steps.iter().any(|step| !step.known.after)) {
        gaps.push(format!("memory was not compared after some steps of {which}"));
    }
    if reads && let Some(which) = listed(&|cause| runs_guest(cause) && !cause.traced.loads) {
        gaps.push(format!("the guest's loads were not recorded in {which}; `--trace loads` records them"));
    }
    gaps
}

/// `the start`, `exchange 3`, `exchanges 1 to 4` or `3 of the exchanges 1 to 7`.
fn exchanges(numbers: &[usize]) -> String {
    match *numbers {
        [] => "no exchange".to_owned(),
        [one] => exchange(one),
        [0, .., last] if last + 1 == numbers.len() => format!("the start and exchanges 1 to {last}"),
        [first, .., last] if last - first + 1 == numbers.len() => format!("exchanges {first} to {last}"),
        [first, .., last] => format!("{} of exchanges {first} to {last}", numbers.len()),
    }
}

/// Whether code of the guest may have run during a cause.
pub fn runs_guest(cause: &Cause) -> bool {
    let is_guest = |change: &Change| match change {
        Change::Bytes { by, .. } | Change::Bare { by, .. } | Change::Growth { by, .. } => *by == Actor::Guest,
    };
    cause.steps.iter().any(|step| matches!(step.kind, StepKind::Call { .. } | StepKind::Import { .. }))
        || cause.changes.iter().any(is_guest)
}

/// That the oldest exchanges were dropped, if they were. Of later ones, at least the written ranges are known.
pub(super) fn forgotten(run: &Run) -> Option<String> {
    let oldest = run.oldest_listed();
    (oldest > 0).then(|| format!("everything before exchange {oldest} was dropped to save memory"))
}

/// That of some exchanges only the written ranges are kept, if there are any.
pub(super) fn bare(run: &Run) -> Option<String> {
    let numbers: Vec<_> = (run.oldest_listed()..run.oldest()).collect();
    (!numbers.is_empty())
        .then(|| format!("only the written ranges of {} are kept, to save memory", exchanges(&numbers)))
}

/// Why writes since a cause may be missing from the record.
pub(super) fn hidden_writes(run: &Run, since: usize) -> Option<String> {
    (since..run.len()).find_map(|number| {
        let cause = run.listed(number)?;
        let is_hidden = (runs_guest(cause) && !cause.traced.stores) || cause.steps.iter().any(|step| !step.known.after);
        is_hidden.then(|| format!("the guest's stores were not recorded in {}", exchanges(&[number])))
    })
}
