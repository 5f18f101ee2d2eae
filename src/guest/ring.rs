//! The ring of records: a memory in parts. While the collector's thread reads one part, the guest writes the next.

use std::ptr::NonNull;

use wasmer::{Memory, Store};

use super::instrument::{PART, PARTS, RECORD, RECORDS_AT};

/// A guest's ring, and what of it was handed out.
pub(super) struct Ring {
    memory: NonNull<u8>,
    /// The part that the guest writes.
    part: u32,
    /// The address of its first record that was not handed out.
    start: u32,
}

/// Records that a guest wrote.
pub(super) struct Piece {
    start: NonNull<u8>,
    len: usize,
}

// SAFETY: nobody else writes the bytes, see `Ring::new`.
#[allow(unsafe_code, reason = "a piece is for another thread to read")]
unsafe impl Send for Piece {}

impl Piece {
    /// The records.
    #[allow(unsafe_code, reason = "the records are in the guest's memory")]
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: `Ring::piece` checked the range, and the caller of `Ring::new` vouches for the rest.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }

    /// Number of bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Ring {
    /// The ring in a memory; `None` if it is too small.
    ///
    /// # Safety
    /// The memory does not grow, the store outlives the pieces, and the guest goes on at [`Ring::position`] whenever a
    /// piece was taken: so it writes none that somebody has.
    #[allow(unsafe_code, reason = "how long the store lives, the caller knows")]
    pub(super) unsafe fn new(memory: &Memory, store: &Store) -> Option<Ring> {
        let view = memory.view(store);
        let memory = NonNull::new(view.data_ptr())?;
        (view.data_size() >= u64::from(PARTS * PART)).then_some(Ring { memory, part: 0, start: RECORDS_AT })
    }

    /// The records up to the guest's cursor that were not handed out before.
    #[allow(unsafe_code, reason = "the records are in the guest's memory")]
    pub(super) fn piece(&self, cursor: u32) -> Piece {
        let end = cursor.clamp(self.start, (self.part + 1) * PART);
        let len = ((end - self.start) / RECORD * RECORD) as usize;
        // SAFETY: the part lies in the memory, and the piece in the part.
        let start = unsafe { self.memory.add(self.start as usize) };
        Piece { start, len }
    }

    /// Where the guest is to write its next record.
    pub(super) fn position(&self) -> u32 {
        self.start
    }

    /// The address from which on the guest is to call its hook. One access may make two records.
    pub(super) fn limit(&self) -> u32 {
        limit(self.part)
    }

    /// The part that the guest writes.
    pub(super) fn part(&self) -> usize {
        self.part as usize
    }

    /// Goes on after a piece in the same part. Returns whether it has room.
    pub(super) fn go_on(&mut self, piece: &Piece) -> bool {
        self.start += u32::try_from(piece.len).unwrap_or(0);
        self.start < self.limit()
    }

    /// Goes on at the start of the part: nobody has a piece of it.
    pub(super) fn restart(&mut self) {
        self.start = self.part * PART + RECORDS_AT;
    }

    /// Goes on in the next part.
    pub(super) fn next_part(&mut self) {
        self.part = (self.part + 1) % PARTS;
        self.restart();
    }
}

/// Where the hook is called in a part of the ring.
const fn limit(part: u32) -> u32 {
    (part + 1) * PART - 2 * RECORD
}

/// Where the hook is called in the first part.
pub(super) const FIRST_LIMIT: u32 = limit(0);
