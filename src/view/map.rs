//! An overview of a whole memory: the contents of each part and its changes.

use std::time::Instant;

use super::DiffView;
use crate::record::{Actor, Image, PAGE};

/// The state of a part of the memory. If several apply, the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// All zeroes.
    Zero,
    /// Unchanged since the guest's start.
    Data,
    /// Changed since the guest's start.
    Earlier,
    /// Memory that did not exist before.
    New,
    /// Bytes written in the step; the first by this actor.
    Now(Actor),
}

/// A memory divided into equal parts, as far as it was examined.
#[derive(Clone, Debug)]
pub struct Map {
    /// Bytes in a part: a power of two.
    pub size: u64,
    /// The state of each part.
    pub pieces: Vec<Piece>,
}

impl Map {
    /// Creates the map of a memory of `len` bytes in at most `most` parts, none examined yet.
    pub fn new(len: u64, most: u64) -> Map {
        Map { size: len.div_ceil(most.max(1)).next_power_of_two(), pieces: Vec::new() }
    }

    /// Examines the memory until the deadline or its end. Returns true when done.
    pub fn go_on(&mut self, sight: &DiffView<'_>, start: &Image, until: Option<Instant>) -> bool {
        let mut from = self.pieces.len() as u64 * self.size;
        while from < sight.len() {
            let to = (from + self.size).min(sight.len());
            self.pieces.push(piece(sight, start, from, to));
            from = to;
            if until.is_some_and(|until| Instant::now() >= until) {
                return from == sight.len();
            }
        }
        true
    }
}

fn piece(sight: &DiffView<'_>, start: &Image, from: u64, to: u64) -> Piece {
    let marked = sight.marks.next(from).filter(|&addr| addr < to);
    if let Some(by) = marked.and_then(|addr| sight.marks.at(addr).actor()) {
        return Piece::Now(by);
    }
    if from >= sight.before.len() {
        return Piece::New;
    }
    let mut found = Piece::Zero;
    let mut addr = from;
    while addr < to {
        let end = to.min((addr / PAGE as u64 + 1) * PAGE as u64);
        let same = sight.after.shares(start, addr);
        if !(same && (found == Piece::Data || sight.after.is_untouched(addr))) {
            let (mut now, mut then) = ([0; PAGE], [0; PAGE]);
            let len = usize::try_from(end - addr).unwrap_or(PAGE);
            sight.after.read(addr, &mut now[..len]);
            start.read(addr, &mut then[..len]);
            if now != then {
                return Piece::Earlier;
            }
            if now.iter().any(|&byte| byte != 0) {
                found = Piece::Data;
            }
        }
        addr = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Change, Evidence};
    use crate::view::Marks;

    #[test]
    fn the_map_is_honest_for_small_and_large_memories() {
        for len in [1 << 16, 4 << 30] {
            let mut start = Image::zeroed(len);
            start.write(0x400, b"data");
            let mut before = start.clone();
            before.write(len / 2, b"earlier");
            before.write(len / 4, &[0; 9]);
            let change = Change::bytes(0, len - 1, &[0], &[1], Actor::Guest, Evidence::Found);
            let mut after = vec![before.clone()];
            change.redo(&mut after);
            let marks = Marks::new(0, &[change], &vec![before.clone()], &after);
            let sight = DiffView { before: &before, after: &after[0], marks: &marks, width: 16, keep: [0; 3] };
            let mut map = Map::new(len, 100);
            while !map.go_on(&sight, &start, Some(Instant::now())) {}
            let (size, pieces) = (map.size, map.pieces);
            assert_eq!((size, pieces.len()), (len / 64, 64));
            let at = |addr: u64| pieces[usize::try_from(addr / size).expect("there are few")];
            assert_eq!([at(0x400), at(len / 2), at(len - 1)], [Piece::Data, Piece::Earlier, Piece::Now(Actor::Guest)]);
            assert_eq!(
                pieces.iter().filter(|&&piece| piece == Piece::Zero).count(),
                61,
                "zeroes that were written too"
            );
        }
    }
}
