//! What a guest says beside its answers.

use crate::guest::Boundary;

/// The messages of one exchange, as far as they are kept.
#[derive(Debug, Default)]
pub struct Messages {
    kept: Vec<Vec<u8>>,
    bytes: usize,
    /// How many were not kept.
    dropped: u64,
}

impl Messages {
    /// The most bytes of one exchange's messages that are kept; a guest may talk in a loop.
    pub(super) const MOST: usize = 64 << 10;

    /// Takes a message, and has it recorded where somebody records.
    pub(super) fn say(&mut self, text: &[u8], boundary: &mut (impl Boundary + ?Sized)) {
        // A message counts as a byte more than it has: those without any would else be endless.
        self.bytes += text.len() + 1;
        if self.bytes > Messages::MOST {
            self.dropped += 1;
            return;
        }
        boundary.say(text);
        self.kept.push(text.to_vec());
    }

    /// Ends an exchange: says how many messages were not kept.
    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        if self.dropped > 0 {
            let words = format!("({} more messages were not kept)", self.dropped);
            boundary.say(words.as_bytes());
            self.kept.push(words.into_bytes());
        }
    }

    /// Whether something was said, kept or not.
    pub(super) fn is_any(&self) -> bool {
        self.bytes > 0
    }

    /// Forgets them: the next exchange begins.
    pub(super) fn clear(&mut self) {
        if self.bytes > 0 {
            *self = Messages { kept: std::mem::take(&mut self.kept), ..Messages::default() };
            self.kept.clear();
        }
    }

    /// The messages, in the order in which the guest said them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.kept.iter().map(Vec::as_slice)
    }
}
