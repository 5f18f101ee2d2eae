//! Infers a guest's convention from examples.

use super::{Options, Source};
use crate::guest::{Code, LoadError, Watchdog};
use crate::infer::{self, Evidence, Inferred, Tried};

/// Infers a guest's convention from examples, by running it. See [`infer::infer`].
///
/// # Errors
/// The module cannot be loaded; or, inside, what was tried in vain.
pub fn infer(
    source: &Source,
    options: &Options,
    evidence: &Evidence,
    watch: &Watchdog,
) -> Result<Result<Inferred, Tried>, LoadError> {
    let program = Code::read(&source.name, &source.bytes)?.compile(options.limits)?;
    Ok(infer::infer(&program, evidence, watch))
}
