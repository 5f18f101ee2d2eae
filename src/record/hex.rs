//! Bytes as hexadecimal digits, two per byte.

use std::fmt;

/// Displays bytes as hexadecimal digits without building a string.
pub struct Hex<'a>(pub &'a [u8]);

const DIGITS: &[u8; 16] = b"0123456789abcdef";
/// How many bytes are formatted at once.
const PIECE: usize = 512;

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 2 * PIECE];
        self.0.chunks(PIECE).try_for_each(|bytes| {
            for (pair, byte) in digits.chunks_exact_mut(2).zip(bytes) {
                pair[0] = DIGITS[usize::from(byte >> 4)];
                pair[1] = DIGITS[usize::from(byte & 15)];
            }
            f.write_str(std::str::from_utf8(&digits[..2 * bytes.len()]).unwrap_or_default())
        })
    }
}

impl Hex<'_> {
    /// Parses pairs of hexadecimal digits. `None` for anything else.
    pub fn read(digits: &[u8]) -> Option<Vec<u8>> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let pair = |pair: &[u8]| match pair {
            &[high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        };
        digits.chunks(2).map(pair).collect()
    }
}
