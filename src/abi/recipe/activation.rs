//! Which values belong to one activation of a handler. A handler may call an export that calls the same import again;
//! the outer activation's values are then saved.

use super::ops::Op;

/// Finds each handler's own slots: its arguments, its temporaries, and names that only it uses and sets before reading.
/// Each handler is given as its argument slots and its steps.
pub(super) fn find_own(handlers: &[(&[usize], &[Op])], elsewhere: [&[Op]; 3], names: &[String]) -> Vec<Vec<usize>> {
    let mut users = vec![0_usize; names.len()];
    let bodies = handlers.iter().map(|(_, body)| *body);
    for body in elsewhere.into_iter().chain(bodies) {
        touched(body).into_iter().for_each(|slot| users[slot] += 1);
    }
    let own = |&(params, body): &(&[usize], &[Op])| {
        let is_own = |&slot: &usize| users[slot] == 1 && (names[slot].is_empty() || is_set_first(body, slot));
        let set = touched(body).into_iter().filter(|slot| is_own(slot) && !params.contains(slot));
        params.iter().copied().chain(set).collect()
    };
    handlers.iter().map(own).collect()
}

/// The slots that steps read or set.
fn touched(body: &[Op]) -> Vec<usize> {
    let mut slots: Vec<_> = body.iter().flat_map(|op| [&op.reads()[..], op.action.sets()].concat()).collect();
    slots.sort_unstable();
    slots.dedup();
    slots
}

/// Whether the first step that uses a slot sets it unconditionally.
fn is_set_first(body: &[Op], slot: usize) -> bool {
    let first = body.iter().find(|op| op.action.sets().contains(&slot) || op.reads().contains(&slot));
    first.is_some_and(|op| op.condition.is_none() && !op.reads().contains(&slot))
}
