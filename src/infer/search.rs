//! The search for recipes that read the answer to the first example.

use super::clues::Clues;
use super::draft::Draft;
use super::entries::{self, Entry};
use super::readings::{Answer, Sight, readings, show_names};
use super::seen::Seen;
use super::survey::{Survey, bases, survey};
use super::texts;
use super::trial::{BRIEF, Lab, Observed, PATIENT, Specimen, Wanted};
use super::{Evidence, Example, Tried};
use crate::abi::{candidates, encode};
use crate::record::{Failure, Hex, Limit};

/// How many drafts are judged.
const JUDGED: usize = 24;
/// How much more than the cheapest draft found one may cost that is still looked for.
const SLACK: u32 = 2;

/// How a way to pass the line turned out.
pub(super) enum Attempt {
    /// The answer was found.
    Found,
    /// It was not.
    Failed,
    /// The guest was stopped, as it ran longer than allowed. It may have read the whole line.
    Slow { has_read: bool },
}

/// The search for drafts that read the answer to the first example.
pub(super) struct Search<'a, 'l> {
    lab: &'a Lab<'l>,
    evidence: &'a Evidence,
    first: &'a Example,
    pub(super) drafts: Vec<Draft>,
    clues: Clues,
    tried: Tried,
    /// Where the answer was seen without an explanation, how often, and what was near.
    unexplained: Option<(String, u32)>,
}

impl<'a, 'l> Search<'a, 'l> {
    pub(super) fn new(lab: &'a Lab<'l>, evidence: &'a Evidence, first: &'a Example) -> Search<'a, 'l> {
        let (drafts, clues, tried) = (Vec::new(), Clues::default(), Tried::default());
        Search { lab, evidence, first, drafts, clues, tried, unexplained: None }
    }

    /// The likeliest drafts, and what was tried.
    pub(super) fn end(self) -> (Vec<Draft>, Tried) {
        let Search { lab, mut drafts, mut tried, clues, unexplained, .. } = self;
        drafts.sort_by_key(|draft| draft.cost);
        drafts.dedup_by_key(|draft| draft.text());
        drafts.truncate(JUDGED);
        tried.out_of_trials = lab.out_of_trials();
        tried.is_cut_short = lab.is_over() && tried.out_of_trials.is_none();
        tried.recipes = drafts.len();
        tried.evidence = match unexplained {
            Some((sentence, 1)) => vec![format!("{sentence}.")],
            Some((sentence, count)) => vec![format!("{sentence} (and so in {} other trials).", count - 1)],
            None => vec![
                "The answer was never found in memory: check the line and its answer, and whether the guest first \
                 needs a call that sets it up."
                    .to_owned(),
            ],
        };
        tried.evidence.extend(clues.sentences());
        (drafts, tried)
    }

    /// Tries the built-in conventions.
    pub(super) fn built_in(&mut self) {
        let interface = self.lab.interface();
        let named = self.evidence.call.as_deref();
        let calls: Vec<_> = match named {
            Some(call) => vec![Some(call)],
            None => std::iter::once(None).chain(interface.funcs().map(|(name, _)| Some(name))).collect(),
        };
        for call in calls {
            for candidate in candidates(interface, call).0 {
                if self.lab.is_over() {
                    return;
                }
                let text = candidate.recipe.to_string();
                if self.drafts.iter().all(|draft| draft.text() != text) && self.is_right(&candidate.recipe) {
                    self.drafts.push(Draft::whole(text, 100 - candidate.score.min(100)));
                }
            }
        }
    }

    /// Whether a recipe gives the right answers to all examples, each on a fresh guest.
    fn is_right(&self, recipe: &crate::abi::Recipe) -> bool {
        self.evidence.examples.iter().all(|Example { line, answer }| {
            let mut specimen = self.lab.specimen(recipe);
            specimen.as_mut().is_some_and(|specimen| specimen.answer(line).as_ref() == Ok(answer))
        })
    }

    /// Whether line and answer may be hexadecimal digits for other bytes.
    fn is_hex(&self) -> bool {
        let is_hex = |text: &[u8]| !text.is_empty() && Hex::read(text).is_some();
        self.evidence.examples.iter().all(|example| is_hex(&example.line) && is_hex(&example.answer))
    }

    /// Tries all ways to pass the line, likely ones first.
    pub(super) fn explore(&mut self) {
        for (base, memory) in bases(self.lab) {
            self.lab.allow(PATIENT);
            let survey = survey(self.lab, base, memory);
            self.explore_with(&survey);
            if !self.drafts.is_empty() || self.lab.is_over() {
                return;
            }
        }
    }

    /// Tries all ways to pass the line that a survey offers: first those that are likely by the clues, each for a
    /// moment, then the others, then those that take long.
    fn explore_with(&mut self, survey: &Survey) {
        let (interface, call) = (self.lab.interface(), self.evidence.call.as_deref());
        let count = texts::count(self.evidence.examples.iter().map(|example| &example.line[..]));
        let mut entries: Vec<_> = count.map(|count| texts::entries(survey, interface, call, count)).unwrap_or_default();
        entries.extend(entries::entries(survey, interface, call, self.is_hex()));
        self.tried.ways += entries.len();
        self.lab.progress.add_ways(entries.len());
        // What is known of other surveys' functions holds for this one no more.
        self.clues = Clues::default();
        self.lab.allow(BRIEF);
        let (mut slow, unlikely) = self.attempts(survey, &entries, true);
        if self.drafts.is_empty() {
            slow.extend(self.attempts(survey, &unlikely, false).0);
        }
        self.lab.allow(PATIENT);
        if self.drafts.is_empty() {
            self.attempts(survey, &slow, false);
        }
    }

    /// Tries ways until one that reads the answer and those that cost about as much are tried. Returns those that took
    /// too long, and those that were put off, as the clues say that they are unlikely.
    fn attempts(&mut self, survey: &Survey, entries: &[Entry], puts_off: bool) -> (Vec<Entry>, Vec<Entry>) {
        let (mut slow, mut unlikely) = (Vec::new(), Vec::new());
        let mut cheapest = None;
        for entry in entries {
            let is_enough = cheapest.is_some_and(|cheapest| entry.draft.cost > cheapest + SLACK);
            if self.lab.is_over() || is_enough || self.drafts.len() >= 4 * JUDGED {
                break;
            }
            if puts_off && self.clues.is_unlikely(entry) {
                unlikely.push(entry.clone());
                continue;
            }
            let mut attempt = self.attempt(entry, survey);
            if puts_off && matches!(attempt, Attempt::Slow { has_read: true }) && self.clues.deserves_time(entry) {
                attempt = self.attempt_patiently(entry, survey);
            }
            match attempt {
                Attempt::Found => cheapest = cheapest.or(Some(entry.draft.cost)),
                Attempt::Slow { .. } => slow.push(entry.clone()),
                Attempt::Failed => (),
            }
        }
        (slow, unlikely)
    }

    /// Tries one way, and adds the drafts that read the answer.
    fn attempt(&mut self, entry: &Entry, survey: &Survey) -> Attempt {
        self.tried.tried += 1;
        self.lab.progress.add_tried();
        let encoded = |bytes: &[u8]| encode(bytes, entry.encoding).ok().map(|bytes| bytes.into_owned());
        let Some((line, wanted)) = encoded(&self.first.line).zip(encoded(&self.first.answer)) else {
            return Attempt::Failed;
        };
        let Some((mut specimen, observed)) = observe(self.lab, entry, &self.first.line, Wanted::Bytes(&wanted), survey)
        else {
            return Attempt::Failed;
        };
        match &observed.outcome {
            Err(failure) if is_slow(failure) => {
                return Attempt::Slow { has_read: observed.seen.as_ref().is_some_and(Seen::reads_all) };
            }
            Err(_) if observed.handed.is_empty() => {
                self.clues.note(entry, &observed, false);
                return Attempt::Failed;
            }
            _ => (),
        }
        self.tried.returned += 1;
        let sight = Sight { entry, observed: &observed, survey, interface: self.lab.interface() };
        let answer = Answer { typed: &self.first.answer, wanted: &wanted, line: line.len() as u64 };
        let found = readings(&sight, &mut specimen, &answer);
        let at = memchr::memmem::find(specimen.memory(survey.memory), &wanted).map(|at| at as u64);
        let is_seen = at.is_some() && wanted.len() > 3;
        if let Some(at) = at.filter(|_| found.is_empty() && is_seen) {
            self.note_unexplained(&sight, &mut specimen, at, &wanted);
        }
        self.clues.note(entry, &observed, is_seen || !found.is_empty());
        let is_found = !found.is_empty();
        self.drafts.extend(found.into_iter().map(|reading| reading.draft(entry)));
        if is_found { Attempt::Found } else { Attempt::Failed }
    }

    /// Tries a way again with more time.
    fn attempt_patiently(&mut self, entry: &Entry, survey: &Survey) -> Attempt {
        self.lab.allow(PATIENT);
        let attempt = self.attempt(entry, survey);
        self.lab.allow(BRIEF);
        attempt
    }

    /// Notes that the answer is in memory, where nothing that is known says so.
    fn note_unexplained(&mut self, sight: &Sight<'_>, specimen: &mut Specimen<'_>, at: u64, wanted: &[u8]) {
        match &mut self.unexplained {
            Some((_, count)) => *count += 1,
            none => {
                let call = sight.entry.draft.transform.clone().unwrap_or_default();
                let near = sight.near(specimen, at, wanted.len() as u64);
                *none = Some((
                    format!(
                        "After `{call}` the answer was in memory at {at:#x}, but nothing gives its address and length: {near}"
                    ),
                    1,
                ));
            }
        }
    }
}

/// Whether a guest was stopped because it ran too long.
pub(super) fn is_slow(failure: &Failure) -> bool {
    matches!(failure.root(), Failure::Limit(Limit::Time(_)))
}

/// Sends a line to a fresh guest in this way. `None` if the way does not fit the module.
pub(super) fn observe<'l>(
    lab: &Lab<'l>,
    entry: &Entry,
    line: &[u8],
    wanted: Wanted<'_>,
    survey: &Survey,
) -> Option<(Specimen<'l>, Observed)> {
    let recipe = entry.draft.with_after(show_names(entry)).recipe()?;
    let mut specimen = lab.recorded(&recipe)?;
    let observed = specimen.send(line, wanted, survey.memory);
    Some((specimen, observed))
}
