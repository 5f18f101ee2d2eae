//! Conventions: how a line gets into a guest's memory, and how its answer is read.
//!
//! A convention is a recipe, a short text. Detection chooses it from a module's exports and imports alone, with
//! reasons, and never runs guest code. A recipe reaches the guest through [`crate::guest::Boundary`], so one executor
//! serves recorded and fast runs.

mod assumption;
mod built_in;
mod detect;
mod file;
mod names;
pub mod recipe;
mod roles;
mod toolchain;

use std::collections::HashSet;
use std::fmt;
use std::path::Path;

use crate::guest::{Extern, Import, Interface, Limits};
use crate::record::Failure;

pub use assumption::Assumption;
use assumption::quote;
pub use built_in::{built_in, built_in_recipes};
pub(crate) use detect::region_address;
pub use detect::{Candidate, PLAUSIBLE, Rejection, SURE, candidates, recognition};
pub use file::RecipeFile;
pub(crate) use names::{frees, may_transform};
pub use recipe::{
    Answered, Answers, Batch, Bound, Ended, Exchange, InputLine, Invocation, MessageRoom, Messages, Recipe,
    StreamError, Streams,
};
pub(crate) use recipe::{encode, is_wasi, quoted};
pub use roles::{Roles, ValueSource};

/// Whether an export's name says that it allocates memory, and nothing else.
pub(crate) fn is_allocator(name: &str) -> bool {
    names::Kind::Allocator.names(name)
}

/// What a module's imports say against a recipe for it, or of its toolchain, as a sentence.
pub(crate) fn of_toolchain(interface: &Interface) -> Option<String> {
    let other_host =
        toolchain::needs_other_host(interface).map(|why| format!("No recipe can drive this module: {why}."));
    other_host.or_else(|| toolchain::hint(interface).map(|hint| format!("Perhaps {hint}.")))
}

/// The imported functions that nothing provides and that return values, which are then zero, as `module.name`.
pub(crate) fn stubbed_imports(recipe: &Recipe, interface: &Interface) -> HashSet<String> {
    let without_stubs = Recipe { stubs: false, ..recipe.clone() };
    let unanswered = recipe::unanswered_imports(&without_stubs, interface, false);
    let returns = |import: &&Import| matches!(&import.what, Extern::Func(signature) if !signature.results.is_empty());
    let functions = unanswered.into_iter().filter(returns);
    functions.map(Import::full_name).collect()
}

/// What the user requested about the convention.
#[derive(Clone, Debug, Default)]
pub struct ConventionRequest {
    /// The transform's name.
    pub call: Option<String>,
    /// The name of a built-in convention.
    pub convention: Option<String>,
    /// The user's recipe.
    pub recipe: Option<RecipeFile>,
    /// Whether the guest may run to settle which convention it uses.
    pub auto: bool,
    /// Whether unresolved imports are noted and return zero.
    pub stub_imports: bool,
    /// Whether to open the guest even if no convention, or more than one, matches: its exports can then be called by
    /// hand.
    pub by_hand: bool,
}

/// The convention that drives a guest.
#[derive(Clone, Debug)]
pub struct ResolvedConvention {
    /// The recipe, with the module's own names.
    pub recipe: Recipe,
    /// The same with its names resolved.
    pub bound: Bound,
    /// The reason why no convention was chosen, if none was. Every line then fails.
    pub undecided: Option<NoConvention>,
    /// What was assumed, if others match and the user requested none.
    pub assumed: Option<Assumption>,
}

/// Why no convention was chosen, with the candidates and near misses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConvention {
    /// The reason, in one line.
    why: String,
    /// The lines after it: what was found, and what to do.
    more: String,
    /// Whether several match.
    is_contest: bool,
    /// Whether an inference may find the convention.
    may_infer: bool,
}

impl ConventionRequest {
    /// The same request, with the named convention or the recipe in that file.
    ///
    /// # Errors
    /// There is neither, or the file is not a valid recipe.
    pub fn named(&self, named: &Path) -> Result<ConventionRequest, NoConvention> {
        self.named_within(named, &Limits::default())
    }

    /// The same; a file may have as many bytes as the limits say.
    ///
    /// # Errors
    /// As for [`ConventionRequest::named`].
    pub fn named_within(&self, named: &Path, limits: &Limits) -> Result<ConventionRequest, NoConvention> {
        if named == Path::new(AUTO) && !named.exists() {
            return Ok(ConventionRequest { convention: None, recipe: None, auto: true, ..self.clone() });
        }
        let (convention, recipe) = match named.to_str().filter(|name| !named.exists() && built_in(name).is_some()) {
            Some(name) => (Some(name.to_owned()), None),
            None => (None, Some(RecipeFile::read(named, limits)?)),
        };
        Ok(ConventionRequest { convention, recipe, ..self.clone() })
    }

    /// Whether the guest may run to settle which convention it uses.
    pub fn may_run(&self) -> bool {
        self.auto || self.call.is_some()
    }
}

/// The word that lets the guest run to settle which convention it uses.
const AUTO: &str = "auto";

/// Whether other conventions match about as well as what was chosen.
pub fn is_contested(chosen: &Result<ResolvedConvention, NoConvention>) -> bool {
    match chosen {
        Ok(chosen) => chosen.assumed.is_some() || chosen.undecided.as_ref().is_some_and(|why| why.is_contest),
        Err(why) => why.is_contest,
    }
}

/// The conventions among which the evidence leaves a choice.
pub fn contenders(interface: &Interface, wish: &ConventionRequest) -> Vec<Candidate> {
    let mut found = candidates(interface, wish.call.as_deref()).0;
    if found.iter().any(|candidate| candidate.score >= PLAUSIBLE) {
        found.retain(|candidate| candidate.score >= PLAUSIBLE);
    }
    found.truncate(CONTENDERS);
    found
}

/// How many conventions are tried at most.
const CONTENDERS: usize = 12;

impl Candidate {
    /// The candidate bound to a module for a trial: results that contradict it are failures. `None` if it does not fit.
    pub(crate) fn on_trial(&self, interface: &Interface, stubs: bool) -> Option<Bound> {
        let mut bound = self.recipe.bind(interface, stubs).ok()?;
        let allocated = matches!(Roles::of(&self.recipe).line, Some(ValueSource::Allocator(..)));
        bound.assume(format!("{} was tried", self.recipe.name), &self.recipe, interface, allocated);
        Some(bound)
    }

    /// The convention as the one that is used, because it alone gave an answer to a line.
    ///
    /// # Errors
    /// It does not fit the module.
    pub(crate) fn settled<'a>(
        &self,
        others: impl Iterator<Item = &'a Candidate>,
        tried: (&[u8], &[u8]),
        interface: &Interface,
        wish: &ConventionRequest,
    ) -> Result<ResolvedConvention, NoConvention> {
        let assumed = Some(Assumption::tried(self, others, tried));
        Decision { assumed, ..Decision::of(self.clone()) }.resolve(interface, wish.stub_imports)
    }
}

/// Chooses a convention for a module, and resolves its names.
///
/// # Errors
/// No convention matches, several match, or the user's recipe does not fit the module.
pub fn choose(interface: &Interface, wish: &ConventionRequest) -> Result<ResolvedConvention, NoConvention> {
    let decided = decide(interface, wish, || candidates(interface, wish.call.as_deref()));
    match decided.and_then(|decision| decision.resolve(interface, wish.stub_imports)) {
        Err(why) if wish.by_hand && wish.convention.is_none() && wish.recipe.is_none() => {
            let recipe = Recipe::by_hand(interface, why.why());
            match recipe.bind(interface, wish.stub_imports) {
                Ok(bound) => Ok(ResolvedConvention { recipe, bound, undecided: Some(why), assumed: None }),
                Err(_) => Err(why),
            }
        }
        resolved => resolved,
    }
}

/// The recipe that would be chosen, given the candidates.
///
/// # Errors
/// As for [`choose`].
pub fn chosen(
    interface: &Interface,
    wish: &ConventionRequest,
    candidates: (Vec<Candidate>, Vec<Rejection>),
) -> Result<ResolvedConvention, NoConvention> {
    decide(interface, wish, || candidates)?.resolve(interface, wish.stub_imports)
}

/// The unresolved imports and what to do about them, for the chosen recipe, or for any recipe if none was chosen.
pub fn unresolved<'a>(
    interface: &'a Interface,
    wish: &ConventionRequest,
    chosen: Option<&Recipe>,
) -> (Vec<&'a Import>, Vec<String>) {
    let any;
    let recipe = match chosen.or(wish.recipe.as_ref().map(|file| &file.recipe)) {
        Some(recipe) => recipe,
        None => {
            any = Recipe::by_hand(interface, "");
            &any
        }
    };
    let missing = recipe::unanswered_imports(recipe, interface, wish.stub_imports);
    let advice = if missing.is_empty() { Vec::new() } else { recipe::advice(interface, &missing) };
    (missing, advice)
}

/// A recipe that was chosen, before its names are resolved.
struct Decision {
    recipe: Recipe,
    /// Where it was written, if it is not a built-in one: the file's name, if any, and the text.
    written: Option<(String, String)>,
    assumed: Option<Assumption>,
}

impl Decision {
    /// A candidate as it is.
    fn of(candidate: Candidate) -> Decision {
        let written = candidate.text.map(|text| (String::new(), text));
        Decision { recipe: candidate.recipe, written, assumed: None }
    }

    fn resolve(self, interface: &Interface, stub_imports: bool) -> Result<ResolvedConvention, NoConvention> {
        let Decision { recipe, written, assumed } = self;
        let mut bound = recipe.bind(interface, stub_imports).map_err(|error| match written {
            Some((file, text)) => NoConvention::new(&format!("{file}{}", error.quoted(&text))),
            None => NoConvention::of(error.to_string(), String::new()),
        })?;
        if let Some(assumed) = &assumed {
            let allocated = matches!(Roles::of(&recipe).line, Some(ValueSource::Allocator(..)));
            bound.assume(assumed.to_string(), &recipe, interface, allocated);
        }
        Ok(ResolvedConvention { recipe, bound, undecided: None, assumed })
    }
}

fn decide(
    interface: &Interface,
    wish: &ConventionRequest,
    candidates: impl FnOnce() -> (Vec<Candidate>, Vec<Rejection>),
) -> Result<Decision, NoConvention> {
    let call = wish.call.as_deref();
    if let Some(RecipeFile { name, text, recipe }) = &wish.recipe {
        return match recipe.refuses(call) {
            None => Ok(Decision {
                recipe: recipe.clone(),
                written: Some((format!("{name}: "), text.clone())),
                assumed: None,
            }),
            Some(why) => Err(NoConvention::new(&format!("{name}: {why}"))),
        };
    }
    if let Some(call) = call.filter(|call| !exports(interface, call)) {
        return Err(NoConvention::new(&interface.lacks(call)));
    }
    let (mut found, misses) = candidates();
    if let Some(name) = &wish.convention {
        found.retain(|candidate| &candidate.recipe.name == name);
        let Some(chosen) = found.into_iter().next() else { return Err(NoConvention::new(&miss(name, &misses))) };
        return Ok(Decision::of(chosen));
    }
    match &found[..] {
        [] => Err(none(interface, &misses)),
        [best, ..] if best.score < PLAUSIBLE => Err(several(&found)),
        [best, second, ..] if best.score < second.score + CLEAR => Err(several(&found)),
        [best, others @ ..] => {
            let assumed = (best.score < SURE).then(|| Assumption::new(best, others));
            Ok(Decision { assumed, ..Decision::of(best.clone()) })
        }
    }
}

/// Whether the guest exports a function of that name; one of a component may be named without its interface.
fn exports(interface: &Interface, call: &str) -> bool {
    let in_component =
        interface.component.as_ref().is_some_and(|component| detect::component::exports(component, call));
    in_component || interface.funcs().any(|(name, _)| name == call)
}

/// The minimum lead of the best candidate's score over the next.
const CLEAR: u32 = 10;

fn miss(name: &str, misses: &[Rejection]) -> String {
    match misses.iter().find(|miss| miss.convention == name) {
        Some(miss) => format!("the module does not match convention {name}: {}", miss.why),
        None => format!("unknown convention `{name}`; {}", known()),
    }
}

/// The names of the built-in conventions, as text.
fn known() -> String {
    let names: Vec<_> = built_in_recipes().map(|(name, _)| name).collect();
    format!("built-in conventions: {}", names.join(", "))
}

/// The error if no convention matches: near misses with their reasons, then the rest.
fn none(interface: &Interface, misses: &[Rejection]) -> NoConvention {
    let (mut why, mut more) = (String::from("no built-in convention matches this module's exports"), String::new());
    let near: Vec<_> = misses.iter().filter(|miss| miss.near).collect();
    match misses.first().filter(|first| misses.iter().all(|miss| miss.why == first.why)) {
        Some(miss) => why.push_str(&format!(": {}", miss.why)),
        None if near.is_empty() => more.push_str("\n  (`linmem inspect GUEST` shows why)"),
        None => {
            near.iter().for_each(|miss| more.push_str(&format!("\n  {}: {}", miss.convention, miss.why)));
            more.push_str("\n  the others do not match either (`linmem inspect GUEST` shows why)");
        }
    }
    more.push_str(&match toolchain::needs_other_host(interface) {
        Some(_) if interface.is_dynamic => String::new(),
        Some(why) => format!("\nNo recipe can drive this module: {why}"),
        None => "\nA recipe can describe it: --abi FILE, see `linmem guide recipes`".to_owned(),
    });
    let may_infer = toolchain::needs_other_host(interface).is_none();
    NoConvention { may_infer, ..NoConvention::of(why, more) }
}

fn several(found: &[Candidate]) -> NoConvention {
    let (why, more) = match found {
        [_] => ("One convention matches, but the evidence is weak", ". Choose it with --abi NAME:"),
        _ => ("Several conventions match", ". Choose one with --abi NAME:"),
    };
    let mut more = more.to_owned();
    for candidate in found {
        more.push_str(&format!("\n  {}: {}", candidate.recipe.name, candidate.reasons.join("; ")));
        candidate.doubts.iter().for_each(|doubt| more.push_str(&format!("; but {doubt}")));
    }
    more.push_str("\n--abi auto runs each once in the sandbox, and chooses the one that works");
    NoConvention { is_contest: true, may_infer: true, ..NoConvention::of(why.to_owned(), more) }
}

impl NoConvention {
    /// Splits a message: its first line is the reason.
    fn new(words: &str) -> NoConvention {
        let (why, more) = words.split_at(words.find('\n').unwrap_or(words.len()));
        NoConvention::of(why.to_owned(), more.to_owned())
    }

    fn of(why: String, more: String) -> NoConvention {
        NoConvention { why, more, is_contest: false, may_infer: false }
    }

    /// Several conventions match, and running each once with a line did not settle it. This is what each did.
    pub(crate) fn weighed<'a>(
        line: &[u8],
        outcomes: impl Iterator<Item = (&'a str, Result<&'a [u8], &'a Failure>)>,
    ) -> NoConvention {
        let outcomes: Vec<_> = outcomes.collect();
        let (why, each) = match outcomes[..] {
            [_] => ("One convention matches, but the evidence is weak", "It"),
            _ => ("Several conventions match", "Each"),
        };
        let mut more = format!(". {each} was run once with {}; choose one with --abi NAME:", quote(line));
        for (name, outcome) in outcomes {
            match outcome {
                Ok(answer) => more.push_str(&format!("\n  --abi {name}: answers {}", quote(answer))),
                Err(failure) => {
                    let failure = failure.to_string();
                    more.push_str(&format!("\n  --abi {name}: {}", failure.lines().next().unwrap_or_default()));
                }
            }
        }
        NoConvention { may_infer: true, ..NoConvention::of(why.to_owned(), more) }
    }

    /// The message with the command that infers the convention, for this guest or for the one of the session.
    pub fn told(&self, guest: Option<&str>) -> String {
        let command = match guest {
            _ if !self.may_infer => return self.to_string(),
            Some(guest) => format!("linmem infer {guest} --line LINE --answer ANSWER"),
            None => ":infer \"LINE\" => \"ANSWER\"".to_owned(),
        };
        format!("{self}\n`{command}` finds the convention from an example")
    }

    /// The reason, without advice.
    pub fn why(&self) -> &str {
        &self.why
    }
}

impl fmt::Display for NoConvention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.why, self.more)
    }
}

impl std::error::Error for NoConvention {}
