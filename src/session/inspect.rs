//! Inspects a guest without running it: its interface, matching conventions, and what prevents it from running.

use crate::abi::{Candidate, NoConvention, Rejection, ResolvedConvention, candidates, chosen, unresolved};
use crate::guest::{self, Import, Inspected, Interface, Limits, LoadError};

use super::{Options, Source};

/// What is known of a guest without running it.
#[derive(Debug)]
pub struct Inspection {
    /// Its exports and imports.
    pub interface: Interface,
    /// The tools that produced it, if the module lists them.
    pub producers: Vec<String>,
    /// Why it cannot be loaded, as far as can be told without compiling it.
    pub obstacle: Option<LoadError>,
    /// The matching conventions, strongest evidence first.
    pub candidates: Vec<Candidate>,
    /// The rejected conventions with reasons, near misses first.
    pub misses: Vec<Rejection>,
    /// The unresolved imports.
    pub unresolved: Vec<Import>,
    /// How to resolve them.
    pub advice: Vec<String>,
    /// Its limits.
    pub limits: Limits,
    /// The convention that would be used, or why there is none.
    pub chosen: Result<ResolvedConvention, NoConvention>,
}

/// Inspects a guest without running it.
///
/// # Errors
/// It is not a valid module.
pub fn inspect(source: &Source, options: &Options) -> Result<Inspection, LoadError> {
    let wish = &options.wish;
    let Inspected { interface, producers, obstacle } = guest::inspect(&source.name, &source.bytes, &options.limits)?;
    let (candidates, misses) = candidates(&interface, wish.call.as_deref());
    let chosen = chosen(&interface, wish, (candidates.clone(), misses.clone()));
    // The chosen convention may have failed because of its imports.
    let decided = chosen.as_ref().map(|chosen| &chosen.recipe).ok().or(match &candidates[..] {
        [only] => Some(&only.recipe),
        _ => None,
    });
    let (unresolved, advice) = unresolved(&interface, wish, decided);
    let unresolved = unresolved.into_iter().cloned().collect();
    Ok(Inspection {
        unresolved,
        advice,
        producers,
        obstacle,
        candidates,
        misses,
        limits: options.limits,
        chosen,
        interface,
    })
}
