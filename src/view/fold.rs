//! Folding: consecutive rows that equal both their neighbours and were not written are shown as one line.

use super::Marks;
use crate::record::{Image, PAGE};

/// Rows at multiples of this are never folded, which bounds the search for the end of a fold. A fold shows its length.
const MILESTONE: u64 = 2 << 20;

/// A line of the view: a row, or several folded rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ViewLine {
    /// The first address.
    pub addr: u64,
    /// Number of bytes that it represents.
    pub len: u64,
    /// Whether it represents several rows.
    pub folded: bool,
}

/// A memory before and after a step, in rows.
#[derive(Clone, Copy, Debug)]
pub struct DiffView<'a> {
    /// The memory before.
    pub before: &'a Image,
    /// The memory after.
    pub after: &'a Image,
    /// What was written in between.
    pub marks: &'a Marks,
    /// Bytes in a row: a power of two.
    pub width: usize,
    /// The rows with these addresses are never folded: the cursor's, and the ends of what was read.
    pub keep: [u64; 3],
}

impl DiffView<'_> {
    /// The line that shows `addr`, or the last one.
    pub fn line(&self, addr: u64) -> ViewLine {
        let width = self.width as u64;
        let addr = self.row(addr.min(self.len().saturating_sub(1)));
        if !self.folds(addr) {
            return ViewLine { addr, len: width, folded: false };
        }
        let start = self.fold_start(addr);
        ViewLine { addr: start, len: self.fold_end(addr) - start, folded: true }
    }

    /// The line below, if any.
    pub fn below(&self, line: ViewLine) -> Option<ViewLine> {
        (line.addr + line.len < self.len()).then(|| self.line(line.addr + line.len))
    }

    /// The line above, if any.
    pub fn above(&self, line: ViewLine) -> Option<ViewLine> {
        line.addr.checked_sub(1).map(|addr| self.line(addr))
    }

    /// The size of the memory before or after, whichever is larger.
    pub fn len(&self) -> u64 {
        self.before.len().max(self.after.len())
    }

    /// Whether the memory is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the row at `addr` was written.
    pub fn is_marked(&self, addr: u64) -> bool {
        self.marks.touch(addr, self.width)
    }

    fn row(&self, addr: u64) -> u64 {
        addr - addr % self.width as u64
    }

    /// Whether the row at `addr` is folded. That depends only on the row and its neighbours.
    fn folds(&self, addr: u64) -> bool {
        let width = self.width as u64;
        let grown = self.before.len() != self.after.len();
        let at_growth = grown && (addr == self.before.len() || addr + width == self.before.len());
        addr >= width
            && addr + 2 * width <= self.len()
            && !addr.is_multiple_of(MILESTONE)
            && !self.keep.iter().any(|&kept| addr == self.row(kept))
            && !at_growth
            && self.is_even(self.before, addr)
            && self.is_even(self.after, addr)
            && !self.is_marked(addr)
    }

    /// Whether a row is equal to both its neighbours.
    fn is_even(&self, image: &Image, addr: u64) -> bool {
        let mut bytes = [0; 3 * super::MAX_WIDTH];
        let width = self.width;
        let known = image.read(addr - width as u64, &mut bytes[..3 * width]);
        bytes[..2 * width] == bytes[width..3 * width] && (known == 3 * width || known == 0)
    }

    fn fold_end(&self, addr: u64) -> u64 {
        let (width, page) = (self.width as u64, PAGE as u64);
        let mut end = addr + width;
        while self.folds(end) {
            if !end.is_multiple_of(page) || !self.is_flat(end) {
                end += width;
                continue;
            }
            // Everything between the first and the last row of uniform pages folds.
            let clear = self.marks.next_page(end).unwrap_or(u64::MAX);
            let stop = (end / MILESTONE + 1) * MILESTONE;
            while end + page < clear.min(stop) && self.is_blank(end) && self.is_blank(end + page) {
                end += page;
            }
            end += page - width;
        }
        end
    }

    fn fold_start(&self, addr: u64) -> u64 {
        let (width, page) = (self.width as u64, PAGE as u64);
        let mut start = addr;
        while start > 0 && self.folds(start - width) {
            start -= width;
            if !(start + width).is_multiple_of(page) || !self.is_flat(start) {
                continue;
            }
            let mut base = start + width - page;
            let clear = self.marks.previous_page(base).map_or(0, |addr| addr + page);
            let stop = base / MILESTONE * MILESTONE;
            while base > clear.max(stop) && self.is_blank(base) && self.is_blank(base - page) {
                base -= page;
            }
            start = base + width;
        }
        start
    }

    /// Whether all rows of a page are equal, and it contains neither written bytes nor the cursor.
    fn is_flat(&self, addr: u64) -> bool {
        self.marks.next_page(addr) != Some(addr - addr % PAGE as u64)
            && !self.holds_exception(addr)
            && self.before.repeats(addr, self.width)
            && self.after.repeats(addr, self.width)
    }

    /// Whether a page is known to be zero before and after, without reading it.
    fn is_blank(&self, addr: u64) -> bool {
        self.before.is_untouched(addr) && self.after.is_untouched(addr) && !self.holds_exception(addr)
    }

    /// Whether a page contains the cursor, the address from which the memory grew, or the memory's end.
    fn holds_exception(&self, addr: u64) -> bool {
        let base = addr - addr % PAGE as u64;
        let around = base..=base + PAGE as u64;
        base + PAGE as u64 >= self.len()
            || self.keep.iter().any(|kept| (base..base + PAGE as u64).contains(kept))
            || (self.before.len() != self.after.len() && around.contains(&self.before.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Actor, Change, Evidence};

    fn lines(sight: &DiffView<'_>) -> Vec<ViewLine> {
        std::iter::successors(Some(sight.line(0)), |line| sight.below(*line)).collect()
    }

    fn shown(sight: &DiffView<'_>) -> Vec<(u64, u64)> {
        lines(sight).iter().map(|line| (line.addr, line.len)).collect()
    }

    #[test]
    fn equal_rows_fold_and_a_change_never_does() {
        let before = vec![Image::zeroed(1 << 16)];
        let mut after = before.clone();
        let mut changes = vec![Change::bytes(0, 0x5000, &[0], &[7], Actor::Guest, Evidence::Found)];
        changes.iter().for_each(|change| change.redo(&mut after));
        // A byte rewritten with its old value: only its mark shows the change.
        changes.push(Change::bytes(0, 0x9018, &[0], &[0], Actor::Host, Evidence::Written));
        let marks = Marks::new(0, &changes, &before, &after);
        let sight = DiffView { before: &before[0], after: &after[0], marks: &marks, width: 16, keep: [0xa008; 3] };
        assert_eq!(
            shown(&sight),
            [
                (0, 16),
                (0x10, 0x4fe0),
                (0x4ff0, 16),
                (0x5000, 16),
                (0x5010, 16),
                (0x5020, 0x3ff0),
                (0x9010, 16),
                (0x9020, 0xfe0),
                (0xa000, 16),
                (0xa010, 0x5fe0),
                (0xfff0, 16)
            ]
        );
    }

    #[test]
    fn growth_is_apart_from_what_was_there() {
        let (before, after) = (Image::zeroed(1 << 16), Image::zeroed(2 << 16));
        let marks = Marks::default();
        let sight = DiffView { before: &before, after: &after, marks: &marks, width: 16, keep: [0; 3] };
        assert_eq!(shown(&sight)[1..5], [(16, 0xffe0), (0xfff0, 16), (0x10000, 16), (0x10010, 0xffe0)]);
    }

    #[test]
    fn lines_are_the_same_from_wherever_one_comes() {
        let mut image = Image::zeroed(4 << 30);
        image.write(0x12_3456, &[1; 9000]);
        image.write(0x3000_0000, &[1; 100]);
        let marks = Marks::default();
        for width in [8, 16, 32] {
            let sight = DiffView {
                before: &image,
                after: &image,
                marks: &marks,
                width,
                keep: [0x777_7777, 0x1000, 0x3fff_f000],
            };
            let down = lines(&sight);
            let last = *down.last().expect("there is one");
            let mut up: Vec<_> = std::iter::successors(Some(last), |line| sight.above(*line)).collect();
            up.reverse();
            assert_eq!(down, up);
            assert_eq!(down.iter().map(|line| line.len).sum::<u64>(), 4 << 30);
            assert!(down.len() < 5000, "{}", down.len());
            for line in down.iter().filter(|line| line.folded) {
                assert_eq!(sight.line(line.addr + line.len / 2 / 32 * 32), *line);
            }
        }
    }
}
