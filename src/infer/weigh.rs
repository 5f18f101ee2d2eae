//! Weighs conventions that match about equally well: each runs once, and what it does speaks for or against it.

use std::time::Duration;

use super::Progress;
use super::handed::Wanted;
use super::readable::is_text;
use super::seen::Seen;
use super::trial::Lab;
use crate::abi::{Candidate, Invocation};
use crate::guest::{Program, Watchdog};
use crate::record::Failure;

/// No time limit for all of them together: what limits lines limits each.
const ALL: Duration = Duration::from_secs(u32::MAX as u64);

/// What a convention did with a line.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The answer, or why there is none.
    pub outcome: Result<Vec<u8>, Failure>,
    /// Whether it ran cleanly: the guest read the line, as far as that is known, and the answer is another text.
    pub is_clean: bool,
}

/// Runs each convention once with this line, on a fresh guest. A result that contradicts a convention is a failure.
/// Each may take as long as a line may. If the user wants no more, the rest is left out.
pub fn weigh(
    program: &Program,
    candidates: &[Candidate],
    (line, stubs): (&[u8], bool),
    invocation: &Invocation,
    watch: &Watchdog,
) -> Vec<Weighed> {
    let progress = Progress::default();
    let lab = Lab::new(program, watch, ALL, &progress).invoked(invocation.clone());
    lab.allow(ALL);
    let weighed = candidates.iter().take_while(|_| !watch.cancels()).map(|candidate| {
        let bound = candidate.on_trial(program.interface(), stubs);
        let specimen = bound.and_then(|bound| lab.bound(bound));
        let Some(mut specimen) = specimen else {
            let outcome = Err(Failure::Mismatch("its start fails".to_owned()));
            return Weighed { outcome, is_clean: false };
        };
        let observed = specimen.send(line, Wanted::Nothing, 0);
        let is_read = observed.seen.as_ref().is_none_or(Seen::reads_all);
        // The line itself is in memory whatever the guest does.
        let is_clean = is_read && observed.outcome.as_ref().is_ok_and(|answer| is_text(answer) && answer != line);
        Weighed { outcome: observed.outcome, is_clean }
    });
    let weighed = weighed.collect();
    watch.set_limit(program.limits().time);
    weighed
}
