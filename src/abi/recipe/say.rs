//! What a guest says beside its answers, and what the host remarks about it.

use crate::guest::Boundary;

/// The messages of one exchange, as far as they are kept.
#[derive(Debug, Default)]
pub struct Messages {
    kept: Vec<Vec<u8>>,
    notes: Vec<String>,
    bytes: usize,
    /// How many were dropped.
    dropped: u64,
}

impl Messages {
    /// The most bytes of one exchange's messages that are kept; a guest may talk in a loop.
    pub(super) const MOST: usize = 64 << 10;

    /// Takes a message of the guest's, and has it recorded where somebody records.
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

    /// Takes a remark of the host's, and has it recorded where somebody records.
    pub(super) fn note(&mut self, text: String, boundary: &mut (impl Boundary + ?Sized)) {
        boundary.note(&text);
        self.notes.push(text);
    }

    /// Ends an exchange: tells how many messages were dropped.
    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        if self.dropped > 0 {
            let text = format!("{} more messages were dropped: the limit is {} bytes", self.dropped, Messages::MOST);
            self.note(text, boundary);
        }
    }

    /// Whether something was said or remarked, kept or not.
    pub fn is_any(&self) -> bool {
        self.bytes > 0 || !self.notes.is_empty()
    }

    /// Forgets them: the next exchange begins.
    pub(super) fn clear(&mut self) {
        if self.is_any() {
            *self = Messages { kept: std::mem::take(&mut self.kept), ..Messages::default() };
            self.kept.clear();
        }
    }

    /// The messages, in the order in which the guest said them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.kept.iter().map(Vec::as_slice)
    }

    /// What the host remarked, in order.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }
}
