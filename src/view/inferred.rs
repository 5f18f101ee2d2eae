//! What an inference found, or tried in vain, as text.

use std::time::Duration;

use super::text::{counted, thousands, visible};
use crate::infer::{Guess, Inferred, Progress, Tried};

/// How many characters of a guessed answer are shown.
const SHOWN: usize = 70;

/// An inferred recipe, with comments that say how it was proved.
pub fn inferred(name: &str, inferred: &Inferred) -> String {
    let mut text = format!("# Inferred for {} by linmem: {}.\n", visible(name.as_bytes()), inferred.proof.join("; "));
    // A name in one of them may have line feeds.
    let shown = |sentence: &String| visible(sentence.as_bytes());
    inferred.notes.iter().for_each(|note| text.push_str(&format!("# Note: {}.\n", shown(note))));
    inferred.doubts.iter().for_each(|doubt| text.push_str(&format!("# Doubtful: {}.\n", shown(doubt))));
    text.push_str(&inferred.recipe.to_string());
    text
}

/// How far an inference is, and how much of its time is used.
pub fn inference_progress(progress: &Progress, (elapsed, budget): (Duration, Duration)) -> String {
    format!(
        "inferring: {} of {} tried, {} s of {} s",
        thousands(progress.tried()),
        counted(progress.ways(), "way"),
        elapsed.as_secs(),
        budget.as_secs_f64()
    )
}

/// Why nothing was found: what was tried, and what remains. `is_named` says whether the user named the export.
pub fn in_vain(tried: &Tried, is_named: bool) -> Vec<String> {
    let mut lines = vec![format!(
        "no recipe found: tried {} of {} to pass the line; {} returned",
        thousands(tried.tried as u64),
        counted(tried.ways as u64, "way"),
        counted(tried.returned as u64, "call")
    )];
    let mut tell = |line: String| lines.push(format!("  {line}"));
    if tried.is_cut_short {
        tell("The time limit was reached: a longer one may find it.".to_owned());
    }
    if let Some(most) = tried.out_of_trials {
        tell(format!("The limit of {} was reached: --max-trials sets it.", counted(most, "guest")));
    }
    if tried.recipes > 0 {
        tell(format!(
            "{} read the right answer in a trial, but did not give the right answers to all examples.",
            counted(tried.recipes as u64, "recipe")
        ));
    }
    tried.evidence.iter().for_each(|evidence| tell(evidence.clone()));
    if !is_named {
        tell("Naming the export (--call NAME) limits the search to it.".to_owned());
    }
    lines
}

/// The answers of what ran cleanly, as a list to choose from. `choose` makes the command that chooses an answer.
pub fn guesses(line: &[u8], guesses: &[Guess], choose: impl Fn(&[u8]) -> String) -> Vec<String> {
    let mut lines = vec![format!(
        "guesses only: no answer to \"{}\" was given, and these ways to call the guest run cleanly",
        visible(line)
    )];
    for (number, guess) in (1..).zip(guesses) {
        let answer = visible(&guess.answer);
        let shown = match answer.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{} ... ({})", &answer[..end], counted(guess.answer.len() as u64, "byte")),
            None => answer,
        };
        lines.push(format!("  {number}. \"{shown}\""));
        lines.push(format!(
            "     {}: {}",
            visible(guess.call.as_bytes()),
            visible(guess.reasons.join(", ").as_bytes())
        ));
    }
    if let Some(first) = guesses.first() {
        lines.push(format!("to infer the recipe of the right one: {}", choose(&first.answer)));
    }
    lines
}
