//! A guest looked at without running it: its interface, and the conventions that it fits.

use crate::abi::{Candidate, NoConvention, Rejection, ResolvedConvention, candidates, chosen};
use crate::guest::{self, Interface, Limits, LoadError};

use super::{Options, Source};

/// What can be told of a guest without running it.
#[derive(Debug)]
pub struct Inspection {
    /// What it exports and imports.
    pub interface: Interface,
    /// The conventions that it fits, the surest first.
    pub candidates: Vec<Candidate>,
    /// The others, and why not, those that nearly fit first.
    pub misses: Vec<Rejection>,
    /// What it may use.
    pub limits: Limits,
    /// The convention that would run, or why none would.
    pub chosen: Result<ResolvedConvention, NoConvention>,
}

/// Looks at a guest without running it.
///
/// # Errors
/// It is no module.
pub fn inspect(source: &Source, options: &Options) -> Result<Inspection, LoadError> {
    let wish = &options.wish;
    let interface = guest::inspect(&source.name, &source.bytes)?;
    let (candidates, misses) = candidates(&interface, wish.call.as_deref());
    let chosen = chosen(&interface, wish, (candidates.clone(), misses.clone()));
    Ok(Inspection { interface, candidates, misses, limits: options.limits, chosen })
}
