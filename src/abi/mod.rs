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

pub use assumption::Assumption;
pub use built_in::{built_in, built_in_recipes};
pub(crate) use detect::region_address;
pub use detect::{Candidate, PLAUSIBLE, Rejection, SURE, candidates, recognition};
pub use file::RecipeFile;
pub(crate) use names::{frees, may_transform};
pub use recipe::{
    Answered, Batch, Bound, Ended, Exchange, InputLine, Invocation, Messages, Recipe, StreamError, Streams,
};
pub(crate) use recipe::{encode, is_wasi, quoted};
pub use roles::{Roles, ValueSource};

/// Whether an export's name says that it allocates memory, and nothing else.
pub(crate) fn is_allocator(name: &str) -> bool {
    names::Kind::Allocator.names(name)
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
        let (convention, recipe) = match named.to_str().filter(|name| !named.exists() && built_in(name).is_some()) {
            Some(name) => (Some(name.to_owned()), None),
            None => (None, Some(RecipeFile::read(named, limits)?)),
        };
        Ok(ConventionRequest { convention, recipe, ..self.clone() })
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
            None => NoConvention { why: error.to_string(), more: String::new() },
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
        None => "\n`linmem infer GUEST --line LINE --answer ANSWER` finds the convention from an example\nA recipe can describe \
                 it, too: --abi FILE, see `linmem guide recipes`"
            .to_owned(),
    });
    NoConvention { why, more }
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
    more.push_str("\n`linmem infer GUEST --line LINE --answer ANSWER` finds the right one from an example");
    NoConvention { why: why.to_owned(), more }
}

impl NoConvention {
    /// Splits a message: its first line is the reason.
    fn new(words: &str) -> NoConvention {
        let (why, more) = words.split_at(words.find('\n').unwrap_or(words.len()));
        NoConvention { why: why.to_owned(), more: more.to_owned() }
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
