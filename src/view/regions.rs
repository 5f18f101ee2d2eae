//! Ranges of memory that have a name: what the exchange sent and got, and what the module brought along.

use crate::record::{Actor, Cause, Change, Step};

/// A named range of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name, which stands for its first address.
    pub name: String,
    /// The first address.
    pub start: u64,
    /// The address behind the last.
    pub end: u64,
}

/// The most stretches of the module's data that get a name: a module may have very many.
const DATA: usize = 64;

/// What can be told of one memory from the guest's start and from the exchange that is looked at: the input that
/// was written, the output that was read, and the data that the module began with.
pub fn regions(memory: usize, start: Option<&Cause>, cause: Option<&Cause>) -> Vec<Region> {
    let mut found = Vec::new();
    let steps = || cause.into_iter().flat_map(|cause| &cause.crossings).map(|crossing| &crossing.step);
    let mut name = |name: &str, (start, end): (u64, u64)| {
        found.push(Region { name: name.to_owned(), start, end });
    };
    let mut written = steps().filter_map(|step| match *step {
        Step::Write { memory: of, addr, len } if of == memory => Some((addr, addr.saturating_add(len))),
        _ => None,
    });
    let mut read = steps().filter_map(|step| match *step {
        Step::Read { memory: of, addr, len } if of == memory => Some((addr, addr.saturating_add(len))),
        _ => None,
    });
    written.next_back().into_iter().for_each(|range| name("input", range));
    read.next_back().into_iter().for_each(|range| name("output", range));
    let changes = start.into_iter().flat_map(|cause| &cause.changes);
    let data = changes.filter_map(|change| match change {
        Change::Bytes { memory: of, addr, halves, by: Actor::Module, .. } if *of == memory => {
            Some((*addr, addr + halves.len() as u64 / 2))
        }
        _ => None,
    });
    for (number, range) in (1..=DATA).zip(data) {
        name(&format!("data{number}"), range);
    }
    found
}

impl Region {
    /// Whether an address lies in it.
    pub fn contains(&self, addr: u64) -> bool {
        (self.start..self.end).contains(&addr)
    }
}
