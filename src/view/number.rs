//! Parses numbers, and converts typed numbers to and from their little-endian bytes.

/// A number type in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberType {
    /// Its name: `u32`.
    pub name: &'static str,
    /// Size in bytes.
    pub size: usize,
}

/// All number types that can be read, written and searched for.
pub const NUMBER_TYPES: &[NumberType] = &[
    NumberType { name: "u8", size: 1 },
    NumberType { name: "i8", size: 1 },
    NumberType { name: "u16", size: 2 },
    NumberType { name: "i16", size: 2 },
    NumberType { name: "u32", size: 4 },
    NumberType { name: "i32", size: 4 },
    NumberType { name: "u64", size: 8 },
    NumberType { name: "i64", size: 8 },
    NumberType { name: "f32", size: 4 },
    NumberType { name: "f64", size: 8 },
];

impl NumberType {
    /// The type with this name.
    pub fn named(name: &str) -> Option<NumberType> {
        NUMBER_TYPES.iter().find(|ty| ty.name == name).copied()
    }

    /// Encodes a number of this type. `None` if the text is not one.
    pub fn bytes(self, text: &str) -> Option<Vec<u8>> {
        let bits = match self.name {
            "f32" => text.parse::<f32>().ok().map(|float| u64::from(float.to_bits())),
            "f64" => text.parse::<f64>().ok().map(f64::to_bits),
            name => {
                let bits = u32::try_from(self.size * 8).unwrap_or(64);
                // `integer` accepts numbers of either sign; here the type decides.
                let is_signed = name.starts_with('i');
                let fits = |bits_of: &u64| match (text.starts_with('-'), is_signed) {
                    (true, signed) => signed,
                    (false, true) => bits_of >> (bits - 1) == 0,
                    (false, false) => true,
                };
                integer(text, bits).filter(fits)
            }
        };
        Some(bits?.to_le_bytes()[..self.size].to_vec())
    }

    /// Formats bytes of this type as a number.
    pub fn words(self, bytes: &[u8]) -> String {
        let mut wide = [0; 8];
        wide[..self.size].copy_from_slice(&bytes[..self.size]);
        let bits = u64::from_le_bytes(wide);
        let shift = 64 - 8 * self.size;
        match self.name {
            "f32" => f32::from_bits(u32::try_from(bits).unwrap_or(0)).to_string(),
            "f64" => f64::from_bits(bits).to_string(),
            name if name.starts_with('i') => ((bits << shift).cast_signed() >> shift).to_string(),
            _ => bits.to_string(),
        }
    }
}

/// Parses a non-negative number: `1040`, `0x410`, `1_114_112`, `1,114,112`.
pub fn whole(text: &str) -> Option<u64> {
    let plain: String = text.chars().filter(|&c| c != '_' && c != ',').collect();
    match plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        Some(hex) if hex.starts_with('+') => None,
        Some(hex) => u64::from_str_radix(hex, 16).ok(),
        None if plain.starts_with('+') => None,
        None => plain.parse().ok(),
    }
}

/// Parses an integer of `bits` bits, signed or unsigned, and returns its bits.
pub fn integer(text: &str, bits: u32) -> Option<u64> {
    let (magnitude, negative) = match text.strip_prefix('-') {
        Some(rest) => (whole(rest)?, true),
        None => (whole(text)?, false),
    };
    let most = u64::MAX >> (64 - bits);
    if negative {
        (magnitude <= most / 2 + 1).then(|| magnitude.wrapping_neg() & most)
    } else {
        (magnitude <= most).then_some(magnitude)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_bytes_and_words_again() {
        for (name, text, bytes) in [
            ("u8", "255", &[0xff][..]),
            ("i8", "-128", &[0x80]),
            ("i16", "-2", &[0xfe, 0xff]),
            ("u32", "67305985", &[1, 2, 3, 4]),
            ("i64", "-1", &[0xff; 8]),
            ("f32", "1.5", &[0, 0, 0xc0, 0x3f]),
            ("f64", "0.1", &[0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f]),
        ] {
            let ty = NumberType::named(name).expect("there is such a type");
            assert_eq!(ty.bytes(text).as_deref(), Some(bytes), "{name} {text}");
            assert_eq!(ty.words(bytes), text);
        }
        for (name, text) in [
            ("u8", "256"),
            ("u8", "-129"),
            ("i8", "x"),
            ("u16", "0x"),
            ("f32", "one"),
            ("u8", "+1"),
            ("u8", "-1"),
            ("i8", "128"),
        ] {
            assert_eq!(NumberType::named(name).and_then(|ty| ty.bytes(text)), None, "{name} {text}");
        }
        assert_eq!(NumberType::named("u9"), None);
    }
}
