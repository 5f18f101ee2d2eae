//! A finding, its kind, and those of a run.

use std::fmt;
use std::ops::Range;

use super::world::Observer;
use crate::record::counted;

/// A kind of finding.
pub struct Kind {
    /// Its stable name: `double-free`.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub about: &'static str,
    /// Why it matters, in a sentence.
    pub why: &'static str,
    /// Creates what looks for it.
    pub(super) observer: fn() -> Box<dyn Observer>,
}

/// Something that is wrong or suspicious.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind of finding.
    pub kind: &'static Kind,
    /// The number of the cause.
    pub cause: usize,
    /// The index of the step to look at.
    pub step: Option<usize>,
    /// The memory.
    pub memory: usize,
    /// The range to look at; empty if there is none.
    pub range: Range<u64>,
    /// What happened, in a sentence with its numbers.
    pub sentence: String,
}

/// How many of the bytes just named are beyond a boundary: `of these, 4 bytes are`.
pub(super) fn of_these(count: u64) -> String {
    format!("of these, {} {}", counted(count, "byte"), if count == 1 { "is" } else { "are" })
}

impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.name, self.sentence)
    }
}

/// Maximum number of findings kept of a run.
const MOST: usize = 4096;

/// The findings of a run, in order.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    dropped: usize,
}

impl Findings {
    /// Adds those of a cause. The first ones of a run are kept: later ones tend to repeat them.
    pub fn add(&mut self, found: Vec<Finding>) {
        let fit = MOST - self.kept.len();
        self.dropped += found.len().saturating_sub(fit);
        self.kept.extend(found.into_iter().take(fit));
    }

    /// All that are kept, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Finding> {
        self.kept.iter()
    }

    /// Those of one cause, in order.
    pub fn of(&self, cause: usize) -> impl Iterator<Item = &Finding> {
        self.of_all(cause..cause + 1)
    }

    /// Those of consecutive causes, in order.
    pub fn of_all(&self, causes: Range<usize>) -> impl Iterator<Item = &Finding> {
        let first = self.kept.partition_point(|finding| finding.cause < causes.start);
        self.kept[first..].iter().take_while(move |finding| finding.cause < causes.end)
    }

    /// How many were dropped.
    pub fn dropped(&self) -> usize {
        self.dropped
    }
}
