//! Copying the selected bytes to the terminal's clipboard.

use super::app::{App, Next};
use super::bindings::Form;
use crate::view::{thousands, visible};

/// The most bytes that are copied: terminals drop what is much longer.
const MOST: usize = 16 << 10;

impl App {
    /// Copies the selected bytes, as they are after the step.
    pub(super) fn copy(&mut self, form: Form) -> Next {
        let (first, last) = self.space.selected();
        let Some(sight) = self.sight() else { return Next::Continue };
        let wanted = usize::try_from(last - first).map_or(usize::MAX, |more| more.saturating_add(1));
        if wanted > MOST {
            return self.notice(&format!("the most that is copied is {} bytes", thousands(MOST as u64)));
        }
        let mut bytes = vec![0; wanted];
        let known = sight.after.read(first, &mut bytes);
        let bytes = &bytes[..known];
        self.copied = Some(match form {
            Form::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" "),
            Form::Text => visible(bytes),
        });
        self.notice(&format!(
            "copied {} B at {first:#x}, if the terminal lets programs do that",
            thousands(known as u64)
        ))
    }
}

/// Bytes in base64, as the terminal wants them.
pub(super) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let bits =
            three.iter().enumerate().fold(0, |bits, (place, &byte)| bits | usize::from(byte) << (16 - 8 * place));
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            text.push(if digit <= three.len() { char::from(DIGITS[value]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (plain, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
