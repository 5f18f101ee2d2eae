//! A guest looked at without running it: its interface, the conventions that it matches, and what keeps it from running.

use crate::abi::{Candidate, NoConvention, Rejection, ResolvedConvention, candidates, chosen, unresolved};
use crate::guest::{self, Import, Inspected, Interface, Limits, LoadError};

use super::{Options, Source};

/// What can be said of a guest without running it.
#[derive(Debug)]
pub struct Inspection {
    /// What it exports and imports.
    pub interface: Interface,
    /// The tools that made it, as far as it says.
    pub producers: Vec<String>,
    /// Why it cannot be loaded, as far as that can be known without compiling it.
    pub obstacle: Option<LoadError>,
    /// The conventions that it matches, the strongest evidence first.
    pub candidates: Vec<Candidate>,
    /// The others, and why not, those that nearly match first.
    pub misses: Vec<Rejection>,
    /// The imports that nothing would answer.
    pub unresolved: Vec<Import>,
    /// What to do about them.
    pub advice: Vec<String>,
    /// What it may use.
    pub limits: Limits,
    /// The convention that would run, or why none would.
    pub chosen: Result<ResolvedConvention, NoConvention>,
}

/// Looks at a guest without running it.
///
/// # Errors
/// It is not a module.
pub fn inspect(source: &Source, options: &Options) -> Result<Inspection, LoadError> {
    let wish = &options.wish;
    let Inspected { interface, producers, obstacle } = guest::inspect(&source.name, &source.bytes, &options.limits)?;
    let (candidates, misses) = candidates(&interface, wish.call.as_deref());
    let chosen = chosen(&interface, wish, (candidates.clone(), misses.clone()));
    // One that was decided on may have failed for its imports.
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
