//! Conventions: how a line gets into a guest's memory, and how its answer comes out.
//!
//! A convention is a recipe, a short text. Which one fits is told from what a module exports alone, with reasons;
//! guest code is never run to find out. A recipe speaks to the guest through [`crate::guest::Boundary`], so that
//! one executor serves the recorded and the fast way.

mod built_in;
mod detect;
pub mod recipe;
mod roles;

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::guest::Interface;

pub use built_in::{BUILT_IN, built_in};
pub use detect::{Candidate, Rejection, SURE, candidates};
pub use recipe::{Answered, Batch, Bound, Exchange, InputLine, Invocation, Messages, Recipe};
pub use roles::{Roles, ValueSource};

/// What the user says about the convention.
#[derive(Clone, Debug, Default)]
pub struct ConventionRequest {
    /// The transform's name.
    pub call: Option<String>,
    /// The convention: a built-in one's name.
    pub convention: Option<String>,
    /// The convention: a recipe of the user's, with the name of the file.
    pub recipe: Option<(String, Recipe)>,
    /// Whether imports that nothing answers are to be noted and return zero.
    pub stub_imports: bool,
    /// Whether a guest that fits no convention, or several, is to be had all the same: its exports can be called by
    /// hand.
    pub by_hand: bool,
}

/// How a guest is to be talked to.
#[derive(Clone, Debug)]
pub struct ResolvedConvention {
    /// The recipe, with the module's own names.
    pub recipe: Recipe,
    /// The same with its names resolved.
    pub bound: Bound,
    /// Why no convention was chosen, if none was: then every line fails.
    pub undecided: Option<NoConvention>,
}

/// Why no convention was chosen, with what was looked for and found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoConvention {
    /// Why, in a line.
    why: String,
    /// What goes on behind it: what was found, what can be done.
    more: String,
}

impl ConventionRequest {
    /// A wish for the convention of that name, or for the recipe in that file; the other words of this one stand.
    ///
    /// # Errors
    /// In words: there is neither, or the file holds no recipe.
    pub fn named(&self, named: &Path) -> Result<ConventionRequest, NoConvention> {
        let (convention, recipe) = match named.to_str().filter(|name| !named.exists() && built_in(name).is_some()) {
            Some(name) => (Some(name.to_owned()), None),
            None => (None, Some(read(named)?)),
        };
        Ok(ConventionRequest { convention, recipe, ..self.clone() })
    }
}

/// The recipe in a file, with the file's name.
fn read(path: &Path) -> Result<(String, Recipe), NoConvention> {
    let file = path.display().to_string();
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST + 1).read_to_string(&mut text));
    read.map_err(|error| NoConvention::new(&format!("{file}: {error}; {}", known())))?;
    if text.len() as u64 > LONGEST {
        return Err(NoConvention::new(&format!("{file}: a recipe is {LONGEST} bytes long at the most")));
    }
    let recipe = recipe::parse(&text).map_err(|error| NoConvention::new(&format!("{file}: {error}")))?;
    Ok((file, recipe))
}

/// Chooses a convention for a module, and resolves its names.
///
/// # Errors
/// No convention fits; or several do, and which they are; or the user's recipe does not fit.
pub fn choose(interface: &Interface, wish: &ConventionRequest) -> Result<ResolvedConvention, NoConvention> {
    match decide(interface, wish, || candidates(interface, wish.call.as_deref())) {
        Ok((recipe, bound)) => Ok(ResolvedConvention { recipe, bound, undecided: None }),
        Err(why) if wish.by_hand && wish.convention.is_none() && wish.recipe.is_none() => {
            let recipe = Recipe::by_hand(interface, &why.to_string());
            match recipe.bind(interface, wish.stub_imports) {
                Ok(bound) => Ok(ResolvedConvention { recipe, bound, undecided: Some(why) }),
                Err(_) => Err(why),
            }
        }
        Err(why) => Err(why),
    }
}

/// The recipe that would be chosen, where the candidates are known already.
///
/// # Errors
/// As for [`choose`].
pub fn chosen(
    interface: &Interface,
    wish: &ConventionRequest,
    candidates: (Vec<Candidate>, Vec<Rejection>),
) -> Result<Recipe, NoConvention> {
    decide(interface, wish, || candidates).map(|(recipe, _)| recipe)
}

fn decide(
    interface: &Interface,
    wish: &ConventionRequest,
    candidates: impl FnOnce() -> (Vec<Candidate>, Vec<Rejection>),
) -> Result<(Recipe, Bound), NoConvention> {
    if let Some((file, recipe)) = &wish.recipe {
        let bound = recipe.bind(interface, wish.stub_imports);
        let bound = bound.map_err(|error| NoConvention::new(&format!("{file}: {error}")))?;
        return Ok((recipe.clone(), bound));
    }
    if let Some(call) = wish.call.as_deref().filter(|call| interface.funcs().all(|(name, _)| name != *call)) {
        return Err(NoConvention::new(&interface.lacks(call)));
    }
    let (mut found, misses) = candidates();
    if let Some(name) = &wish.convention {
        found.retain(|candidate| &candidate.recipe.name == name);
        if found.is_empty() {
            return Err(NoConvention::new(&miss(name, &misses)));
        }
    }
    match &found[..] {
        [] => Err(none(&misses)),
        [best, second, ..] if best.score < second.score + CLEAR => Err(NoConvention::new(&several(&found))),
        [best, ..] if best.score < SURE && wish.convention.is_none() && wish.call.is_none() => {
            Err(NoConvention::new(&several(&found)))
        }
        [best, ..] => {
            let bound = best.recipe.bind(interface, wish.stub_imports);
            let bound = bound.map_err(|error| NoConvention { why: error.to_string(), more: String::new() })?;
            Ok((best.recipe.clone(), bound))
        }
    }
}

/// The longest recipe that is read, in bytes.
const LONGEST: u64 = 1 << 20;
/// By how much the best candidate must be better than the next.
const CLEAR: u32 = 10;

fn miss(name: &str, misses: &[Rejection]) -> String {
    match misses.iter().find(|miss| miss.convention == name) {
        Some(miss) => format!("{name} was asked for: {}", miss.why),
        None => format!("`{name}` is no convention that comes along; {}", known()),
    }
}

/// The conventions that come along, in words.
fn known() -> String {
    let names: Vec<_> = BUILT_IN.iter().map(|(name, _)| *name).collect();
    format!("the conventions that come along are {}", names.join(", "))
}

/// Which conventions nearly fit and why they do not; of all the others, that they do not.
fn none(misses: &[Rejection]) -> NoConvention {
    let (mut why, mut more) = (String::from("what the module exports fits no convention"), String::new());
    let near: Vec<_> = misses.iter().filter(|miss| miss.near).collect();
    match misses.first().filter(|first| misses.iter().all(|miss| miss.why == first.why)) {
        Some(miss) => why.push_str(&format!(": {}", miss.why)),
        None if near.is_empty() => more.push_str("; linmem inspect GUEST tells why for each"),
        None => {
            near.iter().for_each(|miss| more.push_str(&format!("\n  {}: {}", miss.convention, miss.why)));
            more.push_str("\n  and none of the others (linmem inspect GUEST tells why)");
        }
    }
    more.push_str("\nA recipe of yours can say how to talk to it: --abi FILE, see linmem guide recipes");
    NoConvention { why, more }
}

fn several(found: &[Candidate]) -> String {
    let mut words = String::from(match found {
        [_] => "one convention could fit, but nothing is sure; --abi NAME chooses it",
        _ => "several conventions could fit; choose one with --abi NAME",
    });
    for candidate in found {
        words.push_str(&format!("\n  {}: {}", candidate.recipe.name, candidate.reasons.join("; ")));
        candidate.doubts.iter().for_each(|doubt| words.push_str(&format!("; but {doubt}")));
    }
    words
}

impl NoConvention {
    /// Words, of which the first line tells why.
    fn new(words: &str) -> NoConvention {
        let (why, more) = words.split_at(words.find('\n').unwrap_or(words.len()));
        NoConvention { why: why.to_owned(), more: more.to_owned() }
    }

    /// Why, without what else could be done.
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
