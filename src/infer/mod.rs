//! Inference: finds the convention of a function from examples, by running it.
//!
//! The guest is sandboxed, and a fresh instance costs little. So a line is passed in many ways, likely ones first; after
//! each call the answer's bytes are looked for in memory, and their address and length are explained by what is known:
//! results, numbers in memory, getters. What explains the first example becomes a recipe, and is tried on other lines.

mod allocator;
mod draft;
mod entries;
mod frees;
mod judge;
mod readings;
mod survey;
mod trial;

use std::time::Duration;

use crate::abi::{Invocation, Recipe, candidates, encode};
use crate::guest::{Interface, Program, Watchdog};
use crate::record::{Failure, Hex, Limit};

use draft::Draft;
use entries::{Entry, entries};
use judge::{Verdict, judge, shown};
use readings::{Answer, readings, show_names};
use survey::{bases, survey};
use trial::{BRIEF, Lab, PATIENT};

/// How many drafts are judged.
const JUDGED: usize = 24;
/// How much more than the cheapest draft found one may cost that is still looked for.
const SLACK: u32 = 2;

/// A line and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The line.
    pub line: Vec<u8>,
    /// The answer that the guest must give.
    pub answer: Vec<u8>,
}

/// What to infer a convention from.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// At least one example. All must have the right answers.
    pub examples: Vec<Example>,
    /// The transform's name; `None` to try all exports.
    pub call: Option<String>,
    /// Time limit for the whole inference.
    pub budget: Duration,
    /// How many guests may be created.
    pub trials: u64,
}

/// A convention that was found.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// Its recipe.
    pub recipe: Recipe,
    /// How it was proved, as sentences.
    pub proof: Vec<String>,
    /// What else there is to know, as sentences.
    pub notes: Vec<String>,
    /// What remains uncertain, as sentences.
    pub doubts: Vec<String>,
    /// A line to which another recipe, which also gives the right answers, gives another answer.
    pub open_line: Option<Vec<u8>>,
}

/// What was tried in vain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tried {
    /// How many ways to pass the line there are.
    pub ways: usize,
    /// How many were tried: fewer if the time was used up.
    pub tried: usize,
    /// How many calls returned.
    pub returned: usize,
    /// How many left the answer's bytes in memory, at an address or with a length that nothing explains.
    pub unexplained: usize,
    /// The first such place: the call, and the address.
    pub example: Option<(String, u64)>,
    /// How many recipes read the right answer to the first example in a trial.
    pub recipes: usize,
    /// How many guests were created.
    pub guests: u64,
    /// Whether the time was used up, or the user interrupted it.
    pub is_cut_short: bool,
    /// Whether as many guests were created as may be.
    pub is_out_of_trials: bool,
}

/// Infers a convention.
///
/// # Errors
/// What was tried, if no recipe gives the right answers.
pub fn infer(program: &Program, evidence: &Evidence, watch: &Watchdog) -> Result<Inferred, Tried> {
    let lab = Lab::new(program, watch, Invocation::default(), evidence);
    let Some(first) = evidence.examples.first() else { return Err(Tried::default()) };
    let mut search = Search { lab: &lab, evidence, first, drafts: Vec::new(), tried: Tried::default() };
    search.built_in();
    if search.drafts.is_empty() {
        search.explore();
    }
    let Search { mut drafts, mut tried, .. } = search;
    drafts.sort_by_key(|draft| draft.cost);
    drafts.dedup_by_key(|draft| draft.text());
    drafts.truncate(JUDGED);
    tried.is_out_of_trials = lab.is_out_of_trials();
    tried.is_cut_short = lab.is_over() && !tried.is_out_of_trials;
    (tried.recipes, tried.guests) = (drafts.len(), lab.trials());
    lab.allow(BRIEF);
    let brief = judge(&lab, drafts.clone(), &evidence.examples);
    lab.allow(PATIENT);
    match brief.or_else(|| judge(&lab, drafts, &evidence.examples)) {
        Some(verdict) => Ok(inferred(&lab, verdict, evidence)),
        None => Err(tried),
    }
}

/// How a way to pass the line turned out.
enum Attempt {
    /// The answer was found.
    Found,
    /// It was not.
    Failed,
    /// The guest was stopped, as it ran longer than allowed.
    Slow,
}

/// The search for drafts that read the answer to the first example.
struct Search<'a, 'l> {
    lab: &'a Lab<'l>,
    evidence: &'a Evidence,
    first: &'a Example,
    drafts: Vec<Draft>,
    tried: Tried,
}

impl Search<'_, '_> {
    /// Tries the built-in conventions.
    fn built_in(&mut self) {
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
    fn is_right(&self, recipe: &Recipe) -> bool {
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
    fn explore(&mut self) {
        for (base, memory) in bases(self.lab) {
            self.lab.allow(PATIENT);
            let survey = survey(self.lab, base, memory);
            self.explore_with(&survey);
            if !self.drafts.is_empty() || self.lab.is_over() {
                return;
            }
        }
    }

    /// Tries all ways to pass the line that a survey offers.
    fn explore_with(&mut self, survey: &survey::Survey) {
        let interface = self.lab.interface();
        let entries = entries(survey, interface, self.evidence.call.as_deref(), self.is_hex());
        self.tried.ways += entries.len();
        self.lab.allow(BRIEF);
        let slow = self.attempts(survey, interface, &entries);
        self.lab.allow(PATIENT);
        if self.drafts.is_empty() {
            self.attempts(survey, interface, &slow);
        }
    }

    /// Tries ways until one that reads the answer and those that cost about as much are tried. Returns those that took
    /// too long.
    fn attempts(&mut self, survey: &survey::Survey, interface: &Interface, entries: &[Entry]) -> Vec<Entry> {
        let mut slow = Vec::new();
        let mut cheapest = None;
        for entry in entries {
            let is_enough = cheapest.is_some_and(|cheapest| entry.draft.cost > cheapest + SLACK);
            if self.lab.is_over() || is_enough || self.drafts.len() >= 4 * JUDGED {
                break;
            }
            match self.attempt(entry, survey, interface) {
                Attempt::Found => cheapest = cheapest.or(Some(entry.draft.cost)),
                Attempt::Slow => slow.push(entry.clone()),
                Attempt::Failed => (),
            }
        }
        slow
    }

    /// Tries one way, and adds the drafts that read the answer.
    fn attempt(&mut self, entry: &Entry, survey: &survey::Survey, interface: &Interface) -> Attempt {
        self.tried.tried += 1;
        let encoded = |bytes: &[u8]| encode(bytes, entry.encoding).ok().map(|bytes| bytes.into_owned());
        let Some((line, wanted)) = encoded(&self.first.line).zip(encoded(&self.first.answer)) else {
            return Attempt::Failed;
        };
        let Some(recipe) = entry.draft.with_after(show_names(entry)).recipe() else { return Attempt::Failed };
        let Some(mut specimen) = self.lab.specimen(&recipe) else { return Attempt::Failed };
        let observed = specimen.send(&self.first.line, &wanted);
        match &observed.outcome {
            Err(failure) if matches!(failure.root(), Failure::Limit(Limit::Time(_))) => return Attempt::Slow,
            Err(_) if observed.handed.is_empty() => return Attempt::Failed,
            _ => (),
        }
        self.tried.returned += 1;
        let answer = Answer { typed: &self.first.answer, wanted: &wanted, line: line.len() as u64 };
        let found = readings(entry, &mut specimen, &observed, survey, interface, &answer);
        if found.is_empty() && wanted.len() > 3 {
            let at = memchr::memmem::find(specimen.memory(survey.memory), &wanted).map(|at| at as u64);
            self.tried.unexplained += usize::from(at.is_some());
            let call = entry.draft.transform.clone().unwrap_or_default();
            self.tried.example = self.tried.example.take().or(at.map(|at| (call, at)));
        }
        let before = self.drafts.len();
        for reading in found {
            let mut draft = entry.draft.with_after(reading.after);
            draft.handlers.extend(reading.handlers);
            draft.cost += reading.cost;
            draft.place = reading.place;
            self.drafts.push(draft);
        }
        if self.drafts.len() > before { Attempt::Found } else { Attempt::Failed }
    }
}

/// The result, with its proof and its doubts.
fn inferred(lab: &Lab<'_>, verdict: Verdict, evidence: &Evidence) -> Inferred {
    let Verdict { best, open, right, probes: (answered, probes), .. } = verdict;
    let (draft, freeing) = frees::add_frees(lab, best.draft, &evidence.examples);
    let recipe = draft.recipe().unwrap_or(best.recipe);
    let examples = evidence.examples.len();
    let mut proof = vec![format!(
        "it gave the right {} to {examples} {}, and answered {answered} of {probes} other lines, in {} \
         consecutive calls",
        crate::record::unit(examples as u64, "answer"),
        crate::record::unit(examples as u64, "example"),
        judge::REPEATS + 2 * answered,
    )];
    proof.extend(freeing.proof);
    let mut doubts = Vec::new();
    let open_line = open.map(|(line, one, two)| {
        let rivals = crate::record::counted(right as u64, "recipe");
        let (shown_line, one, two) = (shown(&line), shown(&one), shown(&two));
        doubts.push(format!(
            "{rivals} give the right answer, but they differ on another line: the answer to {shown_line} would be \
             {one} or {two}"
        ));
        line
    });
    doubts.extend(best.odd);
    Inferred { recipe, proof, notes: freeing.notes, doubts, open_line }
}
