//! The rows of memory in a pane: which lines are visible, and how far to scroll.

use crate::front::tui::input::action::Direction;
use crate::view::{DiffView, ViewLine};

/// The rows of a pane.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PaneRows<'a> {
    pub(crate) view: DiffView<'a>,
    /// The height of the pane, in rows.
    pub(crate) count: usize,
    /// Whether a written row takes two rows: before and after.
    pub(crate) doubles: bool,
}

impl PaneRows<'_> {
    /// The height of a line, in rows.
    pub(crate) fn height(&self, line: ViewLine) -> usize {
        let doubled = self.doubles && !line.folded && self.view.is_marked(line.addr);
        if doubled && line.addr < self.view.before.len() { 2 } else { 1 }
    }

    /// How many rows the whole memory takes, if those are at most `most`, else more than that.
    pub(crate) fn used(&self, most: usize) -> usize {
        let mut rows = 0;
        for line in self.lines_from(self.view.line(0)) {
            rows += self.height(line);
            if rows > most {
                break;
            }
        }
        rows
    }

    /// The line that many rows away, or the last one before the end.
    pub(crate) fn walk(&self, from: ViewLine, rows: usize, direction: Direction) -> ViewLine {
        let (mut line, mut left) = (from, rows);
        while left > 0 {
            let Some(next) = beside(&self.view, line, direction) else { break };
            let Some(rest) = left.checked_sub(self.height(next)) else { break };
            (line, left) = (next, rest);
        }
        line
    }

    /// The first address of the last page, which leaves no row empty.
    pub(crate) fn last_top(&self) -> u64 {
        self.walk(self.view.line(u64::MAX), self.count.saturating_sub(1), Direction::Back).addr
    }

    /// The address of the first line after scrolling by that many rows from `top`.
    pub(crate) fn scrolled(&self, top: u64, rows: usize, direction: Direction) -> u64 {
        self.walk(self.view.line(top), rows, direction).addr.min(self.last_top())
    }

    /// The line in that row of a pane that starts at `top`.
    pub(crate) fn line_in(&self, top: u64, row: usize) -> Option<ViewLine> {
        let mut rows = 0;
        self.lines_from(self.view.line(top)).find(|line| {
            rows += self.height(*line);
            rows > row
        })
    }

    /// The scroll position nearest to `top` that makes `addr` visible. If it was not visible, `lead` lines precede it.
    pub(crate) fn reveal(&self, top: u64, addr: u64, lead: usize) -> u64 {
        let rows = self.count.max(1);
        let (row, first) = (self.view.line(addr), self.view.line(top));
        let shown = row.addr >= first.addr && self.shows(first, row);
        let top = match (shown, row.addr < first.addr || lead > 0) {
            (true, _) => first.addr,
            (false, true) => self.walk(row, lead.min(rows - 1), Direction::Back).addr,
            (false, false) => self.walk(row, rows.saturating_sub(self.height(row)), Direction::Back).addr,
        };
        if self.doubles { top } else { top.min(self.last_top()) }
    }

    /// Whether a line is visible in a pane that starts at `top`.
    fn shows(&self, top: ViewLine, row: ViewLine) -> bool {
        let mut left = self.count;
        for line in self.lines_from(top) {
            left = left.saturating_sub(self.height(line));
            if line.addr == row.addr {
                return true;
            }
            if left == 0 {
                return false;
            }
        }
        false
    }

    fn lines_from(&self, first: ViewLine) -> impl Iterator<Item = ViewLine> {
        std::iter::successors(Some(first), |line| self.view.below(*line))
    }
}

/// The line above or below.
pub(crate) fn beside(view: &DiffView<'_>, line: ViewLine, direction: Direction) -> Option<ViewLine> {
    match direction {
        Direction::Back => view.above(line),
        Direction::Forward => view.below(line),
    }
}
