//! An import that nothing provides returns a value.

use std::collections::HashSet;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{StepKind, plain};

pub(super) const KIND: Kind = Kind {
    name: "stubbed-import",
    about: "The guest got 0 from an import that nothing provides.",
    why: "What it does with that value may be wrong: provide the import in the recipe, with `on`.",
    observer: || Box::new(StubbedImport::default()),
};

/// Knows which imports were reported.
#[derive(Default)]
struct StubbedImport {
    reported: HashSet<String>,
}

impl Observer for StubbedImport {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        let Event::Leave(step) = event else { return None };
        let StepKind::Import { import, results: Some(_), .. } = &step.kind else { return None };
        if !world.facts.stubs.contains(&**import) || !self.reported.insert(import.to_string()) {
            return None;
        }
        Evidence::new(0..0, format!("the guest called {}, which nothing provides, and got 0", plain(import)))
    }
}
