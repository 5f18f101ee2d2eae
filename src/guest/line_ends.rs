//! Finds the ends of the lines that a driver is given. A search that begins again for each short line would take longer
//! than what is done to it.

/// How many bytes are looked at together.
const CHUNK: usize = 64;

/// Calls `found` with the position of each separator, until that returns false.
pub(crate) fn each_line_end(bytes: &[u8], separator: u8, mut found: impl FnMut(usize) -> bool) {
    let (chunks, rest) = bytes.as_chunks::<CHUNK>();
    let mut start = 0;
    for chunk in chunks {
        let mut ends = bits(chunk, separator);
        while ends != 0 {
            if !found(start + ends.trailing_zeros() as usize) {
                return;
            }
            ends &= ends - 1;
        }
        start += CHUNK;
    }
    for end in memchr::memchr_iter(separator, rest) {
        if !found(start + end) {
            return;
        }
    }
}

/// A bit for each byte, which is set if the byte is the separator.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the instructions are not part of every processor")]
fn bits(chunk: &[u8; CHUNK], separator: u8) -> u64 {
    // SAFETY: every processor of this architecture has SSE2.
    unsafe { bits_sse2(chunk, separator) }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "sse2")]
fn bits_sse2(chunk: &[u8; CHUNK], separator: u8) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8, _mm_set_epi64x, _mm_set1_epi8};
    let separators = _mm_set1_epi8(separator.cast_signed());
    let (pieces, _) = chunk.as_chunks::<16>();
    let mut bits = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let [low, high] = [0, 8].map(|at| i64::from_le_bytes(piece[at..at + 8].try_into().unwrap_or_default()));
        let equal = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_set_epi64x(high, low), separators));
        bits |= u64::from(equal.cast_unsigned()) << (16 * number);
    }
    bits
}

#[cfg(not(target_arch = "x86_64"))]
fn bits(chunk: &[u8; CHUNK], separator: u8) -> u64 {
    memchr::memchr_iter(separator, chunk).fold(0, |bits, end| bits | 1 << end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ends_are_where_separators_are(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), Just(0x8a_u8), Just(0xff_u8)], 0..300),
            separator in prop_oneof![Just(b'\n'), Just(0xff_u8), Just(0_u8)],
            most in 1_usize..300,
        ) {
            let expected: Vec<_> = memchr::memchr_iter(separator, &bytes).take(most).collect();
            let mut ends = Vec::new();
            each_line_end(&bytes, separator, |end| {
                ends.push(end);
                ends.len() < most
            });
            prop_assert_eq!(ends, expected);
        }
    }
}
