//! Where the parts of the screen are, for any size of it.

use ratatui::layout::Rect;

use crate::front::tui::input::mode::Focus;

/// Columns of a row of memory without its bytes: a gutter, the address, the gap before the text.
const ROW_FRAME: u16 = 11;
/// The most columns for the list of steps: no step needs more but by a long name.
const STEPS: u16 = 72;
/// The same while the keys go to the memory.
const STEPS_ASIDE: u16 = 44;
/// The columns that a panel beside the steps needs.
const SIDE: u16 = 44;
/// The rows of the smallest screen that has one for the strip of exchanges.
const STRIP: u16 = 18;
/// The columns of the narrowest screen that shows memory before and after side by side: two rows of 8 bytes, and the
/// line between them.
pub(crate) const SIDE_BY_SIDE: u16 = 2 * row_of(8) + 1;
/// The smallest screen that has room for memory.
const SMALLEST: (u16, u16) = (44, 12);

/// How the panes of memory before and after are arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// Before left of after.
    #[default]
    Sides,
    /// Before above after.
    Stacked,
    /// One pane, in which a changed row is shown twice: as it was, and as it is.
    One,
}

/// What the user says about the panes; `None` is whatever fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) arrangement: Option<Arrangement>,
    /// Bytes in a row.
    pub(crate) width: Option<usize>,
}

/// Where the parts of the screen are. A part that has no room has an empty area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) area: Rect,
    pub(crate) header: Rect,
    /// The exchanges of the run, a cell for each.
    pub(crate) strip: Rect,
    /// Memory before and after, each with a title in its first row.
    pub(crate) before: Rect,
    pub(crate) after: Rect,
    /// The list of steps, with a title.
    pub(crate) steps: Rect,
    /// What is shown beside the steps, with a title.
    pub(crate) side: Rect,
    /// The exchanges so far, with a title, where there is room for them too.
    pub(crate) transcript: Rect,
    /// What the selected step did, in a sentence.
    pub(crate) sentence: Rect,
    /// A notice, what the guest is doing, or the answer.
    pub(crate) status: Rect,
    pub(crate) input: Rect,
    pub(crate) bar: Rect,
    pub(crate) arrangement: Arrangement,
    /// Bytes in a row of memory.
    pub(crate) width: usize,
    /// Rows of memory in each pane.
    pub(crate) rows: usize,
}

impl Layout {
    /// The layout for a screen of that size. Where it is too small, only status and input have room.
    pub(crate) fn new(area: Rect, shape: Shape, focus: Focus) -> Layout {
        let mut layout = Layout { area, width: 8, ..Layout::default() };
        let mut rest = area;
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            layout.input = from_bottom(&mut rest, 1);
            layout.status = rest;
            return layout;
        }
        layout.header = from_top(&mut rest, 1);
        layout.strip = from_top(&mut rest, u16::from(area.height >= STRIP));
        layout.bar = from_bottom(&mut rest, 1);
        layout.input = from_bottom(&mut rest, 1);
        layout.status = from_bottom(&mut rest, 1);
        layout.sentence = from_bottom(&mut rest, 1);
        let list_rows = (rest.height / 3).clamp(2, 12);
        let lists = from_bottom(&mut rest, list_rows);
        // Who looks around needs the values at the cursor more than the ends of the steps.
        let most = if focus == Focus::Input { STEPS } else { STEPS_ASIDE };
        (layout.steps, layout.side) = split(lists, (lists.width * 2 / 3).min(most.max(lists.width / 4)));
        if layout.side.width > 2 * SIDE {
            (layout.side, layout.transcript) = halves(layout.side);
        }
        layout.memory(rest, shape);
        layout
    }

    /// Before beside after where a row of 8 bytes fits twice, else one above the other, unless the user wants
    /// another arrangement that has room.
    fn memory(&mut self, area: Rect, shape: Shape) {
        let (left, right) = halves(area);
        let sides = fitting(left.width, shape.width);
        let below = Rect { y: area.y + area.height / 2, height: area.height / 2, ..area };
        let above = Rect { height: below.height, ..area };
        let whole = fitting(area.width, shape.width).unwrap_or(8);
        (self.arrangement, self.before, self.after, self.width) = match (shape.arrangement, sides) {
            (Some(Arrangement::One), _) => (Arrangement::One, Rect { width: 0, ..area }, area, whole),
            (None | Some(Arrangement::Sides), Some(width)) => (Arrangement::Sides, left, right, width),
            _ => (Arrangement::Stacked, above, below, whole),
        };
        self.rows = usize::from(self.after.height.saturating_sub(1));
    }

    /// Whether there is room for memory at all.
    pub(crate) fn has_memory(&self) -> bool {
        self.after.height > 0
    }
}

/// The most bytes whose row fits into that many columns, and not more than are wanted.
fn fitting(columns: u16, wanted: Option<usize>) -> Option<usize> {
    let width =
        [32, 16, 8].into_iter().find(|&width| row_of(width) <= columns && usize::from(width) <= wanted.unwrap_or(32));
    width.map(usize::from)
}

/// The columns of a row of that many bytes.
const fn row_of(bytes: u16) -> u16 {
    ROW_FRAME + 4 * bytes + bytes / 8
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
