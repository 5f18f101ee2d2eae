//! Bytes as text to be taken along: in the notation of a language, or as they would be read.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::text::visible;

/// A notation for bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `44 69 64`
    Hex,
    /// An array in C.
    C,
    /// An array in Rust.
    Rust,
    /// Base64 of RFC 4648.
    Base64,
    /// As text, escaped where it would not print.
    Text,
    /// The address of the first byte alone.
    Address,
}

/// Bytes in a line of an array.
const LINE: usize = 12;

impl Form {
    /// Every form.
    pub const ALL: [Form; 6] = [Form::Hex, Form::C, Form::Rust, Form::Base64, Form::Text, Form::Address];

    /// Its name, of which the first letter is its own.
    pub fn name(self) -> &'static str {
        match self {
            Form::Hex => "hex",
            Form::C => "c",
            Form::Rust => "rust",
            Form::Base64 => "base64",
            Form::Text => "text",
            Form::Address => "address",
        }
    }

    /// The form of that name.
    pub fn named(name: &str) -> Option<Form> {
        Form::ALL.into_iter().find(|form| form.name() == name)
    }

    /// Bytes that stand at `addr`, in this form.
    pub fn text(self, bytes: &[u8], addr: u64) -> String {
        match self {
            Form::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
            Form::C => array(&format!("const unsigned char at_{addr:x}[{}] = {{", bytes.len()), bytes, "};"),
            Form::Rust => array(&format!("const AT_{addr:X}: [u8; {}] = [", bytes.len()), bytes, "];"),
            Form::Base64 => STANDARD.encode(bytes),
            Form::Text => visible(bytes),
            Form::Address => format!("{addr:#x}"),
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
        let text = |form: Form| form.text(b"Did\n\xff", 0x410);
        assert_eq!(text(Form::Hex), "44 69 64 0a ff");
        assert_eq!(text(Form::C), "const unsigned char at_410[5] = {\n    0x44, 0x69, 0x64, 0x0a, 0xff,\n};");
        assert_eq!(text(Form::Rust), "const AT_410: [u8; 5] = [\n    0x44, 0x69, 0x64, 0x0a, 0xff,\n];");
        assert_eq!(text(Form::Base64), "RGlkCv8=");
        assert_eq!(text(Form::Text), r"Did\n\xff");
        assert_eq!(text(Form::Address), "0x410");
        assert_eq!(Form::Rust.text(&[0; 13], 0).lines().count(), 4, "a line has twelve");
        let mut letters: Vec<_> = Form::ALL.iter().map(|form| form.name().chars().next()).collect();
        letters.dedup();
        assert_eq!(letters.len(), Form::ALL.len());
    }
}
