//! Which of several recipes is right: they are run on other lines, and those that differ are told apart.

use super::Example;
use super::draft::Draft;
use super::passing::{CAPACITY, LARGER};
use super::trial::{Lab, Specimen};
use crate::abi::Recipe;
use crate::record::{Failure, Hex, counted};

/// Minimum length of a long line, in bytes.
const LONG: usize = 300;
/// How many characters of a line or an answer are shown.
const SHOWN: usize = 60;
/// How many answers of the same length are odd.
const SAME: usize = 5;
/// How often a line is sent again, to see whether answers stay the same.
pub(super) const REPEATS: usize = 24;

/// How many recipes are tried on the examples though the time is used up.
const LATE: usize = 3;
/// A recipe that costs so much more than the best one is not taken for its rival.
const UNLIKELY: u32 = 12;

/// A recipe that gives the right answer to the first example.
pub(super) struct Suspect {
    pub(super) draft: Draft,
    pub(super) recipe: Recipe,
    /// The answers to the probes, each from a fresh guest.
    pub(super) answers: Vec<Result<Vec<u8>, Failure>>,
    /// Signs that it is wrong.
    pub(super) faults: u32,
    /// The first of these signs, as a sentence.
    pub(super) odd: Option<String>,
    /// How many right answers one guest gave in a row.
    pub(super) calls: usize,
    /// How many lines the guest did not accept: some functions take only certain texts.
    refused: u32,
}

/// What the recipes that are left say.
pub(super) struct Verdict {
    pub(super) best: Suspect,
    /// A line to which another recipe gives another answer: the line, the best one's answer and the other's.
    pub(super) open: Option<(Vec<u8>, Vec<u8>, Vec<u8>)>,
    /// How many recipes gave the right answers.
    pub(super) right: usize,
    /// How many probes the best one answered, of how many.
    pub(super) probes: (usize, usize),
}

/// Other lines, made from an example: of other lengths, empty, and with characters beyond ASCII.
pub(super) fn probes(line: &[u8]) -> Vec<Vec<u8>> {
    let half = &line[..line.len() / 2];
    let mut changed = line.to_vec();
    changed.iter_mut().for_each(|byte| {
        *byte = match *byte {
            b'a'..=b'y' | b'A'..=b'Y' | b'0'..=b'8' => *byte + 1,
            other => other,
        }
    });
    let mut accented = line.to_vec();
    accented.extend("é ✓ 😀".as_bytes());
    // Longer than what one byte can count.
    let long = line.repeat(LONG / line.len().max(1) + 1);
    let spaced = [b"  ", line, b" x "].concat();
    let mut probes = vec![
        [line, line].concat(),
        half.to_vec(),
        changed,
        long,
        spaced,
        accented,
        b"Hello, World 42".to_vec(),
        b"a".to_vec(),
        Vec::new(),
    ];
    probes.retain(|probe| probe != line);
    probes.dedup();
    probes
}

/// Chooses among drafts that read the right answer in a trial. `None` if none gives it as a whole recipe.
pub(super) fn judge(lab: &Lab<'_>, drafts: Vec<Draft>, examples: &[Example]) -> Option<Verdict> {
    let first = examples.first()?;
    let probes = probes(&first.line);
    let mut suspects = Vec::new();
    for (place, draft) in drafts.into_iter().enumerate() {
        // The likeliest come first. Once there is one, the rest can do without. Without one, what was found late would be
        // lost.
        let is_enough = if suspects.is_empty() { lab.is_at_end() && place >= LATE } else { lab.is_over() };
        if lab.is_cancelled() || is_enough {
            break;
        }
        suspects.extend(suspect(lab, draft, examples, &probes));
    }
    suspects.sort_by_key(|suspect| (suspect.faults, suspect.refused, suspect.draft.cost));
    let right = suspects.len();
    let mut rest = suspects.into_iter();
    let best = rest.next()?;
    let open = rest.find_map(|other| difference(&best, &other, &probes));
    let answered = best.answers.iter().filter(|answer| answer.is_ok()).count();
    Some(Verdict { open, right, probes: (answered, probes.len()), best })
}

/// A probe to which two recipes give different answers that both may be right.
fn difference(best: &Suspect, other: &Suspect, probes: &[Vec<u8>]) -> Option<(Vec<u8>, Vec<u8>, Vec<u8>)> {
    if other.faults > best.faults || other.draft.cost > best.draft.cost + UNLIKELY {
        return None;
    }
    let pairs = best.answers.iter().zip(&other.answers).zip(probes);
    pairs.into_iter().find_map(|((one, two), probe)| match (one, two) {
        (Ok(one), Ok(two)) if one != two => Some((probe.clone(), one.clone(), two.clone())),
        _ => None,
    })
}

/// Runs a draft on the examples and the probes. `None` if it gives a wrong answer to an example.
fn suspect(lab: &Lab<'_>, draft: Draft, examples: &[Example], probes: &[Vec<u8>]) -> Option<Suspect> {
    let recipe = draft.recipe()?;
    for Example { line, answer } in examples {
        if lab.specimen(&recipe)?.answer(line).ok()? != *answer {
            return None;
        }
    }
    let first = examples.first()?;
    let (mut signs, mut refused) = (Signs::default(), 0);
    let mut answers = Vec::new();
    for probe in probes {
        if lab.is_at_end() {
            let left = probes.len() - answers.len();
            signs.add(1, || format!("{} not tried: the time was used up", were(left)));
            break;
        }
        let answer = match lab.specimen(&recipe) {
            Some(mut specimen) => specimen.answer(probe),
            None => Err(Failure::NotOver),
        };
        match &answer {
            Ok(answer) => signs.add(garbage(answer, probe, &first.answer), || {
                format!("the answer to {} would be {}", shown(probe), shown(answer))
            }),
            Err(failure) => match failure.root() {
                Failure::Trap { .. } | Failure::Refused(_) => refused += 1,
                // Wrong arguments make it run for ever, and no other line will change that.
                Failure::Limit(_) => return None,
                _ => signs.add(3, || format!("{} fails: {failure}", shown(probe))),
            },
        }
        answers.push(answer);
    }
    signs.add(made_up(lab, &draft, first), || {
        "the answer depends on the size of the buffer for it, which is made up".to_owned()
    });
    if draft.place.is_some() {
        signs.add(same_length(&answers, probes, &first.answer), || {
            format!("all answers have {}, whatever the line", counted(first.answer.len() as u64, "byte"))
        });
    }
    let mut in_turn = Signs::default();
    // Where each line gets a guest of its own, no line follows another.
    let calls = match recipe.fresh || lab.is_at_end() {
        true => 0,
        false => in_a_row(lab, lab.specimen(&recipe)?, (first, probes), &answers, &mut in_turn),
    };
    // What one line leaves behind spoils the next one: then each line gets a guest of its own.
    if in_turn.faults > 0
        && signs.faults == 0
        && let Some((draft, recipe)) = draft.fresh().and_then(|draft| draft.recipe().map(|recipe| (draft, recipe)))
    {
        return Some(Suspect { draft, recipe, answers, faults: 1, odd: None, calls: 0, refused });
    }
    let (faults, odd) = (signs.faults + in_turn.faults, signs.odd.or(in_turn.odd));
    Some(Suspect { draft, recipe, answers, faults, odd, calls, refused })
}

/// Whether another size of the buffer for the answer, which is made up, leads to another answer.
fn made_up(lab: &Lab<'_>, draft: &Draft, first: &Example) -> u32 {
    let Some(place) = draft.before.iter().position(|text| text == CAPACITY) else { return 0 };
    let mut larger = draft.clone();
    LARGER.clone_into(&mut larger.before[place]);
    let specimen = larger.recipe().filter(|_| !lab.is_at_end()).and_then(|recipe| lab.specimen(&recipe));
    let differs = specimen.is_some_and(|mut specimen| specimen.answer(&first.line).is_ok_and(|it| it != first.answer));
    if differs { 6 } else { 0 }
}

/// Signs that an answer is not what the guest means, where the example's answer is text.
fn garbage(answer: &[u8], line: &[u8], example: &[u8]) -> u32 {
    let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    let has_control = |bytes: &[u8]| bytes.iter().any(|&byte| byte < b' ' && byte != b'\t');
    let mut faults = 0;
    // A guest may take bytes for characters.
    if line.is_ascii() && is_text(example) && !is_text(answer) {
        faults += 2;
    }
    if !has_control(example) && has_control(answer) {
        faults += 3;
    }
    faults
}

/// Whether all answers are as long as the example's, which is odd unless it is a digest.
fn same_length(answers: &[Result<Vec<u8>, Failure>], probes: &[Vec<u8>], example: &[u8]) -> u32 {
    let answered: Vec<_> =
        answers.iter().zip(probes).filter_map(|(answer, probe)| Some((answer.as_ref().ok()?, probe))).collect();
    let is_same = answered.iter().all(|(answer, _)| answer.len() == example.len());
    let differ = answered.windows(2).any(|pair| pair[0].1.len() != pair[1].1.len());
    if answered.len() >= SAME && is_same && differ && Hex::read(example).is_none() { 2 } else { 0 }
}

/// Sends all lines to one guest, the example between them, and notes the answers that differ from a fresh guest's.
/// Returns how many answers were right.
fn in_a_row(
    lab: &Lab<'_>,
    mut specimen: Specimen<'_>,
    (first, probes): (&Example, &[Vec<u8>]),
    alone: &[Result<Vec<u8>, Failure>],
    signs: &mut Signs,
) -> usize {
    let changes = |line: &[u8], after: &[u8]| {
        format!("the answer to {} is different, or missing, after {}", shown(line), shown(after))
    };
    let (mut last, mut right): (&[u8], _) = (&[], 0);
    let mut sent = |line: &[u8], expected: &Vec<u8>| {
        let is_right = specimen.answer(line).as_ref().ok() == Some(expected);
        right += usize::from(is_right);
        is_right
    };
    for (probe, alone) in probes.iter().zip(alone) {
        // A guest may be unusable after a trap.
        let Ok(alone) = alone else { continue };
        if lab.is_at_end() {
            return right;
        }
        if !sent(probe, alone) {
            signs.add(2, || changes(probe, last));
        }
        if !sent(&first.line, &first.answer) {
            signs.add(3, || changes(&first.line, probe));
        }
        last = probe;
    }
    for _ in 0..REPEATS {
        if lab.is_at_end() {
            break;
        }
        if !sent(&first.line, &first.answer) {
            signs.add(5, || changes(&first.line, &first.line));
            break;
        }
    }
    right
}

/// `1 other line was`, `2 other lines were`.
fn were(count: usize) -> String {
    format!("{} {}", counted(count as u64, "other line"), if count == 1 { "was" } else { "were" })
}

/// Signs that a recipe is wrong.
#[derive(Default)]
struct Signs {
    faults: u32,
    odd: Option<String>,
}

impl Signs {
    fn add(&mut self, faults: u32, sentence: impl FnOnce() -> String) {
        self.faults += faults;
        if faults > 0 && self.odd.is_none() {
            self.odd = Some(sentence());
        }
    }
}

/// A line or an answer in quotes, shortened.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{:?} ... ({})", &text[..end], counted(bytes.len() as u64, "byte")),
        None => format!("{text:?}"),
    }
}
