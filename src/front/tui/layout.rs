//! Where the parts of the screen lie, for any size of it.

use ratatui::layout::Rect;

/// Columns of a row of memory besides its bytes: a gutter, the address, the gap before the text.
const ROW_FRAME: u16 = 11;
/// The most columns for the list of steps: no step needs more but by a long name.
const STEPS: u16 = 72;
/// The smallest screen that has room for memory.
const SMALLEST: (u16, u16) = (44, 12);

/// Where the parts of the screen lie. A part that has no room has an empty area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Layout {
    pub(super) area: Rect,
    pub(super) header: Rect,
    /// Memory before and after, each with a title in its first row.
    pub(super) before: Rect,
    pub(super) after: Rect,
    /// The list of crossings, with a title.
    pub(super) steps: Rect,
    /// The exchanges so far, with a title.
    pub(super) transcript: Rect,
    /// What the selected step did, in a sentence.
    pub(super) sentence: Rect,
    /// A notice, what the guest is doing, or the answer.
    pub(super) status: Rect,
    pub(super) input: Rect,
    pub(super) bar: Rect,
    /// Bytes in a row of memory.
    pub(super) width: usize,
    /// Rows of memory in each pane.
    pub(super) rows: usize,
}

impl Layout {
    /// The layout for a screen of that size. Where it is too small, only status and input have room.
    pub(super) fn new(area: Rect) -> Layout {
        let mut layout = Layout { area, width: 8, ..Layout::default() };
        let mut rest = area;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            layout.input = from_bottom(&mut rest, 1);
            layout.status = rest;
            return layout;
        }
        layout.header = from_top(&mut rest, 1);
        layout.bar = from_bottom(&mut rest, 1);
        layout.input = from_bottom(&mut rest, 1);
        layout.status = from_bottom(&mut rest, 1);
        layout.sentence = from_bottom(&mut rest, 1);
        let list_rows = (rest.height / 3).clamp(2, 12);
        let lists = from_bottom(&mut rest, list_rows);
        (layout.steps, layout.transcript) = split(lists, (lists.width * 2 / 3).min(STEPS));
        layout.memory(rest);
        layout
    }

    /// Before beside after where a row of 8 bytes fits twice, else one above the other.
    fn memory(&mut self, area: Rect) {
        let (left, right) = halves(area);
        let (before, after) = match fitting(left.width) {
            Some(width) => {
                self.width = width;
                (left, right)
            }
            None => {
                self.width = fitting(area.width).unwrap_or(8);
                let mut rest = area;
                let above = from_top(&mut rest, area.height / 2);
                (above, Rect { height: above.height, ..rest })
            }
        };
        (self.before, self.after) = (before, after);
        self.rows = usize::from(before.height.saturating_sub(1));
    }

    /// Whether there is room for memory at all.
    pub(super) fn has_memory(&self) -> bool {
        self.before.height > 0
    }
}

/// The most bytes whose row fits into that many columns.
fn fitting(columns: u16) -> Option<usize> {
    [32, 16, 8].into_iter().find(|&width: &u16| ROW_FRAME + 4 * width + width / 8 <= columns).map(usize::from)
}

fn halves(area: Rect) -> (Rect, Rect) {
    split(area, area.width.saturating_sub(1) / 2)
}

/// A left part of that many columns, a column between, and the rest.
fn split(area: Rect, columns: u16) -> (Rect, Rect) {
    let left = Rect { width: columns, ..area };
    let right = Rect { x: left.right() + 1, width: area.width.saturating_sub(left.width + 1), ..area };
    (left, right)
}

fn from_top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let part = Rect { height: rows, ..*rest };
    *rest = Rect { y: rest.y + rows, height: rest.height - rows, ..*rest };
    part
}

fn from_bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let part = Rect { y: rest.bottom() - rows, height: rows, ..*rest };
    *rest = Rect { height: rest.height - rows, ..*rest };
    part
}
