//! Pointer and length of the answer are swapped.

use std::ops::Range;

use crate::check::finding::Kind;
use crate::check::world::{Event, Evidence, Observer, World};
use crate::record::{Failure, Step, StepKind, Value, counted};

pub(super) const KIND: Kind = Kind {
    name: "swapped",
    about: "The host read with pointer and length swapped.",
    why: "What was read is other memory: swap the two in the recipe, or in the guest.",
    observer: || Box::new(Swapped),
};

struct Swapped;

impl Observer for Swapped {
    fn see(&mut self, event: &Event<'_>, world: &World<'_>) -> Option<Evidence> {
        match event {
            Event::Leave(Step { kind: StepKind::Read { .. }, .. }) => {
                let Event::Leave(step) = event else { return None };
                let range = world.read(step)?;
                check("read", range.start, range.end - range.start, world)
            }
            Event::End => world.cause.failures().find_map(|failure| match failure.root() {
                Failure::OutOfBounds { addr, len, .. } => check("read", *addr, *len, world),
                Failure::Mismatch(why) => refused(why, world),
                _ => None,
            }),
            _ => None,
        }
    }
}

/// The same of an answer that was not read, because address and length are implausible: they are the halves of what a
/// call returned.
fn refused(why: &str, world: &World<'_>) -> Option<Evidence> {
    let is_meant = |addr: u64, len: u64| {
        why.contains(&format!("{} at {addr:#x},", counted(len, "byte")))
            || why.starts_with(&format!("{addr:#x} is not"))
    };
    let results = world.cause.steps.iter().filter_map(|step| match &step.kind {
        StepKind::Call { results: Some(results), .. } => Some(results),
        _ => None,
    });
    let packed = results.flatten().filter_map(|value| match value {
        Value::I64(value) => Some((value.cast_unsigned() >> 32, value.cast_unsigned() & u64::from(u32::MAX))),
        _ => None,
    });
    let orders = packed.flat_map(|(high, low)| [(high, low), (low, high)]);
    let mut meant = orders.filter(|&(addr, len)| is_meant(addr, len));
    meant.find_map(|(addr, len)| check("was to read", addr, len, world))
}

/// Whether the guest wrote as many bytes as the address says, where the length says.
fn check(what: &str, addr: u64, len: u64, world: &World<'_>) -> Option<Evidence> {
    // A text of one byte fits by chance.
    if addr < 2 || addr >= len || !world.is_exchange() {
        return None;
    }
    let other: Range<u64> = len..len.checked_add(addr)?;
    let fits = world.by_guest.covers(&other) && world.by_guest.around(len).is_some_and(|all| all.start == len);
    if !fits || world.written.meets(&(addr..addr + 1)) {
        return None;
    }
    let sentence = format!(
        "the host {what} {} at {addr:#x}; the guest had just written {} at {len:#x}: length and pointer are swapped",
        counted(len, "byte"),
        counted(addr, "byte")
    );
    Evidence::new(other, sentence)
}
