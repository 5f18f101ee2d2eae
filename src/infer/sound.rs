//! Whether what was found is enough, or a better way is worth looking for.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::Example;
use super::draft::Draft;
use super::judge::{Verdict, judge};
use super::trial::{Lab, PATIENT};

/// How many drafts are looked at, and how much may speak against one that is enough.
const LIKELY: usize = 4;
const BEARABLE: u32 = 1;
/// How long a better one is looked for.
const BETTER: Duration = Duration::from_secs(3);

/// What is known of the drafts.
#[derive(Clone, Copy, Default)]
struct Known {
    /// Of how many drafts it is known.
    count: usize,
    /// Whether next to nothing speaks against one of them.
    is_sound: bool,
    /// Until when a better one is looked for.
    until: Option<Instant>,
}

/// What is known of the drafts, which is found out when it is asked for.
#[derive(Default)]
pub(super) struct Sound(Cell<Known>);

impl Sound {
    /// Whether next to nothing speaks against one of the drafts, or a better one was looked for long enough.
    pub(super) fn is_enough(&self, lab: &Lab<'_>, drafts: &[Draft], examples: &[Example]) -> bool {
        let mut known = self.0.get();
        if known.count != drafts.len() {
            let mut likely = drafts.to_vec();
            likely.sort_by_key(|draft| draft.cost);
            likely.truncate(LIKELY);
            let verdict = lab.allowing(PATIENT, || judge(lab, likely, examples));
            known.is_sound = verdict.is_some_and(|Verdict { best, probes: (answered, all), .. }| {
                best.faults <= BEARABLE && 2 * answered > all
            });
            known.count = drafts.len();
            known.until = known.until.or_else(|| Some(Instant::now() + BETTER));
            self.0.set(known);
        }
        known.is_sound || known.until.is_some_and(|until| Instant::now() >= until)
    }
}
