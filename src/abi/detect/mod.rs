//! Detection: which conventions match a module's exports and imports, with reasons and doubts.
//!
//! Signatures never identify a convention for certain: `(i32, i32) -> i32` may return a length, a pointer, a hash or an
//! error code. So marks of a toolchain count most, then names with arities, then types, and doubts are reported. The
//! evidence for a convention is in its recipe file (see [`evidence`]). No guest code runs.

pub(in crate::abi) mod component;
mod described;
mod evidence;
mod last_error;
mod matching;
mod region;
mod surroundings;
#[cfg(test)]
mod tests;

pub use described::recognition;
pub(crate) use region::region_address;

use super::Recipe;
use super::built_in::{CONVENTIONS, built_in};
use super::recipe::parse;
use super::toolchain::needs_other_host;
use crate::guest::{Interface, Signature, Type};

use crate::abi::names::may_transform;

/// A convention that a module's exports match.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The recipe, with the module's own names filled in.
    pub recipe: Recipe,
    /// How strong the evidence is. Below [`PLAUSIBLE`] the convention runs only on request.
    pub score: u32,
    /// The evidence for it.
    pub reasons: Vec<String>,
    /// What remains uncertain.
    pub doubts: Vec<String>,
    /// The recipe's text, if it is the module's own.
    pub text: Option<String>,
}

/// A convention that a module does not match.
#[derive(Clone, Debug)]
pub struct Rejection {
    /// The convention.
    pub convention: &'static str,
    /// Why not.
    pub why: String,
    /// Whether it nearly matches: the user may have to choose the transform.
    pub near: bool,
}

/// Why a module does not match.
struct Why {
    words: String,
    near: bool,
}

type Fit<T> = Result<T, Why>;

const I32: Type = Type::I32;
/// Modules that export more functions than this are libraries.
const LIBRARY: usize = 8;

/// The conventions that match a module, strongest evidence first, and the others with the reason for each, near misses
/// first. `call` is the transform's name if the user gave one.
pub fn candidates(interface: &Interface, call: Option<&str>) -> (Vec<Candidate>, Vec<Rejection>) {
    let module = Module { interface, call };
    let (mut found, mut misses) = (Vec::new(), Vec::new());
    let own = interface.says.as_deref().map(str::trim);
    if let Some(component) = &interface.component {
        let (recipes, why) = component::candidates(component, call);
        found.extend(recipes.into_iter().map(|candidate| surroundings::complete(candidate, interface)));
        misses = why;
    }
    for (convention, _, evidence) in CONVENTIONS.iter().filter(|_| interface.component.is_none()) {
        let evidence = evidence::parse(evidence).expect("the built-in evidence is tested");
        match module.memory().and_then(|()| matching::candidate(&module, convention, &evidence)) {
            Ok(mut candidate) => {
                if own == Some(convention) {
                    candidate.score = SAID;
                    candidate.reasons.insert(0, "the module names it in its section `linmem`".to_owned());
                }
                found.push(surroundings::complete(candidate, interface));
            }
            Err(Why { words, near }) => misses.push(Rejection { convention, why: words, near }),
        }
    }
    if let Some(text) = own.filter(|own| built_in(own).is_none()) {
        let recipe = parse(text).map_err(|error| {
            let error = error.quoted(text);
            format!("the module's section `linmem` contains neither the name of a convention nor a recipe: {error}")
        });
        match recipe.and_then(|recipe| recipe.refuses(call).map_or(Ok(recipe), Err)) {
            Ok(recipe) => found.push(Candidate::own(recipe, text)),
            Err(why) => misses.push(Rejection { convention: OWN, why, near: true }),
        }
    }
    found.sort_by_key(|candidate| std::cmp::Reverse(candidate.score));
    misses.sort_by_key(|miss| !miss.near);
    (found, misses)
}

/// The minimum score of a convention that runs without being requested.
pub const PLAUSIBLE: u32 = 30;
/// The minimum score of a convention that does not count as an assumption.
pub const SURE: u32 = 80;
/// The score of weak evidence.
const WEAK: u32 = 25;
/// The score of a recipe that is embedded in the module.
const SAID: u32 = 1000;
/// The name of a module's own recipe if it has none.
const OWN: &str = "its own";

/// The convention does not match.
fn reject(words: impl Into<String>) -> Why {
    Why { words: words.into(), near: false }
}

/// The convention would match except for this.
fn near_miss(words: impl Into<String>) -> Why {
    Why { words: words.into(), near: true }
}

/// A module, with the user's choices.
struct Module<'a> {
    interface: &'a Interface,
    call: Option<&'a str>,
}

impl<'a> Module<'a> {
    fn memory(&self) -> Fit<()> {
        if self.interface.is_dynamic {
            return Err(reject(needs_other_host(self.interface).unwrap_or("it is a side module")));
        }
        match self.interface.memory_names().iter().all(Vec::is_empty) {
            true => Err(reject("the module exports no memory, so a host cannot pass it bytes")),
            false => Ok(()),
        }
    }

    /// Whether the module exports so many functions that a unique type means little.
    fn is_library(&self) -> bool {
        self.interface.funcs().filter(|(name, _)| may_transform(name)).nth(LIBRARY).is_some()
    }

    fn signature(&self, name: &str) -> Option<&'a Signature> {
        self.interface.funcs().find(|(export, _)| *export == name).map(|(_, ty)| ty)
    }
}

impl Candidate {
    /// The recipe that is embedded in a module.
    fn own(mut recipe: Recipe, text: &str) -> Candidate {
        if recipe.name.is_empty() {
            OWN.clone_into(&mut recipe.name);
        }
        let reasons = vec!["the module contains its recipe".to_owned()];
        Candidate { recipe, score: SAID, reasons, doubts: Vec::new(), text: Some(text.to_owned()) }
    }

    fn doubt(&mut self, doubt: impl Into<String>) {
        self.doubts.push(doubt.into());
    }
}
