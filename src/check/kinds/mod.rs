//! The kinds of findings, one file each. A new kind is a file here, and its two lines below.

mod answer_on_stack;
mod block_overread;
mod block_overrun;
mod buffer_overrun;
mod constant_overwritten;
mod double_free;
mod host_over_data;
mod host_overrun;
mod host_pointer;
mod leak;
mod leftovers;
mod length_in_characters;
mod negative_number;
mod not_initialized;
mod null_block;
mod null_write;
mod overlapping_blocks;
mod overwritten_block;
mod poisoned_answer;
mod program_over;
mod read_after_free;
mod rejected_free;
mod sign_extended;
mod split_character;
mod stack_overflow;
mod stale_pointer;
mod stubbed_import;
mod surrogates;
mod swapped;
mod text_after_zero;
mod uninitialized_read;
mod unwritten_tail;
mod use_after_free;
mod utf_16;
mod wrong_size;

use super::Kind;

/// Every kind, in the order of the guide: the lives of blocks, bounds, stale addresses, length and encoding, lifecycle,
/// uninitialized memory.
pub const KINDS: &[&Kind] = &[
    &read_after_free::KIND,
    &use_after_free::KIND,
    &double_free::KIND,
    &wrong_size::KIND,
    &rejected_free::KIND,
    &leak::KIND,
    &null_block::KIND,
    &overlapping_blocks::KIND,
    &overwritten_block::KIND,
    &answer_on_stack::KIND,
    &host_overrun::KIND,
    &host_over_data::KIND,
    &constant_overwritten::KIND,
    &block_overrun::KIND,
    &block_overread::KIND,
    &buffer_overrun::KIND,
    &stack_overflow::KIND,
    &null_write::KIND,
    &stale_pointer::KIND,
    &split_character::KIND,
    &leftovers::KIND,
    &unwritten_tail::KIND,
    &text_after_zero::KIND,
    &utf_16::KIND,
    &surrogates::KIND,
    &length_in_characters::KIND,
    &swapped::KIND,
    &negative_number::KIND,
    &sign_extended::KIND,
    &host_pointer::KIND,
    &not_initialized::KIND,
    &program_over::KIND,
    &stubbed_import::KIND,
    &uninitialized_read::KIND,
    &poisoned_answer::KIND,
];

/// Minimum number of characters that are taken for UTF-16.
const CHARACTERS: usize = 3;

/// Whether bytes are ASCII in UTF-16, low byte first.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_character = |pair: &[u8]| matches!(pair, [low, 0] if low.is_ascii_graphic() || *low == b' ');
    bytes.len() >= 2 * CHARACTERS && bytes.len().is_multiple_of(2) && bytes.chunks(2).all(is_character)
}
