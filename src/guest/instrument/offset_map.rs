//! Maps offsets in a rewritten module to offsets in the original.

use crate::guest::bytes::{Reader, count, put};

/// Maps offsets in rewritten function bodies to offsets in the original file.
#[derive(Debug, Default)]
pub(in crate::guest) struct OffsetMap {
    imported_funcs: u32,
    bodies: Vec<Body>,
    pieces: Vec<Piece>,
}

/// A function with a body.
#[derive(Debug)]
struct Body {
    /// Where the body began in the original file.
    original: usize,
    /// Index of its first piece.
    first_piece: usize,
}

/// A range of a rewritten body that is not copied. It belongs to one instruction of the original.
#[derive(Debug)]
struct Piece {
    /// Its start in the rewritten body, and its length.
    rewritten: usize,
    len: usize,
    /// Its start in the original file, and the length that it replaces: 0 for an insertion.
    original: usize,
    original_len: usize,
}

impl OffsetMap {
    /// Creates the map of a module with this many imported functions.
    pub(super) fn new(imported_funcs: u32) -> OffsetMap {
        OffsetMap { imported_funcs, ..OffsetMap::default() }
    }

    /// Adds the next function body, which began at this offset in the original file.
    pub(super) fn begin_body(&mut self, original: usize) {
        self.bodies.push(Body { original, first_piece: self.pieces.len() });
    }

    /// Adds the next piece of the current body: `len` bytes at `rewritten` replace `original_len` bytes at `original`.
    pub(super) fn add(&mut self, (rewritten, len): (usize, usize), (original, original_len): (usize, usize)) {
        self.pieces.push(Piece { rewritten, len, original, original_len });
    }

    /// The original offset of the instruction at `offset` in a function's rewritten body. `None` if the original has
    /// no such function.
    pub(in crate::guest) fn original(&self, func: u32, offset: usize) -> Option<usize> {
        let place = usize::try_from(func.checked_sub(self.imported_funcs)?).ok()?;
        let body = self.bodies.get(place)?;
        let last = self.bodies.get(place + 1).map_or(self.pieces.len(), |next| next.first_piece);
        let pieces = &self.pieces[body.first_piece..last];
        let before = pieces.partition_point(|piece| piece.rewritten <= offset);
        Some(match before.checked_sub(1).map(|last| &pieces[last]) {
            None => body.original + offset,
            Some(piece) if offset < piece.rewritten + piece.len => piece.original,
            Some(piece) => piece.original + piece.original_len + (offset - piece.rewritten - piece.len),
        })
    }

    /// Appends it to `out`.
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        let OffsetMap { imported_funcs, bodies, pieces } = self;
        [*imported_funcs, count(bodies.len()), count(pieces.len())].into_iter().for_each(|number| put(number, out));
        for Body { original, first_piece } in bodies {
            [original, first_piece].into_iter().for_each(|&number| put(count(number), out));
        }
        for Piece { rewritten, len, original, original_len } in pieces {
            [rewritten, len, original, original_len].into_iter().for_each(|&number| put(count(number), out));
        }
    }

    /// Reads what [`OffsetMap::put`] appended.
    pub(super) fn read(from: &mut Reader<'_>) -> Option<OffsetMap> {
        let imported_funcs = from.number()?;
        let (bodies, pieces) = (from.count(8)?, from.count(16)?);
        let body = |from: &mut Reader<'_>| {
            let (original, first_piece) = (from.index()?, from.index()?);
            (first_piece <= pieces).then_some(Body { original, first_piece })
        };
        let bodies: Vec<_> = (0..bodies).map(|_| body(from)).collect::<Option<_>>()?;
        let piece = |from: &mut Reader<'_>| {
            let (rewritten, len, original) = (from.index()?, from.index()?, from.index()?);
            Some(Piece { rewritten, len, original, original_len: from.index()? })
        };
        let pieces = (0..pieces).map(|_| piece(from)).collect::<Option<_>>()?;
        // `original` slices between neighbours.
        bodies.is_sorted_by_key(|body| body.first_piece).then_some(OffsetMap { imported_funcs, bodies, pieces })
    }

    /// Number of pieces that are not copied.
    #[cfg(test)]
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }
}
