//! A named range of memory, and how it is known.

/// A named range of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name, usable as its first address.
    pub name: String,
    /// The first address.
    pub start: u64,
    /// The end (exclusive). Equal to `start` if the region is only an address.
    pub end: u64,
    /// Its kind.
    pub kind: RegionKind,
    /// How it is known, as a sentence.
    pub why: String,
}

/// The kind of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// A mark of the user.
    Mark,
    /// The part of the line that the host wrote.
    Input,
    /// What the host read as the answer.
    Output,
    /// A block that the guest allocated for the host.
    Block,
    /// A block that was freed.
    Free,
    /// The guest's buffer for lines.
    Buffer,
    /// A data segment.
    Data,
    /// The compiler's stack in memory.
    Stack,
    /// The memory that the guest's allocator manages.
    Heap,
    /// A struct that was laid over memory.
    Struct,
    /// A member of one.
    Field,
    /// An address with a name.
    Symbol,
}

impl RegionKind {
    /// The signs before its first byte and after its last. An address alone has none.
    pub fn signs(self) -> (&'static str, &'static str) {
        match self {
            RegionKind::Output => ("{", "}"),
            RegionKind::Input => ("(", ")"),
            RegionKind::Block | RegionKind::Free => ("/", "\\"),
            RegionKind::Symbol | RegionKind::Field => ("", ""),
            RegionKind::Mark
            | RegionKind::Struct
            | RegionKind::Buffer
            | RegionKind::Data
            | RegionKind::Stack
            | RegionKind::Heap => ("|", "|"),
        }
    }

    /// Its place among others where there is room for one: the most important first.
    pub fn rank(self) -> usize {
        match self {
            RegionKind::Output => 0,
            RegionKind::Input => 1,
            RegionKind::Mark => 2,
            RegionKind::Struct => 3,
            RegionKind::Block => 4,
            RegionKind::Free => 5,
            RegionKind::Buffer => 6,
            RegionKind::Data => 7,
            RegionKind::Stack => 8,
            RegionKind::Heap => 9,
            RegionKind::Symbol => 10,
            RegionKind::Field => 11,
        }
    }
}

impl Region {
    /// Length in bytes.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it is only an address.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether it contains an address.
    pub fn contains(&self, addr: u64) -> bool {
        (self.start..self.end).contains(&addr)
    }
}

pub(super) fn region(name: &str, (start, end): (u64, u64), kind: RegionKind, why: String) -> Region {
    Region { name: name.to_owned(), start, end, kind, why }
}
