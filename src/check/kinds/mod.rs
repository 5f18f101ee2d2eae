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
mod overwritten_line;
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
    &overwritten_line::KIND,
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

/// Whether a text of the guest is zero exactly where the line has something other than letters and digits, such as spaces.
fn has_zeros_for_separators(text: &[u8], line: &[u8]) -> bool {
    let is_separator = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphanumeric();
    let fits = |(byte, of_line): (&u8, &u8)| match byte {
        0 => is_separator(of_line),
        byte => !is_separator(byte) && !is_separator(of_line),
    };
    // A zero byte that ends the text comes after the line.
    text.len() <= line.len() + 1 && text.contains(&0) && text.iter().zip(line).all(fits)
}

/// Whether bytes are ASCII in UTF-16, low byte first.
fn is_utf16(bytes: &[u8]) -> bool {
    let is_character = |pair: &[u8]| matches!(pair, [low, 0] if low.is_ascii_graphic() || *low == b' ');
    bytes.len() >= 2 * CHARACTERS && bytes.len().is_multiple_of(2) && bytes.chunks(2).all(is_character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_for_spaces_are_not_those_of_utf_16() {
        assert!(has_zeros_for_separators(b"A\0B\0C\0D\0", b"a b c d"));
        assert!(has_zeros_for_separators(b"a\0\0bc", b"a  bc and more"));
        assert!(!has_zeros_for_separators(b"h\0e\0l\0l\0o\0", b"hello"), "UTF-16");
        assert!(!has_zeros_for_separators(b"a\0 \0b\0 \0", b"a b c d e"), "UTF-16 of a line with spaces");
        assert!(!has_zeros_for_separators(b"a\0b\0", b"a"), "longer than the line");
        assert!(!has_zeros_for_separators(b"abc", b"abc"), "no zeros");
    }
}
