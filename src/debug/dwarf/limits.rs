//! Total limits on the DWARF read from a module: many times what the largest known modules contain.

use std::sync::atomic::{AtomicU64, Ordering};

/// The remaining allowances.
#[derive(Debug)]
pub(super) struct Limits {
    /// Attributes of entries.
    pub(super) attributes: Allowance,
    /// Entries of range lists.
    pub(super) ranges: Allowance,
    /// Rows of line tables, each 16 bytes in memory.
    pub(super) rows: Allowance,
    /// Bytes of paths.
    pub(super) paths: Allowance,
}

/// A counter that only decreases.
#[derive(Debug)]
pub(super) struct Allowance(AtomicU64);

impl Default for Limits {
    fn default() -> Limits {
        let of = |count: u64| Allowance(AtomicU64::new(count));
        Limits { attributes: of(500_000_000), ranges: of(4_000_000), rows: of(16_000_000), paths: of(64 << 20) }
    }
}

impl Allowance {
    /// Subtracts `count`. Returns false if less is left.
    pub(super) fn spend(&self, count: usize) -> bool {
        let count = count as u64;
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
    }
}
