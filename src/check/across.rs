//! Stores or loads of one instruction that go on across a boundary, as the record shows them.

use std::ops::Range;

use crate::record::{AccessLog, MemoryAccess, Site, Target};

/// Maximum number of accesses compared on each side.
const MOST: usize = 64;
/// How many accesses may lie between two stores in a row.
const NEAR: u64 = 64;
/// Maximum number of stores counted.
const LONGEST: u64 = 1 << 20;

/// A row of stores or loads of one instruction, each at the next address, across a boundary.
#[derive(Debug)]
pub(super) struct Row {
    /// All bytes that it accessed in a row.
    pub(super) range: Range<u64>,
}

/// Finds a row of stores across a boundary, or of loads if those are `read`. `None` if there is none, or the records were dropped.
pub(super) fn across(log: &AccessLog, among: &Range<u64>, memory: usize, boundary: u64, read: bool) -> Option<Row> {
    let before = boundary.checked_sub(1)?;
    let touching = |range| {
        let target = Target { memory, range, reads: read };
        let fits = |number: &u64| log.get(*number).is_some_and(|access| access.site.kind.writes() != read);
        log.touching(among.clone(), &target).filter(fits).take(MOST).collect::<Vec<_>>()
    };
    let last = touching(before..boundary);
    touching(boundary..boundary.saturating_add(1)).into_iter().find_map(|number| {
        let after = log.get(number)?;
        if last.contains(&number) {
            return Some(row(log, among, after, after));
        }
        let pairs = last.iter().filter_map(|&other| log.get(other));
        let mut fitting = pairs.filter(|before| {
            is_same(before.site, after.site) && follows(before, &after) && before.number.abs_diff(number) <= NEAR
        });
        fitting.next().map(|before| row(log, among, before, after))
    })
}

/// Whether one access ends where the other begins.
fn follows(before: &MemoryAccess<'_>, after: &MemoryAccess<'_>) -> bool {
    before.addr + before.len == after.addr
}

fn is_same(one: &Site, other: &Site) -> bool {
    (one.func, one.offset, one.memory) == (other.func, other.offset, other.memory)
}

/// The whole row that two neighbours belong to.
fn row(log: &AccessLog, among: &Range<u64>, before: MemoryAccess<'_>, after: MemoryAccess<'_>) -> Row {
    let site = *after.site;
    let up = before.number <= after.number;
    let (mut start, mut end) = (before.addr, after.addr + after.len);
    let (first, last) = (before.number.min(after.number), before.number.max(after.number));
    // Earlier and later stores of the row; which of them extends it where depends on its direction.
    let earlier = (among.start..first).rev().take(usize::try_from(LONGEST).unwrap_or(usize::MAX));
    extend(log, earlier, &site, &mut start, &mut end, !up);
    let later = (last + 1..among.end).take(usize::try_from(LONGEST).unwrap_or(usize::MAX));
    extend(log, later, &site, &mut start, &mut end, up);
    Row { range: start..end }
}

fn extend(log: &AccessLog, numbers: impl Iterator<Item = u64>, site: &Site, start: &mut u64, end: &mut u64, up: bool) {
    let mut gap = 0;
    for access in numbers.map_while(|number| log.get(number)) {
        let fits = if up { access.addr == *end } else { access.addr + access.len == *start };
        if is_same(access.site, site) && fits {
            if up {
                *end += access.len;
            } else {
                *start = access.addr;
            }
            gap = 0;
        } else {
            gap += 1;
        }
        if gap > NEAR {
            return;
        }
    }
}
