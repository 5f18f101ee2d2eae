//! Whether a program has ended: it exited, or its `_start` returned. Its exports can still be called, but their state
//! may be gone, so a note is printed.

use std::fmt;

/// The export that runs a program.
pub(super) const START: &str = "_start";

/// Whether and how a program ended.
#[derive(Debug, Default)]
pub(super) struct ProgramEnd {
    how: Option<End>,
    /// Whether the note was printed.
    told: bool,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Returned,
    Exited(i32),
}

impl ProgramEnd {
    /// `_start` returned.
    pub(super) fn returned(&mut self) {
        self.how.get_or_insert(End::Returned);
    }

    /// The guest exited with a status.
    pub(super) fn exited(&mut self, status: i32) {
        self.how.get_or_insert(End::Exited(status));
    }

    /// Whether the program has ended and the note was not printed yet.
    #[inline(always)]
    pub(super) fn is_news(&self) -> bool {
        self.how.is_some() && !self.told
    }

    /// The note to print if an export is called after the end.
    #[cold]
    pub(super) fn tell(&mut self) -> Option<String> {
        self.told |= self.how.is_some();
        let advice = "its exports may use state that is no longer valid; build it as a reactor to call them";
        self.how.map(|how| format!("{how}, so the program has ended: {advice}"))
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Returned => write!(f, "`{START}` has returned"),
            End::Exited(status) => write!(f, "the guest has exited with status {status}"),
        }
    }
}
