//! Where the answers of batches go: copied once, or not at all.

/// Collects answers, in order.
pub trait Answers {
    /// The answers that were not passed on yet. More can be appended.
    fn buffer(&mut self) -> &mut Vec<u8>;

    /// Takes answers that follow those in the buffer. They can be passed on without being copied.
    fn take(&mut self, answers: &[u8]);

    /// Whether more of them would be of no use, because they cannot be passed on.
    fn is_refused(&self) -> bool {
        false
    }
}

impl Answers for Vec<u8> {
    fn buffer(&mut self) -> &mut Vec<u8> {
        self
    }

    fn take(&mut self, answers: &[u8]) {
        self.extend_from_slice(answers);
    }
}
