//! The blocks that the guest's allocator returned to the host, taken from recorded calls. The guest's own allocations
//! are not visible.

use super::Selection;
use super::region::{Region, RegionKind, region};
use crate::abi::{Roles, ValueSource};
use crate::record::{Run, StepKind, Value};

/// Maximum number of blocks shown.
const MOST: usize = 64;
/// Maximum number of steps searched.
const MOST_STEPS: usize = 10_000;

/// The blocks allocated up to the selected moment, latest first. A block that overlaps a later one is left out.
pub(super) fn blocks(run: &Run, at: &Selection, roles: &Roles) -> Vec<Region> {
    let Some(ValueSource::Allocator(maker, size)) = &roles.line else { return Vec::new() };
    let mut found: Vec<Region> = Vec::new();
    // Addresses that were freed after the point of the search, each with its exchange.
    let mut given: Vec<(u64, usize)> = Vec::new();
    for (number, step) in at.steps_back(run).take(MOST_STEPS) {
        if found.len() == MOST || step.kind == StepKind::Instantiate {
            break;
        }
        let StepKind::Call { export, args, results: Some(results) } = &step.kind else { continue };
        let taken = roles.deallocators.iter().filter(|(taker, _)| **taker == **export);
        given.extend(taken.filter_map(|(_, place)| Some((unsigned(args, *place)?, number))));
        if **export != **maker {
            continue;
        }
        let Some((start, len)) = unsigned(results, 0).zip(unsigned(args, *size)) else { continue };
        let range = (start, start.saturating_add(len));
        let taker = given.iter().position(|(addr, _)| *addr == start).map(|place| given.swap_remove(place));
        // The address 0 is not a block.
        if start == 0 || found.iter().any(|later| later.start < range.1 && start < later.end) {
            continue;
        }
        let again =
            found.iter().filter(|block| block.name.split('.').next() == Some(&format!("block{number}"))).count();
        let name = if again == 0 { format!("block{number}") } else { format!("block{number}.{}", again + 1) };
        let why = format!("allocated by {export} in exchange {number}");
        found.push(match taker {
            Some((_, when)) => region(&name, range, RegionKind::Free, format!("{why}, freed in exchange {when}")),
            None => region(&name, range, RegionKind::Block, why),
        });
    }
    found
}

fn unsigned(values: &[Value], place: usize) -> Option<u64> {
    values.get(place)?.unsigned()
}
