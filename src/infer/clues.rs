//! Clues: which ways to pass the line reach it, as the guest's memory accesses show.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::arguments::Form;
use super::entry::{Entry, Kind};
use super::trial::Observed;
use crate::record::{Failure, Limit, counted, plain};

/// In how many trials a way may leave the line unread before others like it are put off.
const UNREAD: u32 = 2;
/// How many trials of ways that read the line, without the answer anywhere, come before others like them are put off.
const FRUITLESS: u32 = 40;
/// How often ways of a kind that read the line are given more time.
const PATIENCE: u32 = 2;
/// How often ways that did not get as far as to read the line are given more time, one of each kind.
const PATIENCE_UNREAD: u32 = 3;

/// What is known of ways of a kind.
#[derive(Clone, Copy, Default)]
struct Tally {
    tried: u32,
    read: u32,
    /// How often the answer was seen anywhere.
    answered: u32,
    /// How often a guest got more time.
    slow: u32,
}

/// What trials showed so far.
#[derive(Default)]
pub(super) struct Clues {
    tallies: HashMap<Kind, Tally>,
    /// The calls that were made with the line in memory that the guest allocated, each with the form of the line. Elsewhere
    /// it is hardly read otherwise.
    calls: HashSet<(usize, String, Form)>,
    /// How many ways ran too long before they read the line, one of each kind.
    unread_and_slow: u32,
    /// For each function that read the whole line, how often.
    readers: BTreeMap<String, u32>,
    /// How often calls failed for a reason.
    failures: BTreeMap<String, u32>,
}

impl Clues {
    /// Whether a way is unlikely, as others like it did not reach the line, or the answer.
    pub(super) fn is_unlikely(&self, entry: &Entry) -> bool {
        let Tally { tried, read, answered, .. } = self.tallies.get(&entry.kind()).copied().unwrap_or_default();
        let is_known = entry.has_address() && !entry.is_allocated && self.calls.contains(&entry.call());
        is_known || (tried >= UNREAD && read == 0) || (read >= FRUITLESS && answered == 0)
    }

    /// Whether a guest that ran too long is worth more time: likely if it read the line. Before it reads any, it may load
    /// what it needs for every line.
    pub(super) fn deserves_time(&mut self, entry: &Entry, has_read: bool) -> bool {
        let tally = self.tallies.entry(entry.kind()).or_default();
        tally.slow += 1;
        if has_read {
            return tally.slow <= PATIENCE;
        }
        self.unread_and_slow += u32::from(tally.slow == 1);
        tally.slow == 1 && self.unread_and_slow <= PATIENCE_UNREAD
    }

    /// Notes what a trial showed, and whether the answer was seen anywhere.
    pub(super) fn note(&mut self, entry: &Entry, observed: &Observed, is_answered: bool) {
        if let Err(failure) = &observed.outcome {
            *self.failures.entry(in_short(failure)).or_default() += 1;
        }
        if entry.is_allocated {
            self.calls.insert(entry.call());
        }
        let tally = self.tallies.entry(entry.kind()).or_default();
        tally.answered += u32::from(is_answered);
        // Without a record, nothing is known.
        if let Some(seen) = &observed.seen {
            tally.tried += 1;
            tally.read += u32::from(seen.read > 0);
            if seen.reads_all() {
                *self.readers.entry(entry.export.clone()).or_default() += 1;
            }
        }
    }

    /// What trials that found nothing showed, as sentences.
    pub(super) fn sentences(&self) -> Vec<String> {
        let mut readers: Vec<_> = self.readers.iter().collect();
        readers.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let mut sentences = Vec::new();
        if let Some((name, count)) = readers.first() {
            let others = match readers.len() - 1 {
                0 => String::new(),
                others => format!(" (and {} did)", counted(others as u64, "other function")),
            };
            let count = counted(u64::from(**count), "trial");
            sentences.push(format!("`{}` read the whole line in {count}{others}.", plain(name)));
        } else if self.tallies.values().any(|tally| tally.tried > 0) {
            sentences.push("No function read the whole line in any trial.".to_owned());
        }
        if let Some((why, count)) = self.failures.iter().max_by_key(|(_, count)| **count) {
            sentences.push(format!("{} failed, most often: {why}.", counted(u64::from(*count), "call")));
        }
        sentences
    }
}

/// A failure without its numbers, so that similar ones can be counted.
fn in_short(failure: &Failure) -> String {
    match failure.root() {
        Failure::Trap { cause, .. } => format!("{cause}"),
        Failure::Limit(Limit::Time(_)) => "it ran too long".to_owned(),
        Failure::OutOfBounds { .. } => "an address outside memory".to_owned(),
        other => {
            let text = other.to_string();
            text.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default().trim_end().to_owned()
        }
    }
}
