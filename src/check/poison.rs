//! The notes by which a record says that the host filled a block, and did not write into it for the guest.

use crate::record::counted;

/// The note before the host fills a block.
pub fn poison_note(byte: u8, addr: u64, len: u64) -> String {
    format!("{PREFIX}{byte:02x}: {} at {addr:#x}", counted(len, "byte"))
}

/// How the note begins.
const PREFIX: &str = "--poison ";

/// The byte that such a note names.
pub(super) fn poison_byte(note: &str) -> Option<u8> {
    let (byte, _) = note.strip_prefix(PREFIX)?.split_once(':')?;
    u8::from_str_radix(byte, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_is_in_the_note() {
        assert_eq!(poison_byte(&poison_note(0xcc, 0x400, 12)), Some(0xcc));
        assert_eq!(poison_byte("the program has ended"), None);
    }
}
