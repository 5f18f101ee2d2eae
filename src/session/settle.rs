//! Settles which convention drives a guest by running each once, where several match and the user has said that the guest
//! may run: by naming the transform, or with `--abi auto`.

use crate::abi::{Candidate, ConventionRequest, Invocation, NoConvention, ResolvedConvention, contenders};
use crate::guest::{Program, Watchdog};
use crate::infer::{Weighed, weigh};
use crate::record::Failure;

/// The line that is sent if there is none at hand.
const LINE: &[u8] = b"hello";

/// Chooses among the conventions that match by running each once, if that is allowed and they leave a choice. If
/// that does not settle it, what was chosen before stays.
///
/// # Errors
/// As for [`crate::abi::choose`]; then the message tells what each convention did.
pub(super) fn settle(
    chosen: Result<ResolvedConvention, NoConvention>,
    program: &Program,
    (wish, probe): (&ConventionRequest, Option<&[u8]>),
    invocation: &Invocation,
    watch: &Watchdog,
) -> Result<ResolvedConvention, NoConvention> {
    let line = probe.unwrap_or(LINE);
    let found = contenders(program.interface(), wish);
    let weighed = weigh(program, &found, (line, wish.stub_imports), invocation, watch);
    let clean: Vec<_> = found.iter().zip(&weighed).filter(|(_, weighed)| weighed.is_clean).collect();
    if let [(candidate, Weighed { outcome: Ok(answer), .. })] = clean[..] {
        let others = found.iter().filter(|other| other.recipe.name != candidate.recipe.name);
        return candidate.settled(others, (line, answer), program.interface(), wish);
    }
    let told = || {
        NoConvention::weighed(line, found.iter().zip(&weighed).map(|(candidate, weighed)| outcome(candidate, weighed)))
    };
    match chosen {
        Ok(ResolvedConvention { undecided: Some(_), recipe, bound, assumed }) => {
            Ok(ResolvedConvention { undecided: Some(told()), recipe, bound, assumed })
        }
        Err(_) => Err(told()),
        chosen => chosen,
    }
}

fn outcome<'a>(candidate: &'a Candidate, weighed: &'a Weighed) -> (&'a str, Result<&'a [u8], &'a Failure>) {
    (&candidate.recipe.name, weighed.outcome.as_deref())
}
