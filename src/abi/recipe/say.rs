//! Messages of the guest besides its answers, and notes of the host.

use crate::guest::Boundary;
use crate::record::counted;

/// What is left for the messages of one exchange: a guest may print in a loop.
#[derive(Debug)]
pub struct MessageRoom {
    /// Their maximum size in bytes.
    most: usize,
    bytes: usize,
}

impl MessageRoom {
    /// Room for messages of at most so many bytes.
    pub fn new(most: u64) -> MessageRoom {
        MessageRoom { most: usize::try_from(most).unwrap_or(usize::MAX), bytes: 0 }
    }

    /// Whether there is room for a message, which it takes then. Each counts as one byte longer, so that empty ones are
    /// limited too.
    pub fn admits(&mut self, text: &[u8]) -> bool {
        self.bytes = self.bytes.saturating_add(text.len() + 1);
        self.bytes <= self.most
    }
}

/// The messages of one exchange, up to a limit.
#[derive(Debug)]
pub struct Messages {
    room: MessageRoom,
    kept: Vec<Vec<u8>>,
    notes: Vec<String>,
    /// The number of dropped messages.
    dropped: u64,
}

impl Messages {
    /// Creates messages of at most so many bytes.
    pub(super) fn new(most: u64) -> Messages {
        Messages { room: MessageRoom::new(most), kept: Vec::new(), notes: Vec::new(), dropped: 0 }
    }

    /// Changes their maximum size.
    pub(super) fn set_most(&mut self, most: u64) {
        self.room.most = usize::try_from(most).unwrap_or(usize::MAX);
    }

    /// Their maximum size in bytes.
    pub(super) fn most(&self) -> usize {
        self.room.most
    }

    /// Adds a message of the guest, and records it if a recorder is attached.
    pub(super) fn say(&mut self, text: &[u8], boundary: &mut (impl Boundary + ?Sized)) {
        if !self.room.admits(text) {
            self.dropped += 1;
            return;
        }
        boundary.say(text);
        self.kept.push(text.to_vec());
    }

    /// Adds a note of the host, and records it if a recorder is attached.
    pub(super) fn note(&mut self, text: String, boundary: &mut (impl Boundary + ?Sized)) {
        boundary.note(&text);
        self.notes.push(text);
    }

    /// Ends an exchange: adds a note about dropped messages.
    pub(super) fn end(&mut self, boundary: &mut (impl Boundary + ?Sized)) {
        if self.dropped > 0 {
            let (dropped, limit) = (self.dropped, counted(self.most() as u64, "byte"));
            let text = format!("messages dropped: {dropped}; the limit is {limit} (--max-messages sets it)");
            self.note(text, boundary);
        }
    }

    /// Whether there was any message or note, kept or not.
    pub fn is_any(&self) -> bool {
        self.room.bytes > 0 || !self.notes.is_empty()
    }

    /// Clears the messages for the next exchange.
    pub(super) fn clear(&mut self) {
        if self.is_any() {
            *self = Messages { kept: std::mem::take(&mut self.kept), ..Messages::new(self.most() as u64) };
            self.kept.clear();
        }
    }

    /// The messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.kept.iter().map(Vec::as_slice)
    }

    /// The host's notes, in order.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }
}
