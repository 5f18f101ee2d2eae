//! A named range of memory, and how it is known.

/// A named range of memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Its name, which stands for its first address.
    pub name: String,
    /// The first address.
    pub start: u64,
    /// The address behind the last: the first, for a name that is an address alone.
    pub end: u64,
    /// What it is.
    pub kind: RegionKind,
    /// How it is known, in words.
    pub why: String,
}

/// What a region is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// The user gave it its name.
    Mark,
    /// What the host wrote of the line.
    Input,
    /// What the host read as the answer.
    Output,
    /// Room that the guest made for the host.
    Block,
    /// The same, which was given back.
    Free,
    /// The guest's buffer for lines.
    Buffer,
    /// A data segment.
    Data,
    /// The stack that a compiler keeps in memory.
    Stack,
    /// Where the guest's allocator has its room.
    Heap,
    /// An address with a name.
    Symbol,
}

impl RegionKind {
    /// A letter that stands for it where its name has no room.
    pub fn letter(self) -> &'static str {
        match self {
            RegionKind::Mark => "m",
            RegionKind::Input => "i",
            RegionKind::Output => "o",
            RegionKind::Block => "b",
            RegionKind::Free => "f",
            RegionKind::Buffer => "B",
            RegionKind::Data => "d",
            RegionKind::Stack => "s",
            RegionKind::Heap => "H",
            RegionKind::Symbol => "a",
        }
    }
}

impl Region {
    /// How many bytes it has.
    pub fn len(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }

    /// Whether it is an address alone.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether an address lies in it.
    pub fn contains(&self, addr: u64) -> bool {
        (self.start..self.end).contains(&addr)
    }
}

pub(super) fn region(name: &str, (start, end): (u64, u64), kind: RegionKind, why: String) -> Region {
    Region { name: name.to_owned(), start, end, kind, why }
}
