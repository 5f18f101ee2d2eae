//! The layout of a driver's memory: cells shared with the host, the lines, the answers.
//!
//! The cells always hold the full state of an exchange. So the host can continue in the middle of a line if the driver
//! gets stuck, and report a call that trapped.

use crate::abi::recipe::ops::MOST_ARGS;

/// The number of lines answered.
pub(in crate::abi::recipe) const LINE: u32 = 0;
/// The number of the step whose call is in progress.
pub(in crate::abi::recipe) const STEP: u32 = 4;
/// The offset of the current line.
pub(in crate::abi::recipe) const AT: u32 = 8;
/// The offset of its answer. Earlier answers end there.
pub(in crate::abi::recipe) const ANSWER: u32 = 12;
/// The end of its answer so far.
pub(in crate::abi::recipe) const END: u32 = 16;
/// The last export called, or [`NONE`].
pub(in crate::abi::recipe) const LAST: u32 = 20;
/// The bits of its first result.
pub(in crate::abi::recipe) const RETURNED: u32 = 24;
/// The character that ends answers: a byte, or a UTF-16 code unit.
pub(in crate::abi::recipe) const SEPARATOR: u32 = 32;
/// Whether a skipped free was already reported.
pub(in crate::abi::recipe) const LEFT_OUT: u32 = 36;
/// The address where the line was written, or [`NOWHERE`].
pub(in crate::abi::recipe) const LINE_AT: u32 = 40;
/// The bits of the current call's arguments, eight bytes each.
const ARGS: u32 = 64;
/// The slots: eight bytes for the value, eight for whether it is set.
const SLOTS: u32 = ARGS + ARGS_BYTES;
const ARGS_BYTES: u32 = 128;
const _: () = assert!(ARGS_BYTES as usize == 8 * MOST_ARGS);
/// The maximum number of slots.
pub(in crate::abi::recipe) const MOST_SLOTS: u32 = 128;
/// For each step that frees memory, the address and length of the freed block, eight bytes each; 0 if none.
const FREED: u32 = SLOTS + 16 * MOST_SLOTS;
/// The maximum number of such steps.
pub(in crate::abi::recipe) const MOST_FREED: u32 = 32;
/// The recipe's constant bytes.
pub(in crate::abi::recipe) const TEXTS: u32 = FREED + 16 * MOST_FREED;
/// The lengths of the lines, four bytes each.
pub(in crate::abi::recipe) const LENGTHS: u32 = 1 << 16;
/// The lines as the guest gets them, each followed by a separator, which is a byte, or two of UTF-16.
pub(in crate::abi::recipe) const LINES: u32 = LENGTHS + 4 * MOST_LINES;
/// The maximum number of lines in a batch.
pub(in crate::abi::recipe) const MOST_LINES: u32 = 1 << 15;
/// The maximum number of bytes in a batch. In UTF-16 they take twice as many.
pub(in crate::abi::recipe) const MOST_BYTES: u32 = 1 << 16;
/// The answers, each with a separator, encoded as the guest gives them. They do not begin at a page boundary: a large vector begins 16 bytes after one,
/// and some processors copy slowly if the destination's offset within a page is slightly larger than the source's.
pub(in crate::abi::recipe) const ANSWERS: u32 = LINES + 2 * MOST_BYTES + 64;
/// The limit of the answers' end. It is even, like their start, so that a code unit fits wherever a byte does.
pub(in crate::abi::recipe) const ANSWERS_END: u32 = 9 << 16;
/// The total number of pages.
pub(super) const PAGES: u64 = (ANSWERS_END >> 16) as u64;

/// In [`LAST`]: no export was called yet.
pub(in crate::abi::recipe) const NONE: i32 = -1;
/// In [`LINE_AT`]: an address that no memory has.
pub(in crate::abi::recipe) const NOWHERE: u64 = u64::MAX;
/// A driver's return value if it answered all lines, or as many as it may; it can be entered again.
pub(in crate::abi::recipe) const DONE: i32 = -1;

/// The cell for a slot's value.
pub(in crate::abi::recipe) fn slot(number: usize) -> u32 {
    nth(SLOTS, 16, number)
}

/// The cell for whether a slot is set.
pub(in crate::abi::recipe) fn is_set(number: usize) -> u32 {
    slot(number) + 8
}

/// The cell for an argument of the current call.
pub(in crate::abi::recipe) fn argument(number: usize) -> u32 {
    nth(ARGS, 8, number)
}

/// The cell for the address of the block that a step freed, by the step's index among those that free. Its length
/// follows.
pub(in crate::abi::recipe) fn freed(place: usize) -> u32 {
    nth(FREED, 16, place)
}

/// The offset of an element in an array of cells. The arrays are short.
fn nth(first: u32, size: u32, number: usize) -> u32 {
    first + size * u32::try_from(number).unwrap_or(u32::MAX >> 8)
}
