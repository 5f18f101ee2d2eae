//! How much of a module's DWARF is read, over all: many times what the largest known modules have.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is left of each allowance.
#[derive(Debug)]
pub(super) struct Limits {
    /// The attributes of entries.
    pub(super) attributes: Allowance,
    /// The entries of range lists.
    pub(super) ranges: Allowance,
    /// The rows of line tables, each 16 bytes in memory.
    pub(super) rows: Allowance,
    /// The bytes of paths.
    pub(super) paths: Allowance,
}

/// A number that only decreases.
#[derive(Debug)]
pub(super) struct Allowance(AtomicU64);

impl Default for Limits {
    fn default() -> Limits {
        let of = |count: u64| Allowance(AtomicU64::new(count));
        Limits { attributes: of(500_000_000), ranges: of(4_000_000), rows: of(16_000_000), paths: of(64 << 20) }
    }
}

impl Allowance {
    /// Takes so many away; false where fewer are left.
    pub(super) fn spend(&self, count: usize) -> bool {
        let count = count as u64;
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(count)).is_ok()
    }
}
