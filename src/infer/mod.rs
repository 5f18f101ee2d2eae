//! Inference: finds the convention of a function from examples, by running it.
//!
//! The guest is sandboxed, and a fresh instance costs little. So a line is passed in many ways, likely ones first; after
//! each call the answer's bytes are looked for in memory, and their address and length are explained by what is known:
//! results, numbers in memory, getters. What explains the first example becomes a recipe, and is tried on other lines.
//! The guest's own loads and stores say which ways reach the line at all; the others come last.

mod allocator;
mod arguments;
mod clues;
mod code;
mod constants;
mod draft;
mod ending;
mod entries;
mod entry;
mod frees;
mod guess;
mod handed;
mod judge;
mod passing;
mod progress;
mod protocols;
mod readable;
mod readings;
mod search;
mod seen;
mod sequences;
mod sound;
mod survey;
mod texts;
mod trial;
mod values;
mod weigh;

use std::time::Duration;

use crate::abi::Recipe;
use crate::guest::{Cancellation, Code, CompileOptions, Limits, LoadError, Passes, PointRequest, Program, Watchdog};
use crate::record::{counted, unit};

pub use guess::Guess;
pub use progress::Progress;
pub use weigh::{Weighed, weigh};

use draft::Draft;
use judge::{Verdict, judge, shown};
use search::Search;
use trial::{BRIEF, Lab, PATIENT};

/// The usual time limit for an inference.
pub const BUDGET: Duration = Duration::from_secs(20);

/// The name of a recipe that was put together here.
const NAME: &str = "inferred";

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
    /// Lines with their answers. All recipes must give them.
    pub examples: Vec<Example>,
    /// A line of which the answer is to be guessed, if there is no example.
    pub line: Option<Vec<u8>>,
    /// The transform's name; `None` to try all exports.
    pub call: Option<String>,
    /// Time limit for the whole inference.
    pub budget: Duration,
    /// How many guests may be created.
    pub trials: u64,
    /// Whether unresolved imports return zero for built-in conventions too.
    pub stubs: bool,
}

/// How an inference ended.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A convention was found.
    Inferred(Box<Inferred>),
    /// There was no example: these answers are possible, likely ones first.
    Guesses(Vec<Guess>),
    /// Nothing was found.
    InVain(Tried),
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
    /// How many recipes read the right answer to the first example in a trial.
    pub recipes: usize,
    /// Whether the time was used up, or the user interrupted it.
    pub is_cut_short: bool,
    /// The limit on the guests that may be created, if as many were.
    pub out_of_trials: Option<u64>,
    /// How near the trials came, as sentences.
    pub evidence: Vec<String>,
}

/// A module that is compiled for an inference.
pub struct Subject {
    program: Program,
    binary: Vec<u8>,
}

/// Compiles a module for an inference: its guests record their memory accesses.
///
/// # Errors
/// As for [`Code::compile_with`].
pub fn compile(
    code: Code<'_>,
    limits: Limits,
    options: &CompileOptions,
    cancellation: &Cancellation,
) -> Result<Subject, LoadError> {
    let passes = Passes { stores: true, loads: true, pauses: false };
    let binary = code.binary().to_vec();
    let program = code.compile_with(limits, passes, &PointRequest::default(), options, cancellation)?;
    Ok(Subject { program, binary })
}

/// Infers a convention; without an example, guesses answers.
pub fn infer(subject: &Subject, evidence: &Evidence, watch: &Watchdog, progress: &Progress) -> Outcome {
    let lab = Lab::new(&subject.program, watch, evidence.budget, progress);
    let lab = lab.limited(evidence.trials).knowing(&subject.binary);
    if let Some(missing) = evidence.call.as_ref().and_then(|call| missing(&subject.program, call)) {
        return Outcome::InVain(Tried { evidence: vec![missing], ..Tried::default() });
    }
    match (&evidence.examples[..], &evidence.line) {
        ([first, ..], _) => from_examples(&lab, evidence, first),
        ([], Some(line)) => guess::guess(&lab, line, evidence.call.as_deref()),
        ([], None) => Outcome::InVain(Tried::default()),
    }
}

/// The sentence that there is no such function, if so.
fn missing(program: &Program, call: &str) -> Option<String> {
    let interface = program.interface();
    // In waPC, the name is that of an operation.
    let is_there = interface.funcs().any(|(name, _)| name == call || name == protocols::GUEST_CALL);
    (!is_there).then(|| interface.lacks(call))
}

fn from_examples(lab: &Lab<'_>, evidence: &Evidence, first: &Example) -> Outcome {
    let mut search = Search::new(lab, evidence, first);
    search.built_in();
    let known = judged(lab, &search.drafts, evidence).filter(|verdict| verdict.best.faults == 0);
    if known.is_none() {
        search.explore();
    }
    let (drafts, tried) = search.end();
    match known.or_else(|| judged(lab, &drafts, evidence)) {
        Some(verdict) => Outcome::Inferred(Box::new(inferred(lab, verdict, evidence))),
        None => Outcome::InVain(tried),
    }
}

/// Judges drafts, first with little time for each line, then with more.
fn judged(lab: &Lab<'_>, drafts: &[Draft], evidence: &Evidence) -> Option<Verdict> {
    lab.allow(BRIEF);
    let brief = judge(lab, drafts.to_vec(), &evidence.examples);
    // What speaks against a recipe may be that the guest was slow.
    let is_clear = |verdict: &Verdict| verdict.best.faults == 0 && verdict.best.odd.is_none();
    if brief.as_ref().is_some_and(is_clear) {
        return brief;
    }
    lab.allow(PATIENT);
    judge(lab, drafts.to_vec(), &evidence.examples).or(brief)
}

/// The result, with its proof and its doubts.
fn inferred(lab: &Lab<'_>, verdict: Verdict, evidence: &Evidence) -> Inferred {
    let Verdict { best, open, right, probes: (answered, probes), .. } = verdict;
    let (draft, freeing) = frees::add_frees(lab, best.draft, &evidence.examples);
    let mut recipe = draft.recipe().unwrap_or(best.recipe);
    if recipe.name.is_empty() {
        NAME.clone_into(&mut recipe.name);
    }
    let examples = evidence.examples.len();
    let calls = match draft.is_fresh() {
        true => "each on a fresh guest".to_owned(),
        false => format!("one guest {} in a row", counted(best.calls as u64, "right answer")),
    };
    let mut proof = vec![format!(
        "it gave the right {} to {examples} {}, and answered {answered} of {probes} other lines, {calls}",
        unit(examples as u64, "answer"),
        unit(examples as u64, "example"),
    )];
    proof.extend(freeing.proof);
    let mut doubts = Vec::new();
    let open_line = open.map(|(line, one, two)| {
        let rivals = counted(right as u64, "recipe");
        let (shown_line, one, two) = (shown(&line), shown(&one), shown(&two));
        doubts.push(format!(
            "{rivals} give the right answer, but they differ on another line: the answer to {shown_line} would be \
             {one} or {two}"
        ));
        line
    });
    if draft.is_fresh() {
        doubts.push(
            "each line gets a fresh guest, as a line changes the answer to the next one: perhaps a call that resets the \
             guest is missing"
                .to_owned(),
        );
    }
    doubts.extend(best.odd);
    Inferred { recipe, proof, notes: freeing.notes, doubts, open_line }
}
