//! The search for recipes that read the answer to the first example.

use std::collections::HashSet;

use super::arguments::{Arg, Form, ZERO};
use super::clues::Clues;
use super::constants;
use super::draft::Draft;
use super::ending::evidence;
use super::entries::{self, with_args};
use super::entry::Entry;
use super::handed::Wanted;
use super::protocols;
use super::readings::{Answer, Sight, readings, show_names};
use super::seen::Seen;
use super::sequences::{Sequences, distinct};
use super::sound::Sound;
use super::survey::{Survey, bases, survey};
use super::texts;
use super::trial::{BRIEF, Lab, Observed, PATIENT, Specimen, is_slow};
use super::values;
use super::{Evidence, Example, Tried};
use crate::abi::{Recipe, candidates, encode};
use crate::record::Hex;

/// How many drafts are judged.
const JUDGED: usize = 24;
/// How many readings of the answer are tried as a recipe, for one way to pass the line.
const READINGS: usize = 24;
/// How many of them are kept.
const RIGHT: usize = 10;
/// The price of a way in which the guest reads past the end of the line.
const READS_ON: u32 = 6;
/// How many ways that did not lead to the answer are kept.
const KEPT: usize = 4000;
/// How many ways that led to an answer without an address are kept at a time.
const SEEN: usize = 8;
/// How much more than the cheapest draft found one may cost that is still looked for.
const SLACK: u32 = 2;

/// How a way to pass the line turned out.
pub(super) enum Attempt {
    /// The answer was found, at this cost of passing the line.
    Found(u32),
    /// It was not.
    Failed,
    /// The guest was stopped, as it ran longer than allowed. It may have read the whole line. So many times the time took
    /// that it ran itself.
    Slow { has_read: bool, stretched: u32 },
}

/// What ways have in common that differ in constants only: whether the guest read the line, whether they are of several
/// calls, the function and the place, the form, and the other arguments.
type Alike = (bool, bool, (usize, usize), Form, Vec<Option<Arg>>);

/// A round of the search: a module with what all its recipes need, and what was tried.
#[derive(Default)]
struct Round {
    survey: Survey,
    /// Ways that took too long.
    slow: Vec<Entry>,
    /// Ways that were put off.
    unlikely: Vec<Entry>,
    readers: Vec<Entry>,
    others: Vec<Entry>,
    is_varied: bool,
}

/// The search for drafts that read the answer to the first example.
pub(super) struct Search<'a, 'l> {
    lab: &'a Lab<'l>,
    evidence: &'a Evidence,
    first: &'a Example,
    pub(super) drafts: Vec<Draft>,
    clues: Clues,
    tried: Tried,
    /// The ways in which the guest read the whole line, though the answer was not found.
    readers: Vec<Entry>,
    /// Some of the others.
    others: Vec<Entry>,
    /// What the ways that are kept differ in.
    kept: HashSet<Alike>,
    /// The likeliest way in which the guest read the whole line.
    nearest: Option<Entry>,
    /// Whether constants and further calls were tried.
    is_varied: bool,
    sound: Sound,
    /// Ways that led to the answer, though nothing said where it is.
    seen: Vec<Entry>,
    /// Where the answer was seen without an explanation, how often, and what was near.
    unexplained: Option<(String, u32)>,
}

impl<'a, 'l> Search<'a, 'l> {
    pub(super) fn new(lab: &'a Lab<'l>, evidence: &'a Evidence, first: &'a Example) -> Search<'a, 'l> {
        let (drafts, clues, tried) = (Vec::new(), Clues::default(), Tried::default());
        let (readers, others) = (Vec::new(), Vec::new());
        Search {
            lab,
            evidence,
            first,
            drafts,
            clues,
            tried,
            readers,
            others,
            kept: HashSet::new(),
            nearest: None,
            is_varied: false,
            sound: Sound::default(),
            seen: Vec::new(),
            unexplained: None,
        }
    }

    /// The likeliest drafts, and what was tried.
    pub(super) fn end(self) -> (Vec<Draft>, Tried) {
        let Search { lab, mut drafts, mut tried, clues, unexplained, nearest, is_varied, .. } = self;
        drafts.sort_by_key(|draft| draft.cost);
        let mut texts = HashSet::new();
        drafts.retain(|draft| texts.insert(draft.text()));
        drafts.truncate(JUDGED);
        tried.out_of_trials = lab.out_of_trials();
        tried.is_cut_short = lab.is_over() && tried.out_of_trials.is_none();
        tried.recipes = drafts.len();
        tried.evidence = evidence(lab.interface(), unexplained, &clues, is_varied, nearest.as_ref());
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
                let recipe = Recipe { stubs: candidate.recipe.stubs || self.evidence.stubs, ..candidate.recipe };
                let text = recipe.to_string();
                if self.drafts.iter().all(|draft| draft.text() != text) && self.is_right(&recipe) {
                    self.drafts.push(Draft::whole(text, 100 - candidate.score.min(100)));
                }
            }
        }
    }

    /// Tries the protocols that the guest's imports name.
    fn speak(&mut self, survey: &Survey) {
        let (interface, call) = (self.lab.interface(), self.evidence.call.as_deref());
        let entries = protocols::entries(survey, interface, self.lab.code(), call);
        self.add_ways(&entries);
        self.lab.allow(PATIENT);
        for entry in entries {
            if self.lab.is_over() {
                return;
            }
            self.tried.tried += 1;
            self.lab.progress.add_tried();
            // Others may be right too, and differ on other lines.
            if entry.draft.recipe().is_some_and(|recipe| self.is_right(&recipe)) {
                self.drafts.push(entry.draft);
            }
            if self.drafts.len() >= JUDGED {
                return;
            }
        }
    }

    /// Whether a recipe gives the right answers to all examples, each on a fresh guest.
    fn is_right(&self, recipe: &Recipe) -> bool {
        let is_right = |Example { line, answer }: &Example| {
            let specimen = if self.lab.is_at_end() { None } else { self.lab.specimen(recipe) };
            specimen.is_some_and(|mut specimen| specimen.answer(line).as_ref() == Ok(answer))
        };
        self.lab.allowing(PATIENT, || self.evidence.examples.iter().all(is_right))
    }

    /// Whether line and answer may be hexadecimal digits for other bytes.
    fn is_hex(&self) -> bool {
        let is_hex = |text: &[u8]| !text.is_empty() && Hex::read(text).is_some();
        self.evidence.examples.iter().all(|example| is_hex(&example.line) && is_hex(&example.answer))
    }

    /// Tries all ways to pass the line, likely ones first, whatever was found before.
    pub(super) fn explore(&mut self) {
        let known = std::mem::take(&mut self.drafts);
        self.explore_all();
        self.drafts.extend(known);
    }

    fn explore_all(&mut self) {
        let mut bases = bases(self.lab).into_iter();
        let Some((base, memory)) = bases.next() else { return };
        let mut rounds = vec![self.begin(base, memory, None)];
        // Where the guest reads the line, it is hardly a call before all lines that is missing.
        if !rounds[0].readers.is_empty() {
            self.vary(&mut rounds[0]);
        }
        for (base, memory) in bases {
            if self.is_done() {
                return;
            }
            let known = Some(&rounds[0].survey).filter(|survey| survey.memory == memory);
            let round = self.begin(base, memory, known);
            rounds.push(round);
        }
        for round in &mut rounds {
            self.vary(round);
        }
        for round in &mut rounds {
            self.end_round(round);
        }
    }

    /// Whether the search is over: one of the drafts has nothing against it, or there is no more time.
    fn is_done(&self) -> bool {
        if self.drafts.is_empty() || self.lab.is_over() {
            return self.lab.is_over();
        }
        self.sound.is_enough(self.lab, &self.drafts, &self.evidence.examples)
    }

    /// Surveys a module with what all its recipes need, and tries the likely ways, each for a moment.
    fn begin(&mut self, base: Draft, memory: usize, known: Option<&Survey>) -> Round {
        self.lab.allow(PATIENT);
        let survey = survey(self.lab, base, memory, known);
        let (interface, call) = (self.lab.interface(), self.evidence.call.as_deref());
        self.speak(&survey);
        if self.is_done() {
            return Round { survey, ..Round::default() };
        }
        let count = texts::count(self.evidence.examples.iter().map(|example| &example.line[..]));
        let mut entries: Vec<_> =
            count.map(|count| texts::entries(&survey, interface, call, count)).unwrap_or_default();
        entries.extend(entries::entries(&survey, interface, call, self.is_hex()));
        entries.extend(values::entries(&survey, interface, call));
        if call.is_some() {
            entries.extend(self.sequences(&survey).wrapped(true));
        }
        entries.sort_by_key(|entry| entry.draft.cost);
        // What is known of other surveys' functions holds for this one no more.
        self.clues = Clues::default();
        self.kept.clear();
        let (slow, unlikely) = self.attempts(&survey, &entries, true);
        let (readers, others) = (std::mem::take(&mut self.readers), std::mem::take(&mut self.others));
        Round { survey, slow, unlikely, readers, others, is_varied: false }
    }

    /// Tries other constants as arguments, and further calls.
    fn vary(&mut self, round: &mut Round) {
        if self.is_done() || std::mem::replace(&mut round.is_varied, true) {
            return;
        }
        self.is_varied = true;
        // What was found without others, and is not right, needs another call rather than another constant.
        if self.drafts.is_empty() {
            self.vary_constants(round);
        }
        if !self.is_done() {
            self.add_calls(round);
        }
    }

    fn vary_constants(&mut self, round: &mut Round) {
        let (survey, interface) = (&round.survey, self.lab.interface());
        round.readers.sort_by_key(Entry::cost_without_constants);
        round.others.sort_by_key(Entry::cost_without_constants);
        let tried = (&round.readers[..], &round.others[..]);
        for variations in constants::variations(self.lab.code(), tried, self.first) {
            let entries = variations.iter().filter_map(|(entry, args)| with_args(survey, interface, entry, args));
            let entries: Vec<_> = entries.collect();
            self.attempt_all(survey, &entries);
            self.explain(survey);
            if self.is_done() {
                return;
            }
        }
        // With another constant, it may have read the line for the first time.
        round.readers.append(&mut self.readers);
        round.readers.sort_by_key(|entry| entry.draft.cost);
        self.others.clear();
    }

    /// Where the answer was seen and nothing said where it is, a zero may have been taken for the address of an area.
    fn explain(&mut self, survey: &Survey) {
        for entry in std::mem::take(&mut self.seen) {
            let entries = entries::with_area(survey, self.lab.interface(), &entry);
            self.attempt_all(survey, &entries);
        }
        self.seen.clear();
    }

    /// Tries calls before and after the one that takes the line.
    fn add_calls(&mut self, round: &mut Round) {
        let survey = &round.survey;
        let sequences = self.sequences(survey);
        let plain: Vec<_> = distinct(&round.readers).cloned().collect();
        self.attempts(survey, &sequences.ended(&plain), false);
        if !self.is_done() {
            self.attempts(survey, &sequences.wrapped(false), false);
        }
        // If that leads to an answer, a call that begins may still be missing: the guest must forget the line before.
        for begun in [sequences.preceded(&plain), sequences.begun()] {
            if self.lab.is_over() || self.is_stable() && self.is_done() {
                break;
            }
            self.readers.clear();
            self.attempts(survey, &begun, false);
            self.readers.sort_by_key(|entry| entry.draft.cost);
            let readers = std::mem::take(&mut self.readers);
            self.attempts(survey, &sequences.ended(&readers), false);
        }
        self.others.clear();
    }

    fn sequences<'s>(&self, survey: &'s Survey) -> Sequences<'s>
    where
        'a: 's,
    {
        let (lab, call) = (self.lab, self.evidence.call.as_deref());
        Sequences::new(survey, lab.interface(), (lab.code(), self.first), call)
    }

    /// Whether one of the recipes found gives the right answer twice in a row.
    fn is_stable(&self) -> bool {
        let Example { line, answer } = self.first;
        self.drafts.iter().filter_map(Draft::recipe).any(|recipe| {
            let specimen = self.lab.specimen(&recipe);
            specimen.is_some_and(|mut specimen| (0..2).all(|_| specimen.answer(line).as_ref() == Ok(answer)))
        })
    }

    /// Tries what was put off, then what takes long.
    fn end_round(&mut self, round: &mut Round) {
        if self.is_done() {
            return;
        }
        let (slow, _) = self.attempts(&round.survey, &round.unlikely, false);
        round.slow.extend(slow);
        self.lab.allow(PATIENT);
        if !self.is_done() {
            self.attempts(&round.survey, &round.slow, false);
        }
        self.lab.allow(BRIEF);
    }

    /// Tries all of these ways, though one reads the answer: they are equally likely.
    fn attempt_all(&mut self, survey: &Survey, entries: &[Entry]) {
        self.add_ways(entries);
        self.lab.allow(BRIEF);
        for entry in entries {
            if self.lab.is_over() {
                return;
            }
            self.attempt(entry, survey);
        }
    }

    fn add_ways(&mut self, entries: &[Entry]) {
        self.tried.ways += entries.len();
        self.lab.progress.add_ways(entries.len());
    }

    /// Tries ways until one that reads the answer and those that cost about as much are tried. Returns those that took
    /// too long, and those that were put off, as the clues say that they are unlikely.
    fn attempts(&mut self, survey: &Survey, entries: &[Entry], puts_off: bool) -> (Vec<Entry>, Vec<Entry>) {
        let (mut slow, mut unlikely, mut promising) = (Vec::new(), Vec::new(), Vec::new());
        let mut cheapest = None;
        if puts_off || entries.iter().any(|entry| entry.is_sequence()) {
            self.add_ways(entries);
            self.lab.allow(BRIEF);
        }
        for entry in entries {
            let is_enough = cheapest.is_some_and(|cheapest| entry.draft.cost > cheapest + SLACK);
            if self.lab.is_over() || is_enough || self.drafts.len() >= 4 * JUDGED {
                break;
            }
            if puts_off && !entry.is_sequence() && self.clues.is_unlikely(entry) {
                self.keep(entry, false);
                unlikely.push(entry.clone());
                continue;
            }
            let mut attempt = self.attempt(entry, survey);
            // The limit is for the guest, not for what else the machine does.
            if let Attempt::Slow { stretched, .. } = attempt
                && stretched > 1
            {
                attempt = self.lab.allowing(PATIENT.min(BRIEF * stretched), || self.attempt(entry, survey));
            }
            match attempt {
                Attempt::Found(cost) => cheapest = Some(cheapest.map_or(cost, |cheapest: u32| cheapest.min(cost))),
                Attempt::Slow { has_read, .. } if puts_off && self.clues.deserves_time(entry, has_read) => {
                    promising.push(entry.clone());
                }
                Attempt::Slow { .. } => slow.push(entry.clone()),
                Attempt::Failed => (),
            }
        }
        // Most of these pass a wrong length, and take all the time that they may.
        for entry in promising {
            let is_tried = cheapest.is_none() && !self.lab.is_over();
            match is_tried.then(|| self.lab.allowing(PATIENT, || self.attempt(&entry, survey))) {
                Some(Attempt::Found(cost)) => cheapest = Some(cost),
                Some(Attempt::Failed) => (),
                Some(Attempt::Slow { .. }) | None => slow.push(entry),
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
                let has_read = observed.seen.as_ref().is_some_and(Seen::reads_all);
                return Attempt::Slow { has_read, stretched: observed.stretched };
            }
            Err(_) if observed.handed.is_empty() => {
                self.clues.note(entry, &observed, false);
                self.keep(entry, observed.reads());
                return Attempt::Failed;
            }
            _ => (),
        }
        self.tried.returned += 1;
        let sight = Sight { entry, observed: &observed, survey, interface: self.lab.interface() };
        let answer = Answer { typed: &self.first.answer, wanted: &wanted, line: &line };
        let (found, at) = readings(&sight, &mut specimen, &answer);
        let is_seen = at.is_some_and(|(_, len)| len > 3);
        if let Some(at) = at.filter(|_| found.is_empty() && is_seen) {
            match &mut self.unexplained {
                Some((_, count)) => *count += 1,
                none => *none = Some((sight.unexplained(&mut specimen, at), 1)),
            }
            if self.seen.len() < SEEN && entry.args.contains(&ZERO) {
                self.seen.push(entry.clone());
            }
        }
        self.clues.note(entry, &observed, is_seen || !found.is_empty());
        // A guest that reads on past a text whose length it is told was told in vain.
        let reads_on = !entry.form.says_its_length() && observed.seen.as_ref().is_some_and(|seen| seen.reads_on);
        let more = if reads_on { READS_ON } else { 0 };
        let drafts = found.into_iter().take(READINGS).map(|reading| reading.draft(entry));
        let right = drafts.filter(|draft| draft.recipe().is_some_and(|recipe| self.is_right(&recipe)));
        let before = self.drafts.len();
        let right = right.take(RIGHT).map(|draft| Draft { cost: draft.cost + more, ..draft });
        let right: Vec<_> = right.collect();
        self.drafts.extend(right);
        self.keep(entry, observed.reads());
        if self.drafts.len() > before { Attempt::Found(entry.draft.cost + more) } else { Attempt::Failed }
    }

    /// Keeps a way that did not lead to the answer, as one to vary.
    fn keep(&mut self, entry: &Entry, has_read: bool) {
        let has_constants = entry.args.iter().any(|arg| arg.is_constant());
        if entry.args.is_empty() || !has_read && !has_constants {
            return;
        }
        if has_read && self.nearest.is_none() && entry.args.iter().all(|arg| arg.is_plain()) {
            self.nearest = Some(entry.clone());
        }
        let alike = (has_read, entry.is_sequence(), entry.numbers, entry.form, constants::skeleton(&entry.args));
        let kept = if has_read { &mut self.readers } else { &mut self.others };
        // Ways that differ in constants only are varied alike.
        let is_new = entry.is_sequence() || self.kept.insert(alike);
        if is_new && kept.len() < KEPT {
            kept.push(entry.clone());
        }
    }
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
