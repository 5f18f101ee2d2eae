//! Guesses: without an example, what runs cleanly and looks like an answer.

use super::draft::Draft;
use super::entries::entries;
use super::entry::Entry;
use super::handed::Wanted;
use super::judge::probes;
use super::readable::is_text;
use super::readings::{Reading, Sight, texts};
use super::search::observe;
use super::seen::Seen;
use super::survey::{Survey, bases, survey};
use super::trial::{BRIEF, Lab, PATIENT};
use super::{Outcome, Tried};
use crate::abi::{Recipe, candidates};
use crate::record::{counted, plain};

/// How many answers are returned.
const GUESSES: usize = 8;
/// How many drafts are tried on another line.
const TRIED: usize = 200;
/// How much more than the cheapest one a draft may cost.
const SLACK: u32 = 8;
/// The price of a way in which the guest does not read the whole line.
const UNREAD: u32 = 12;
/// The price of an answer that the guest did not write, or that is the line itself.
const UNWRITTEN: u32 = 6;

/// A possible answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The answer.
    pub answer: Vec<u8>,
    /// The call that gives it, as in a recipe, or the convention that does.
    pub call: String,
    /// What speaks for it.
    pub reasons: Vec<String>,
}

/// A draft that gives an answer.
struct Possible {
    draft: Draft,
    answer: Vec<u8>,
    cost: u32,
    reasons: Vec<String>,
}

/// Guesses the answer to a line.
pub(super) fn guess(lab: &Lab<'_>, line: &[u8], call: Option<&str>) -> Outcome {
    let mut possible = built_in(lab, line, call);
    let mut tried = Tried::default();
    for (base, memory) in bases(lab) {
        lab.allow(PATIENT);
        let survey = survey(lab, base, memory, None);
        let entries = entries(&survey, lab.interface(), call, false);
        tried.ways += entries.len();
        lab.progress.add_ways(entries.len());
        lab.allow(BRIEF);
        explore(lab, line, (&survey, &entries), &mut possible, &mut tried);
        if !possible.is_empty() || lab.is_over() {
            break;
        }
    }
    possible.sort_by_key(|possible| possible.cost);
    tried.is_cut_short = lab.is_over();
    // What is left is likely, and may be slow.
    lab.allow(PATIENT);
    let guesses = confirmed(lab, line, possible);
    if guesses.is_empty() {
        tried.evidence.push("Nothing ran cleanly and returned text: give an answer to look for.".to_owned());
        return Outcome::InVain(tried);
    }
    Outcome::Guesses(guesses)
}

/// The answers of the built-in conventions that match.
fn built_in(lab: &Lab<'_>, line: &[u8], call: Option<&str>) -> Vec<Possible> {
    let found = candidates(lab.interface(), call).0;
    let answers = found.into_iter().filter_map(|candidate| {
        let answer = lab.specimen(&candidate.recipe)?.answer(line).ok().filter(|answer| is_text(answer))?;
        let reasons = vec![format!("the built-in convention {}", candidate.recipe.name)];
        let draft = Draft::whole(candidate.recipe.to_string(), 0);
        let cost = if answer == line { UNWRITTEN } else { 0 };
        Some(Possible { draft, answer, cost, reasons })
    });
    answers.collect()
}

/// Tries ways to pass the line, and adds what looks like an answer.
fn explore(
    lab: &Lab<'_>,
    line: &[u8],
    (survey, entries): (&Survey, &[Entry]),
    possible: &mut Vec<Possible>,
    tried: &mut Tried,
) {
    let mut cheapest = possible.iter().map(|possible| possible.cost).min();
    for entry in entries {
        if lab.is_over() || cheapest.is_some_and(|cheapest| entry.draft.cost > cheapest + SLACK) {
            return;
        }
        tried.tried += 1;
        lab.progress.add_tried();
        let Some((mut specimen, observed)) = observe(lab, entry, line, Wanted::Text, survey) else { continue };
        if observed.outcome.is_err() {
            continue;
        }
        tried.returned += 1;
        let sight = Sight { entry, observed: &observed, survey, interface: lab.interface() };
        for (answer, place, reading) in
            texts(&sight, &mut specimen, observed.seen.as_ref().map_or(line.len(), |seen| seen.line) as u64)
        {
            let (price, reasons) = price(&observed.seen, &answer, place.as_ref(), line, &reading);
            let cost = entry.draft.cost + reading.cost + price;
            if price < UNREAD {
                cheapest = Some(cheapest.unwrap_or(cost).min(cost));
            }
            possible.push(Possible { draft: reading.draft(entry), answer, cost, reasons });
        }
    }
}

/// How unlikely an answer is by what was seen, and what speaks for it.
fn price(
    seen: &Option<Seen>,
    answer: &[u8],
    place: Option<&std::ops::Range<u64>>,
    line: &[u8],
    reading: &Reading,
) -> (u32, Vec<String>) {
    let (mut price, mut reasons) = (0, Vec::new());
    match seen {
        Some(seen) if seen.reads_all() => reasons.push("reads the whole line".to_owned()),
        Some(_) => price += UNREAD,
        None => (),
    }
    match (seen, place) {
        (Some(seen), Some(place)) if seen.wrote(place) => reasons.push("writes this answer".to_owned()),
        (_, None) => (),
        _ => price += UNWRITTEN,
    }
    if answer == line {
        price += UNWRITTEN;
    }
    if let Some((address, length)) = &reading.place {
        reasons.push(format!("its address is {address}, its length {length}"));
    }
    (price, reasons)
}

/// The answers of drafts that answer another line too, likely ones first, each once.
fn confirmed(lab: &Lab<'_>, line: &[u8], possible: Vec<Possible>) -> Vec<Guess> {
    let others = probes(line);
    let (Some(longer), Some(changed)) = (others.first(), others.get(2)) else { return Vec::new() };
    let mut guesses: Vec<Guess> = Vec::new();
    for Possible { draft, answer, reasons, .. } in possible.into_iter().take(TRIED) {
        if guesses.len() >= GUESSES || lab.is_at_end() {
            break;
        }
        if guesses.iter().any(|guess| guess.answer == answer) {
            continue;
        }
        let Some(recipe) = draft.recipe() else { continue };
        let answers = |line: &[u8]| lab.specimen(&recipe)?.answer(line).ok().filter(|answer| is_text(answer));
        // The answer must be the same on a fresh guest, and other lines must have answers too.
        if answers(line).as_ref() == Some(&answer) && (answers(longer).is_some() || answers(changed).is_some()) {
            let mut reasons = reasons;
            reasons.push("answers another line too".to_owned());
            guesses.push(Guess { answer, call: call_of(&draft, &recipe), reasons });
        }
    }
    guesses
}

/// The call of the transform, or the name of the convention.
fn call_of(draft: &Draft, recipe: &Recipe) -> String {
    match &draft.transform {
        Some(call) => call.clone(),
        None => format!("{} ({})", plain(&recipe.name), counted(recipe.line.len() as u64, "statement")),
    }
}
