//! Where what is in a driver's memory: the cells that driver and host share, the lines, the answers.
//!
//! All that an exchange is made of is in cells, at every moment: so the host can go on in the middle of a line that the
//! driver is stuck in, and tell of a call that trapped.

use crate::abi::recipe::ops::MOST_ARGS;

/// The lines that were answered.
pub(in crate::abi::recipe) const LINE: u32 = 0;
/// The number of the step whose call is under way.
pub(in crate::abi::recipe) const STEP: u32 = 4;
/// Where the present line begins.
pub(in crate::abi::recipe) const AT: u32 = 8;
/// Where its answer begins; the answers of the lines before end there.
pub(in crate::abi::recipe) const ANSWER: u32 = 12;
/// Where its answer ends so far.
pub(in crate::abi::recipe) const END: u32 = 16;
/// The export that was called last; [`NONE`] if none was.
pub(in crate::abi::recipe) const LAST: u32 = 20;
/// The bits of what it returned first.
pub(in crate::abi::recipe) const RETURNED: u32 = 24;
/// The byte that ends lines and answers.
pub(in crate::abi::recipe) const SEPARATOR: u32 = 32;
/// Whether it was told that a block is not freed: then it need not be told again.
pub(in crate::abi::recipe) const LEFT_OUT: u32 = 36;
/// Where the line was written; [`NOWHERE`] if it was not yet.
pub(in crate::abi::recipe) const LINE_AT: u32 = 40;
/// The bits of the arguments of the call that is under way, eight bytes each.
const ARGS: u32 = 64;
/// The slots: the value, eight bytes, and whether it is set, eight more.
const SLOTS: u32 = ARGS + ARGS_BYTES;
const ARGS_BYTES: u32 = 128;
const _: () = assert!(ARGS_BYTES as usize == 8 * MOST_ARGS);
/// How many slots there may be.
pub(in crate::abi::recipe) const MOST_SLOTS: u32 = 128;
/// For each step that takes memory back, the address and the length of what it took back, eight bytes each; 0 if it took
/// none.
const FREED: u32 = SLOTS + 16 * MOST_SLOTS;
/// How many such steps there may be.
pub(in crate::abi::recipe) const MOST_FREED: u32 = 32;
/// The bytes of the recipe's own that are written.
pub(in crate::abi::recipe) const TEXTS: u32 = FREED + 16 * MOST_FREED;
/// The lengths of the lines, four bytes each.
pub(in crate::abi::recipe) const LENGTHS: u32 = 1 << 16;
/// The lines, each with its separator.
pub(in crate::abi::recipe) const LINES: u32 = LENGTHS + 4 * MOST_LINES;
/// The most lines of a batch.
pub(in crate::abi::recipe) const MOST_LINES: u32 = 1 << 15;
/// The most bytes of a batch.
pub(in crate::abi::recipe) const MOST_BYTES: u32 = 1 << 16;
/// The answers, each with a separator. They do not begin with a page: a large vector that they are copied to begins
/// sixteen bytes behind one, and some processors copy slowly to a little further into a page than from.
pub(in crate::abi::recipe) const ANSWERS: u32 = LINES + MOST_BYTES + 64;
/// Where they end at the latest.
pub(in crate::abi::recipe) const ANSWERS_END: u32 = 8 << 16;
/// The pages of all that.
pub(super) const PAGES: u64 = (ANSWERS_END >> 16) as u64;

/// In [`LAST`]: no export was called.
pub(in crate::abi::recipe) const NONE: i32 = -1;
/// In [`LINE_AT`]: no memory has such an address.
pub(in crate::abi::recipe) const NOWHERE: u64 = u64::MAX;
/// What a driver returns that answered all lines, or as many as it may: it can be entered again.
pub(in crate::abi::recipe) const DONE: i32 = -1;

/// Where a slot's value is.
pub(in crate::abi::recipe) fn slot(number: usize) -> u32 {
    nth(SLOTS, 16, number)
}

/// Where it says whether a slot is set.
pub(in crate::abi::recipe) fn is_set(number: usize) -> u32 {
    slot(number) + 8
}

/// The cell for an argument of the call that is under way.
pub(in crate::abi::recipe) fn argument(number: usize) -> u32 {
    nth(ARGS, 8, number)
}

/// The cell for the address of what a step took back, by its place among those that do. Its length is behind that.
pub(in crate::abi::recipe) fn freed(place: usize) -> u32 {
    nth(FREED, 16, place)
}

/// Where one of several of that size is. There are few of each.
fn nth(first: u32, size: u32, number: usize) -> u32 {
    first + size * u32::try_from(number).unwrap_or(u32::MAX >> 8)
}
