//! Which run and which memory of a session are selected, and what is known of them.

use super::{About, PastRun, Session};
use crate::check::Findings;
use crate::guest::Global;
use crate::record::Run;

impl Session {
    /// Selects the run this many runs before the current one (0); false if it was dropped. Sending anything selects
    /// the current run again.
    pub fn look_at_run(&mut self, ago: usize) -> bool {
        let kept = ago <= self.past.len();
        self.runs_back = if kept { ago } else { self.runs_back };
        kept
    }

    /// How many runs before the current one the selected run is.
    pub fn runs_back(&self) -> usize {
        self.runs_back
    }

    /// The number of the selected run, from 1, including dropped runs.
    pub fn run_number(&self) -> usize {
        self.begun - self.runs_back
    }

    /// Selects a memory; false if there is none with this index.
    pub fn look_at_memory(&mut self, memory: usize) -> bool {
        let known = memory < self.run().present().len();
        self.memory = if known { memory } else { self.memory };
        known
    }

    /// The index of the selected memory: initially the one that the convention uses for lines.
    pub fn memory(&self) -> usize {
        self.memory
    }

    /// The name that a memory is exported or imported by, if any.
    pub fn memory_name(&self, memory: usize) -> Option<String> {
        let names = self.about()?.interface.memory_names();
        names.get(memory)?.first().map(|name| (*name).to_owned())
    }

    /// The guest of the selected run, once loaded.
    pub fn about(&self) -> Option<&About> {
        self.earlier().map_or(self.about.as_ref(), |chapter| Some(&chapter.about))
    }

    /// The current guest, once loaded.
    pub fn guest(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// What is wrong with the selected run.
    pub fn findings(&self) -> &Findings {
        self.earlier().map_or(&self.findings, |chapter| &chapter.findings)
    }

    /// The timeline of the selected run.
    pub fn run(&self) -> &Run {
        self.earlier().map_or(&self.run, |chapter| &chapter.run)
    }

    /// The exported globals after the selected run.
    pub fn globals(&self) -> &[Global] {
        self.earlier().map_or(&self.globals, |chapter| &chapter.globals)
    }

    /// The selected run, if it is a past one.
    fn earlier(&self) -> Option<&PastRun> {
        self.past.get(self.past.len().checked_sub(self.runs_back)?)
    }

    /// The runs before the last reset or reload, oldest first.
    pub fn past(&self) -> &[PastRun] {
        &self.past
    }

    /// All runs with their guests, oldest first; the current one only once its guest is loaded.
    pub fn runs(&self) -> impl Iterator<Item = (&About, &[Global], &Run)> {
        let past = self.past.iter().map(|chapter| (&chapter.about, &chapter.globals[..], &chapter.run));
        past.chain(self.about.as_ref().map(|about| (about, &self.globals[..], &self.run)))
    }
}
