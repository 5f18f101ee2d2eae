//! The layout: the areas of the screen's parts, for any size.

use ratatui::layout::Rect;

use crate::front::tui::input::mode::Focus;

/// Columns of a row of memory besides its bytes: the gutter, the address, the gap before the text.
const ROW_FRAME: u16 = 11;
/// The maximum width of the list of steps. Only long names need more.
const STEPS: u16 = 72;
/// The same if the memory has the focus.
const STEPS_ASIDE: u16 = 44;
/// The width that a panel beside the steps needs.
const SIDE: u16 = 44;
/// The minimum height of a screen with the strip of exchanges.
const STRIP: u16 = 18;
/// The minimum width for panes side by side: two rows of 8 bytes, and the line between them.
pub(crate) const SIDE_BY_SIDE: u16 = 2 * row_of(8) + 1;
/// The minimum size of a screen that shows memory.
const SMALLEST: (u16, u16) = (44, 12);

/// The arrangement of the panes before and after.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Arrangement {
    /// Before left of after.
    #[default]
    Sides,
    /// Before above after.
    Stacked,
    /// One pane, in which a changed row appears twice: before and after.
    One,
}

/// The user's choices about the panes; `None` chooses what fits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) arrangement: Option<Arrangement>,
    /// Bytes per row.
    pub(crate) width: Option<usize>,
}

/// Rows beyond those that a part has in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extra {
    /// For the lists: rows that memory leaves empty.
    pub(crate) lists: u16,
    /// For a long message.
    pub(crate) message: u16,
}

/// The areas of the screen's parts. A part that does not fit has an empty area.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) area: Rect,
    pub(crate) header: Rect,
    /// The run's exchanges, one cell for each.
    pub(crate) strip: Rect,
    /// The panes before and after, each with a title in its first row.
    pub(crate) before: Rect,
    pub(crate) after: Rect,
    /// The list of steps, with a title.
    pub(crate) steps: Rect,
    /// The panel beside the steps, with a title.
    pub(crate) side: Rect,
    /// The list of exchanges, with a title, if it fits as well.
    pub(crate) transcript: Rect,
    /// The summary of the selected step.
    pub(crate) sentence: Rect,
    /// A notice, what the guest is doing, or the answer.
    pub(crate) status: Rect,
    pub(crate) input: Rect,
    pub(crate) bar: Rect,
    pub(crate) arrangement: Arrangement,
    /// Bytes per row of memory.
    pub(crate) width: usize,
    /// Rows of memory in each pane.
    pub(crate) rows: usize,
}

impl Layout {
    /// The layout for a screen of that size. If it is too small, only status and input are shown.
    pub(crate) fn new(area: Rect, shape: Shape, focus: Focus, extra: Extra) -> Layout {
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
        let is_high = area.height >= STRIP;
        layout.status = from_bottom(&mut rest, 1 + if is_high { extra.message } else { 0 });
        layout.sentence = from_bottom(&mut rest, 1);
        let list_rows = ((rest.height / 3).clamp(2, 12) + extra.lists).min(rest.height.saturating_sub(4).max(2));
        let lists = from_bottom(&mut rest, list_rows);
        // When browsing memory, the values at the cursor matter more than the ends of the steps.
        let most = if focus == Focus::Input { STEPS } else { STEPS_ASIDE };
        (layout.steps, layout.side) = split(lists, (lists.width * 2 / 3).min(most.max(lists.width / 4)));
        if layout.side.width > 2 * SIDE {
            (layout.side, layout.transcript) = halves(layout.side);
        }
        layout.memory(rest, shape);
        layout
    }

    /// Side by side if a row of 8 bytes fits twice, else stacked, unless the user chose another arrangement that fits.
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

    /// Whether memory is shown at all.
    pub(crate) fn has_memory(&self) -> bool {
        self.after.height > 0
    }
}

/// The maximum number of bytes per row that fits into that many columns, at most `wanted`.
fn fitting(columns: u16, wanted: Option<usize>) -> Option<usize> {
    let width =
        [32, 16, 8].into_iter().find(|&width| row_of(width) <= columns && usize::from(width) <= wanted.unwrap_or(32));
    width.map(usize::from)
}

/// The width of a row of that many bytes.
const fn row_of(bytes: u16) -> u16 {
    ROW_FRAME + 4 * bytes + bytes / 8
}

fn halves(area: Rect) -> (Rect, Rect) {
    split(area, area.width.saturating_sub(1) / 2)
}

/// Splits an area into a left part of that many columns, a column between, and the rest.
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
