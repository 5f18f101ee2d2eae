//! The host uses an address that a getter would no longer return.

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, plain};

pub(super) const KIND: Kind = Kind {
    name: "stale-pointer",
    about: "The host used an address that the guest had replaced.",
    why: "The buffer had moved: call the export that returns its address again after each call that may move it.",
    observer: || Box::new(StalePointer::default()),
};

/// Maximum number of getters followed.
const MOST: usize = 256;

/// Follows what getters return.
#[derive(Default)]
struct StalePointer {
    getters: HashMap<Arc<str>, Getter>,
}

/// An export without arguments that returns a number.
#[derive(Debug)]
struct Getter {
    value: u64,
    /// Whether it returned the same in two calls with another call between: it does not count or allocate.
    steady: bool,
    /// The export that was called since, if only one was.
    since: Option<Arc<str>>,
    /// How many calls of other exports were made since.
    calls: usize,
    /// The cause in which its value was used after that call.
    used: Option<usize>,
}

impl Observer for StalePointer {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Fresh => self.getters.clear(),
            Event::Leave(step) => match &step.kind {
                StepKind::Call { export, args, results: Some(results) } => {
                    let value = results.first().and_then(|value| value.unsigned()).filter(|_| results.len() == 1);
                    match value.filter(|_| args.is_empty()) {
                        Some(value) => return self.fetched(export, value, world),
                        None => self.getters.values_mut().for_each(|getter| getter.called(export)),
                    }
                }
                StepKind::Read { .. } | StepKind::Write { .. } => {
                    let range = world.read(step).or_else(|| world.write(step))?;
                    let used =
                        self.getters.values_mut().filter(|getter| getter.calls > 0 && getter.value == range.start);
                    used.for_each(|getter| getter.used = getter.used.or(Some(world.number)));
                }
                _ => (),
            },
            _ => (),
        }
        None
    }
}

impl StalePointer {
    fn fetched(&mut self, export: &Arc<str>, value: u64, world: &World<'_>) -> Option<Evidence> {
        let fresh = Getter { value, steady: false, since: None, calls: 0, used: None };
        let Some(old) = self.getters.get_mut(export) else {
            if self.getters.len() < MOST {
                self.getters.insert(export.clone(), fresh);
            }
            return None;
        };
        let steady = old.steady || (old.value == value && old.calls > 0);
        let old = std::mem::replace(old, Getter { steady, ..fresh });
        let moved = old.steady && old.value != value && old.calls == 1;
        let (used, call) = (old.used.filter(|_| moved)?, old.since?);
        let (name, call) = (plain(export), plain(&call));
        let when = if used == world.number { "this exchange".to_owned() } else { format!("exchange {used}") };
        let sentence = format!(
            "{name} returned {:#x} before {call} and {value:#x} after it; in {when} the host used {:#x} after {call}",
            old.value, old.value
        );
        Evidence::new(old.value..old.value.saturating_add(1), sentence)
    }
}

impl Getter {
    fn called(&mut self, export: &Arc<str>) {
        self.calls += 1;
        self.since = Some(export.clone());
        // With two calls it is not known which of them moved the buffer, nor whether the use came before.
        if self.used.is_some() {
            self.calls = 2;
        }
    }
}
