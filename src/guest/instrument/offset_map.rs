//! The way back from a rewritten module: which offset of the original a rewritten instruction stood at.

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
    /// Where it began in the original file.
    original: usize,
    /// How many pieces come before its first.
    first_piece: usize,
}

/// A stretch of a rewritten body that is not copied. All of it belongs to one instruction of the original.
#[derive(Debug)]
struct Piece {
    /// Where it begins in the rewritten body, and its length.
    rewritten: usize,
    len: usize,
    /// Where it belongs in the original file, and the length of what it stands for there: 0 for an insertion.
    original: usize,
    original_len: usize,
}

impl OffsetMap {
    /// The map of a module that imports so many functions.
    pub(super) fn new(imported_funcs: u32) -> OffsetMap {
        OffsetMap { imported_funcs, ..OffsetMap::default() }
    }

    /// Adds the next function body, which began at that offset of the original file.
    pub(super) fn begin_body(&mut self, original: usize) {
        self.bodies.push(Body { original, first_piece: self.pieces.len() });
    }

    /// Adds the next stretch of the body begun last: `len` bytes from `rewritten` on stand for `original_len` bytes
    /// from `original` on.
    pub(super) fn add(&mut self, (rewritten, len): (usize, usize), (original, original_len): (usize, usize)) {
        self.pieces.push(Piece { rewritten, len, original, original_len });
    }

    /// The offset in the original file of an instruction that lies `offset` bytes behind the beginning of the body of
    /// the function with that index, as rewritten. `None` if the original has no such function.
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

    /// How many stretches are not copied.
    #[cfg(test)]
    pub(super) fn pieces(&self) -> usize {
        self.pieces.len()
    }
}
