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
    /// A use of the value before, if it is not known yet whether the getter counts or allocates.
    doubtful: Option<Use>,
}

/// A use of an address that a call had replaced.
#[derive(Debug)]
struct Use {
    old: u64,
    new: u64,
    call: Arc<str>,
    cause: usize,
}

impl Use {
    fn evidence(&self, getter: &str, world: &World<'_>) -> Option<Evidence> {
        let Use { old, new, cause, .. } = *self;
        let (name, call) = (plain(getter), plain(&self.call));
        let when = if cause == world.number { "this exchange".to_owned() } else { format!("exchange {cause}") };
        let sentence = format!(
            "{name} returned {old:#x} before {call} and {new:#x} after it; in {when} the host used {old:#x} after {call}"
        );
        Evidence::new(old..old.saturating_add(1), sentence)
    }
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
        let fresh = Getter { value, steady: false, since: None, calls: 0, used: None, doubtful: None };
        let Some(old) = self.getters.get_mut(export) else {
            if self.getters.len() < MOST {
                self.getters.insert(export.clone(), fresh);
            }
            return None;
        };
        let repeats = old.value == value && old.calls > 0;
        let new = Getter { steady: old.steady || repeats, ..fresh };
        let old = std::mem::replace(old, new);
        let known = old.doubtful.filter(|_| old.value == value);
        if let (true, Some(known)) = (repeats, &known) {
            return known.evidence(export, world);
        }
        let moved = old.value != value && old.calls == 1;
        let used = old.used.filter(|_| moved).zip(old.since);
        let used = used.map(|(cause, call)| Use { old: old.value, new: value, call, cause });
        match used {
            Some(used) if old.steady => used.evidence(export, world),
            used => {
                self.getters.get_mut(export)?.doubtful = used.or(known);
                None
            }
        }
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
