//! Sites: the instructions of a module that access memory, each known by its number.

use serde::{Deserialize, Serialize};

/// An instruction that accesses memory. A vector store of 16 bytes has two sites in a row, of 8 bytes each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// The function's index in the module.
    pub func: u32,
    /// The byte offset of the instruction in the original file.
    pub offset: u32,
    /// What it does.
    pub kind: SiteKind,
    /// How many bytes it accesses; 0 if that is decided at run time.
    pub width: u8,
    /// The index of the memory that it accesses. For a copy, the destination.
    pub memory: u32,
    /// The index of the memory that a copy copies from; of all else, of the same memory.
    pub source: u32,
    /// The constant that the instruction adds to its address operand.
    pub displacement: u32,
    /// Whether this is the second half of the access of the site before it.
    pub joined: bool,
}

/// What an instruction does to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteKind {
    /// It reads.
    Load,
    /// It writes.
    Store,
    /// It reads and writes in one step (an atomic read-modify-write, or a compare-exchange that exchanged).
    Exchange,
    /// A compare-exchange that found another value than it expected: it only read.
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
    /// Whether bytes are written.
    pub fn writes(self) -> bool {
        !matches!(self, SiteKind::Load | SiteKind::Compare | SiteKind::Grow)
    }

    /// Whether any number of bytes may be written: what is written lies beside the record then.
    pub fn is_bulk(self) -> bool {
        matches!(self, SiteKind::Copy | SiteKind::Fill | SiteKind::Init)
    }
}
