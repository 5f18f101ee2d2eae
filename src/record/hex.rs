//! Bytes as hexadecimal digits, two per byte.

use std::fmt;

/// Displays bytes as hexadecimal digits without building a string.
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
