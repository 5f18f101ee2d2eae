//! Inspects a guest without running it: its interface, matching conventions, and what prevents it from running.

use std::collections::HashSet;
use std::path::Path;

use crate::abi::{Candidate, NoConvention, Rejection, ResolvedConvention, candidates, chosen, unresolved};
use crate::debug::DebugInfo;
use crate::guest::{self, CodeSize, Import, Inspected, Interface, Kept, Limits, LoadError, Producers};

use super::{Options, Source};

/// What is known of a guest without running it.
#[derive(Debug)]
pub struct Inspection {
    /// Its exports and imports.
    pub interface: Interface,
    /// The languages and tools that it was made with, as far as the module tells.
    pub built_by: Vec<String>,
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
    /// The size of its code.
    pub size: CodeSize,
    /// Its compiled code in the cache.
    pub kept: Vec<Kept>,
    /// The convention that would be used, or why there is none.
    pub chosen: Result<ResolvedConvention, NoConvention>,
}

/// Inspects a guest without running it.
///
/// # Errors
/// It is not a valid module.
pub fn inspect(source: &Source, options: &Options) -> Result<Inspection, LoadError> {
    let wish = &options.wish;
    let Inspected { interface, producers, obstacle, size, kept } =
        guest::inspect(&source.name, &source.bytes, &options.limits, options.compile.cache.as_ref())?;
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
        built_by: built_by(source, producers),
        obstacle,
        candidates,
        misses,
        limits: options.limits,
        size,
        kept,
        chosen,
        interface,
    })
}

/// The languages and tools that a module was made with: those that it lists, corrected by its debug information. A
/// module lists the languages that its units declare, and some compilers declare another than theirs.
fn built_by(source: &Source, producers: Producers) -> Vec<String> {
    let debug = DebugInfo::new(source.bytes.clone().into(), Some(Path::new(&source.name)), Vec::new());
    let compilers = debug.compilers();
    let is_right = |language: &String| {
        let mut declaring = compilers.iter().filter(|compiler| compiler.declared == *language).peekable();
        declaring.peek().is_none() || declaring.any(|compiler| compiler.language == *language)
    };
    let mut found: Vec<_> = producers.languages.into_iter().filter(is_right).collect();
    let others = compilers.iter().filter(|compiler| compiler.language != compiler.declared);
    found.extend(others.map(|compiler| compiler.language.clone()));
    match producers.tools.is_empty() {
        true => found.extend(compilers.into_iter().map(|compiler| compiler.name)),
        false => found.extend(producers.tools),
    }
    let mut seen = HashSet::new();
    found.retain(|name| seen.insert(name.clone()));
    found
}
