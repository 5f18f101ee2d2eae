//! Formats the numbers of calls: addresses in hexadecimal, pairs of address and length unpacked.

use std::ops::Range;

use crate::record::{Actor, Cause, Change, Failure, StepKind, Value, joined};

/// The addresses and the lengths that the host uses in a cause, sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    addresses: Vec<u64>,
    lengths: Vec<u64>,
}

impl Numbers {
    /// Those of a cause's writes and reads.
    pub(super) fn of(cause: &Cause) -> Numbers {
        let mut numbers = Numbers::default();
        for step in &cause.steps {
            if let StepKind::Write { addr, len, .. } | StepKind::Read { addr, len, .. } = step.kind {
                numbers.addresses.push(addr);
                numbers.lengths.push(len);
            }
        }
        // The answer was not read, because the convention expects it elsewhere: take what the guest wrote for it.
        if cause.failures().any(|failure| matches!(failure.root(), Failure::Mismatch(_))) {
            for run in written(cause) {
                numbers.addresses.push(run.start);
                numbers.lengths.push(run.end - run.start);
            }
        }
        for used in [&mut numbers.addresses, &mut numbers.lengths] {
            used.sort_unstable();
            used.dedup();
        }
        numbers
    }

    /// Formats values: addresses in hexadecimal, and an address packed with a length as both.
    pub(super) fn list(&self, values: &[Value]) -> String {
        values.iter().map(|&value| self.one(value)).collect::<Vec<_>>().join(", ")
    }

    fn one(&self, value: Value) -> String {
        if let (Some(number), Some((addr, len, _))) = (value.unsigned(), self.packed(value)) {
            return format!("{number:#x} = {addr:#x}, {len} B");
        }
        match value.unsigned().filter(|_| self.is_address(value)) {
            Some(addr) => both(addr),
            None => value.to_string(),
        }
    }

    /// Whether the cause uses a value as an address, and not also as a length.
    pub(super) fn is_address(&self, value: Value) -> bool {
        value.unsigned().is_some_and(|value| used(&self.addresses, value) && !used(&self.lengths, value))
    }

    /// The address and the length that the cause uses the halves of a value as, and whether the address is the upper one.
    pub(super) fn packed(&self, value: Value) -> Option<(u64, u64, bool)> {
        let Value::I64(value) = value else { return None };
        let (high, low) = (value.cast_unsigned() >> 32, value.cast_unsigned() & u64::from(u32::MAX));
        let fit = |&(addr, len, _): &(u64, u64, bool)| used(&self.addresses, addr) && used(&self.lengths, len);
        [(high, low, true), (low, high, false)].into_iter().find(fit).filter(|_| high > 0)
    }

    /// A number that the recipe loaded from memory: `0x410` if it is used as an address, else in both notations.
    pub(super) fn loaded(&self, number: u64, width: u64) -> String {
        let value = if width == 8 { Value::I64(number.cast_signed()) } else { narrow(number) };
        match (self.packed(value), number) {
            (None, 10..) if !self.is_address(value) => format!("{number} ({number:#x})"),
            _ => self.one(value),
        }
    }
}

/// What the guest wrote, as ranges that do not touch.
fn written(cause: &Cause) -> Vec<Range<u64>> {
    let is_by_guest = |change: &&Change| change.place().is_some_and(|(.., by)| by == Actor::Guest);
    joined(cause.changes.iter().filter(is_by_guest).flat_map(Change::runs).collect())
}

/// An address of 32 bits as a value.
fn narrow(number: u64) -> Value {
    u32::try_from(number).map_or(Value::I64(number.cast_signed()), |number| Value::I32(number.cast_signed()))
}

/// An address, with its signed reading if that differs: a host whose numbers of 32 bits are signed sees that one.
fn both(addr: u64) -> String {
    let signed = u32::try_from(addr).map_or(0, u32::cast_signed);
    if signed < 0 { format!("{addr:#x} ({signed} if signed)") } else { format!("{addr:#x}") }
}

/// Whether a sorted slice contains a value.
fn used(among: &[u64], value: u64) -> bool {
    among.binary_search(&value).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_what_they_are_used_as() {
        let numbers = Numbers { addresses: vec![0x410, 0x8000_0010], lengths: vec![5, 10] };
        let one = |value| numbers.list(&[value]);
        assert_eq!(one(Value::I32(0x410)), "0x410");
        assert_eq!(one(Value::I32(10)), "10");
        assert_eq!(one(Value::I32(i32::MIN + 16)), "0x80000010 (-2147483632 if signed)");
        assert_eq!(one(Value::I64(0x410_0000_000a)), "0x4100000000a = 0x410, 10 B");
        assert_eq!(one(Value::I64(0x5_0000_0410)), "0x500000410 = 0x410, 5 B");
        assert_eq!(one(Value::I64(0x411_0000_000a)), 0x411_0000_000a_i64.to_string());
        assert_eq!(numbers.loaded(0x410, 4), "0x410");
        assert_eq!(numbers.loaded(100, 4), "100 (0x64)");
        assert_eq!(numbers.loaded(5, 1), "5");
        assert_eq!(numbers.loaded(0x410_0000_000a, 8), "0x4100000000a = 0x410, 10 B");
    }
}
