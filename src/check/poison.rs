//! The notes by which a record says that the host filled a block, and did not write into it for the guest.

use crate::record::{Cause, StepKind, counted};

/// The note before the host fills a block.
pub fn poison_note(byte: u8, addr: u64, len: u64) -> String {
    format!("{PREFIX}{byte:02x}: {} at {addr:#x}", counted(len, "byte"))
}

/// Whether the host filled a block in this step of a cause: `--poison` announces that in the step before.
pub fn is_poison(cause: &Cause, step: usize) -> bool {
    let is_note =
        |before: usize| matches!(&cause.steps[before].kind, StepKind::Note { text } if poison_byte(text).is_some());
    let is_write = cause.steps.get(step).is_some_and(|step| matches!(step.kind, StepKind::Write { .. }));
    is_write && step.checked_sub(1).is_some_and(is_note)
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
