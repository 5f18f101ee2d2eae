//! One row of a hex view, as data: the address, the bytes, and their marks.

use super::{Mark, Marks};
use crate::record::Image;

/// Maximum number of bytes in a row.
pub const MAX_WIDTH: usize = 32;

/// One byte of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The byte; `None` past the end of the memory.
    pub byte: Option<u8>,
    /// What happened to it.
    pub mark: Mark,
    /// Whether it has changed since the guest's start, as far as compared.
    pub since_start: bool,
}

/// One row of a hex view. It is stored inline, so drawing a screen of rows allocates nothing.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The address of the first byte.
    pub addr: u64,
    cells: [Cell; MAX_WIDTH],
    width: usize,
}

impl Row {
    /// The row of `width` bytes (at most [`MAX_WIDTH`]) at `addr`.
    pub fn new(image: &Image, marks: &Marks, addr: u64, width: usize) -> Row {
        let mut bytes = [0; MAX_WIDTH];
        let known = image.read(addr, &mut bytes[..width]);
        let mut cells = [Cell::default(); MAX_WIDTH];
        for (place, cell) in cells.iter_mut().enumerate().take(known) {
            *cell = Cell { byte: Some(bytes[place]), mark: marks.at(addr + place as u64), since_start: false };
        }
        Row { addr, cells, width }
    }

    /// Marks the bytes that differ from `start`.
    pub fn compare(&mut self, start: &Image) {
        let mut bytes = [0; MAX_WIDTH];
        start.read(self.addr, &mut bytes[..self.width]);
        for (cell, old) in self.cells.iter_mut().zip(bytes) {
            cell.since_start = cell.byte.is_some_and(|byte| byte != old);
        }
    }

    /// The bytes of the row.
    pub fn cells(&self) -> &[Cell] {
        &self.cells[..self.width]
    }

    /// Whether a byte of the row has a mark.
    pub fn is_marked(&self) -> bool {
        self.cells().iter().any(|cell| cell.mark != Mark::None)
    }

    /// Whether any byte of the row is inside the memory.
    pub fn exists(&self) -> bool {
        self.cells[0].byte.is_some()
    }
}
