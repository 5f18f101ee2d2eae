//! Sites: the instructions of a module that access memory, identified by number.

use serde::{Deserialize, Serialize};

/// An instruction that accesses memory. A 16-byte vector store has two consecutive sites of 8 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The function's index in the module.
    pub func: u32,
    /// The byte offset of the instruction in the original file.
    pub offset: u32,
    /// What the instruction does.
    pub kind: SiteKind,
    /// Number of bytes accessed; 0 if decided at run time.
    pub width: u8,
    /// The index of the accessed memory. For a copy, the destination.
    pub memory: u32,
    /// For a copy, the index of the source memory; otherwise the same as `memory`.
    pub source: u32,
    /// The constant offset that the instruction adds to its address operand.
    pub displacement: u32,
    /// Whether this is the second half of the previous site's access.
    pub joined: bool,
}

/// What an instruction does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads and writes: an atomic read-modify-write, or a compare-exchange that succeeded.
    Exchange,
    /// A compare-exchange that failed: it only read.
    Compare,
    /// `memory.copy`.
    Copy,
    /// `memory.fill`.
    Fill,
    /// `memory.init`.
    Init,
    /// `memory.grow`.
    Grow,
}

impl SiteKind {
    /// Whether it writes bytes.
    pub fn writes(self) -> bool {
        !matches!(self, SiteKind::Load | SiteKind::Compare | SiteKind::Grow)
    }

    /// Whether it reads the bytes at its address.
    pub fn reads(self) -> bool {
        matches!(self, SiteKind::Load | SiteKind::Exchange | SiteKind::Compare)
    }

    /// Whether the number of bytes is decided at run time. The bytes written are then stored outside the record.
    pub fn is_bulk(self) -> bool {
        matches!(self, SiteKind::Copy | SiteKind::Fill | SiteKind::Init)
    }

    /// Its name in lists.
    pub fn word(self) -> &'static str {
        match self {
            SiteKind::Load => "load",
            SiteKind::Store => "store",
            SiteKind::Exchange => "exchange",
            SiteKind::Compare => "compare",
            SiteKind::Copy => "copy",
            SiteKind::Fill => "fill",
            SiteKind::Init => "init",
            SiteKind::Grow => "grow",
        }
    }
}
