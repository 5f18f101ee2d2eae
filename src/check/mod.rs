//! Findings: sentences about something that is wrong or suspicious, each with its evidence and the place to look.
//!
//! A [`Checker`] follows the causes of a run in order, and hands what it sees to the kinds of findings, one file each in
//! `kinds/`. It reads the record only, so that live, replayed and scripted sessions agree. A finding states what the
//! record proves; where evidence is missing (nothing recorded, or dropped), a kind stays silent.
//!
//! The cost of a cause is proportional to its steps and changes, and not to its accesses: those are searched only at
//! addresses that a change makes suspicious. What is kept between causes is bounded.

mod across;
mod addresses;
mod blocks;
mod checker;
mod facts;
mod finding;
mod kinds;
mod pending;
mod poison;
mod ranges;
mod world;

pub use checker::{Checker, review};
pub use facts::Facts;
pub use finding::{Finding, Findings, Kind};
pub use kinds::KINDS;
pub use poison::{is_poison, poison_note};

/// The kind of this name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name).copied()
}
