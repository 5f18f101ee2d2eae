//! Infers a guest's convention from examples.

use super::{Options, Source};
use crate::guest::{Code, LoadError, Passes, PointRequest, Watchdog};
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
    let (points, cancellation) = (PointRequest::default(), watch.first_load());
    let code = Code::parse(&source.name, &source.bytes)?;
    let program = code.compile_with(options.limits, Passes::default(), &points, &options.compile, &cancellation)?;
    Ok(infer::infer(&program, evidence, watch))
}
