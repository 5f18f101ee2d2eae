//! The pipe's answers on their way to stdout.

use std::io::{self, Write};

use crate::abi::Answers;
use crate::session::GATHER;

/// Gathers answers, and writes many at a time.
pub(super) struct GatheredAnswers {
    /// Those that are not written yet.
    pub(super) bytes: Vec<u8>,
    /// Why writing failed.
    failed: Option<io::Error>,
}

impl GatheredAnswers {
    pub(super) fn new() -> GatheredAnswers {
        GatheredAnswers { bytes: Vec::with_capacity(2 * GATHER), failed: None }
    }

    /// Writes all of them.
    ///
    /// # Errors
    /// This or an earlier write failed, and what was to be written is lost.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.write(&[]);
        self.failed.take().map_or(Ok(()), Err)
    }

    /// Writes those that were gathered, and then these.
    fn write(&mut self, more: &[u8]) {
        if self.failed.is_none() {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(&self.bytes).and_then(|()| stdout.write_all(more));
            self.failed = written.and_then(|()| stdout.flush()).err();
        }
        self.bytes.clear();
    }

    /// Why writing failed, if it did.
    pub(super) fn failure(&mut self) -> Option<io::Error> {
        self.failed.take()
    }
}

impl Answers for GatheredAnswers {
    fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn take(&mut self, answers: &[u8]) {
        match self.bytes.len() + answers.len() >= GATHER {
            true => self.write(answers),
            false => self.bytes.extend_from_slice(answers),
        }
    }

    fn is_refused(&self) -> bool {
        self.failed.is_some()
    }
}
