//! Frees what a recipe allocates, where an exported function does so and the guest goes on working.

use super::Example;
use super::draft::Draft;
use super::trial::Lab;
use crate::record::plain;

/// How many exchanges must work with a block freed each time.
const EXCHANGES: usize = 200;

/// What is known about freeing.
#[derive(Default)]
pub(super) struct Freeing {
    pub(super) proof: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Adds the calls that free the line and the answer, as far as the guest bears them.
pub(super) fn add_frees(lab: &Lab<'_>, draft: Draft, examples: &[Example]) -> (Draft, Freeing) {
    // Its memory is gone with the guest.
    if draft.is_fresh() {
        return (draft, Freeing::default());
    }
    let Some(allocator) = draft.allocator.clone() else { return (draft, Freeing::default()) };
    if allocator.free.is_none() {
        let notes = vec![format!(
            "what `{}` allocates is not freed: no export has a name that suggests that it frees memory",
            plain(&allocator.export)
        )];
        return (draft, Freeing { proof: Vec::new(), notes });
    }
    let line = allocator.free_call("ptr", draft.line_size);
    let answer = draft.place.clone().and_then(|(addr, len)| {
        let is_own =
            !matches!(&*addr, "ptr" | "buffer" | "area" | "pair") && !addr.contains("ptr") && !len.contains("to ");
        allocator.free_call(&addr, &len).filter(|_| {
            is_own && len != "until 0" || allocator.free.as_ref().is_some_and(|(_, params)| *params == 1 && is_own)
        })
    });
    let with = |frees: Vec<String>| Draft { finally: frees, ..draft.clone() };
    let both: Vec<_> = line.iter().chain(&answer).cloned().collect();
    for frees in [both, line.into_iter().collect()] {
        let freed = with(frees);
        if !freed.finally.is_empty() && works(lab, &freed, examples) {
            let proof = vec![format!("freeing was tried in {EXCHANGES} exchanges")];
            return (freed, Freeing { proof, notes: Vec::new() });
        }
    }
    let why = match lab.is_at_end() {
        true => "the time was used up before that was tried",
        false => "the guest fails if its memory is freed",
    };
    let notes = vec![format!("nothing is freed: {why}")];
    (draft, Freeing { proof: Vec::new(), notes })
}

/// Whether many exchanges in a row give the right answers.
fn works(lab: &Lab<'_>, draft: &Draft, examples: &[Example]) -> bool {
    let Some(mut specimen) = draft.recipe().and_then(|recipe| lab.specimen(&recipe)) else { return false };
    let lines = examples.iter().cycle().take(EXCHANGES);
    lines.into_iter().all(|Example { line, answer }| !lab.is_at_end() && specimen.answer(line).as_ref() == Ok(answer))
}
