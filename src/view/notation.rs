//! Bytes as text to copy: in a language's notation, or decoded.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::visible;

/// A notation for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `44 69 64`
    Hex,
    /// An array in C.
    C,
    /// An array in Rust.
    Rust,
    /// Base64 as in RFC 4648.
    Base64,
    /// Text, with unprintable characters escaped.
    Text,
    /// Only the address of the first byte.
    Address,
}

/// Bytes per line of an array.
const LINE: usize = 12;

impl Notation {
    /// All notations.
    pub const ALL: [Notation; 6] =
        [Notation::Hex, Notation::C, Notation::Rust, Notation::Base64, Notation::Text, Notation::Address];

    /// Its name. First letters are unique.
    pub fn name(self) -> &'static str {
        match self {
            Notation::Hex => "hex",
            Notation::C => "c",
            Notation::Rust => "rust",
            Notation::Base64 => "base64",
            Notation::Text => "text",
            Notation::Address => "address",
        }
    }

    /// The notation with this name.
    pub fn named(name: &str) -> Option<Notation> {
        Notation::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Formats the bytes at `addr`.
    pub fn text(self, bytes: &[u8], addr: u64) -> String {
        match self {
            Notation::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
            Notation::C => array(&format!("const unsigned char at_{addr:x}[{}] = {{", bytes.len()), bytes, "};"),
            Notation::Rust => array(&format!("const AT_{addr:X}: [u8; {}] = [", bytes.len()), bytes, "];"),
            Notation::Base64 => STANDARD.encode(bytes),
            Notation::Text => visible(bytes),
            Notation::Address => format!("{addr:#x}"),
        }
    }
}

fn array(head: &str, bytes: &[u8], tail: &str) -> String {
    let mut text = format!("{head}\n");
    for line in bytes.chunks(LINE) {
        let numbers: Vec<_> = line.iter().map(|byte| format!("0x{byte:02x}")).collect();
        text.push_str(&format!("    {},\n", numbers.join(", ")));
    }
    text + tail
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_written_as_languages_want_them() {
        let text = |form: Notation| form.text(b"Did\n\xff", 0x410);
        assert_eq!(text(Notation::Hex), "44 69 64 0a ff");
        assert_eq!(text(Notation::C), "const unsigned char at_410[5] = {\n    0x44, 0x69, 0x64, 0x0a, 0xff,\n};");
        assert_eq!(text(Notation::Rust), "const AT_410: [u8; 5] = [\n    0x44, 0x69, 0x64, 0x0a, 0xff,\n];");
        assert_eq!(text(Notation::Base64), "RGlkCv8=");
        assert_eq!(text(Notation::Text), r"Did\n\xff");
        assert_eq!(text(Notation::Address), "0x410");
        assert_eq!(Notation::Rust.text(&[0; 13], 0).lines().count(), 4, "a line has twelve");
        let mut letters: Vec<_> = Notation::ALL.iter().map(|form| form.name().chars().next()).collect();
        letters.dedup();
        assert_eq!(letters.len(), Notation::ALL.len());
    }
}
