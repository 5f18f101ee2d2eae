//! What is known of a guest, and the runs that have ended.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::facts::{facts, memory_of};
use super::{GuestOp, Live, Source};
use crate::abi::{Assumption, recipe};
use crate::check::{Facts, Findings, review};
use crate::debug::DebugInfo;
use crate::guest::{Global, Interface, Passes, Points};
use crate::record::Run;

/// What is known of a loaded guest.
#[derive(Clone, Debug)]
pub struct About {
    /// The guest's name, as it was given.
    pub name: String,
    /// The convention in use, by name.
    pub convention: String,
    /// Its recipe, with the guest's export names filled in.
    pub recipe: String,
    /// Why no convention was chosen, if none was.
    pub undecided: Option<String>,
    /// What was assumed about the convention, if the evidence permits another.
    pub assumed: Option<String>,
    /// Why the guest's stores are not recorded, if they were supposed to be.
    pub untraced: Option<String>,
    /// The module's SHA-256 in hexadecimal.
    pub sha256: String,
    /// The module's exports and imports.
    pub interface: Arc<Interface>,
    /// The module's debug information; for a session from a file, only the places of its
    /// accesses, and `None` if it has none.
    pub debug: Option<Arc<DebugInfo>>,
    /// The index of the memory that the convention uses for lines.
    pub memory: usize,
    /// What the guest was compiled with.
    pub passes: Passes,
    /// Where it can be stopped.
    pub points: Points,
}

/// Bytes of history per run. Older causes are forgotten.
pub(super) const HISTORY: usize = 256 << 20;
/// How many past runs are kept.
pub(super) const RUNS: usize = 3;

/// A run that has ended or was read from a file, with its guest.
#[derive(Clone, Debug)]
pub struct PastRun {
    /// The guest.
    pub about: About,
    /// The run.
    pub run: Run,
    /// The exported globals after the run.
    pub globals: Vec<Global>,
    /// What is wrong with it.
    pub findings: Findings,
}

impl PastRun {
    /// What is wrong with the run, read off its record.
    pub fn review(&self) -> Findings {
        review(&self.run, self.about.facts())
    }
}

/// Where a guest came from.
pub(super) struct Origin {
    name: String,
    sha256: String,
}

impl Origin {
    pub(super) fn of(source: &Source) -> Origin {
        let sha256 = Sha256::digest(&source.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        Origin { name: source.name.clone(), sha256 }
    }
}

impl GuestOp {
    /// Where the new guest comes from, if the module changes.
    pub(super) fn origin(&self) -> Option<Origin> {
        match self {
            GuestOp::Reload(source) => Some(Origin::of(source)),
            _ => None,
        }
    }
}

impl About {
    /// What is known of the guest that findings rest on.
    pub(super) fn facts(&self) -> Facts {
        let recipe = recipe::parse(&self.recipe).unwrap_or_default();
        Facts::new(&self.interface, &recipe, self.memory)
    }

    pub(super) fn of(live: &Live, origin: &Origin) -> About {
        About {
            name: origin.name.clone(),
            sha256: origin.sha256.clone(),
            convention: live.choice().recipe.name.clone(),
            recipe: live.choice().recipe.to_string(),
            undecided: live.choice().undecided.as_ref().map(|why| why.told(None)),
            assumed: live.choice().assumed.as_ref().map(Assumption::note),
            untraced: live.why_untraced().map(str::to_owned),
            debug: Some(live.debug().clone()),
            memory: memory_of(live.interface(), &live.choice().recipe),
            passes: live.passes(),
            points: live.points().clone(),
            interface: Arc::new(live.interface().clone()),
        }
    }
}

impl Live {
    /// What is known of the guest that findings rest on.
    pub fn facts(&self) -> Facts {
        facts(self.interface(), &self.choice().recipe)
    }
}
