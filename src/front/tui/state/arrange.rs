//! The arrangement of the panes: which the user chose, and which rows of the screen the lists may take.

use ratatui::layout::Rect;

use super::app::App;
use super::layout::{Arrangement, Extra, Layout, SIDE_BY_SIDE};
use super::lines::to_u16;
use super::needed::Needed;
use super::panels::{Panel, structs};
use crate::front::tui::input::action::Direction;

impl App {
    /// The layout for a screen of that size. The lists use rows that memory leaves empty before they scroll.
    pub(super) fn laid_out(&mut self, area: Rect) -> Layout {
        let message = self.message_rows - 1;
        self.layout = Layout::new(area, self.shape, self.focus, Extra { lists: 0, message });
        let wanted = self.list_rows().saturating_sub(usize::from(self.layout.steps.height));
        let cause = self.time.selection.as_ref().map_or(0, |at| at.cause);
        let of = Some((area, self.shape, self.focus, cause, self.memory()));
        if self.needed.of != of {
            self.needed = Needed { of, rows: 0 };
        }
        let Some(rows) = self.pane_rows() else { return self.layout };
        let count = rows.count;
        let used = rows.used(count);
        self.needed.rows = self.needed.rows.max(used);
        // Stacked panes both give up their rows.
        let panes = if self.layout.arrangement == Arrangement::Stacked { 2 } else { 1 };
        let more = wanted.min(panes * count.saturating_sub(self.needed.rows));
        Layout::new(area, self.shape, self.focus, Extra { lists: to_u16(more), message })
    }

    /// Gives that many rows to the message above the input line. Returns false if it has as many.
    pub(crate) fn give_rows(&mut self, rows: u16) -> bool {
        std::mem::replace(&mut self.message_rows, rows.max(1)) != rows.max(1)
    }

    /// The rows that the steps and the panel beside them need, titles included.
    fn list_rows(&self) -> usize {
        let steps = self.time.selection.as_ref().map_or(0, |at| at.steps());
        let panel = match self.shown_panel() {
            Panel::Changes => self.view().map_or(0, |view| view.marks.ranges()),
            Panel::Regions => self.space.regions.len(),
            Panel::Exchanges => self.session.run().len().saturating_sub(1),
            // The writer, the origin and the values.
            Panel::Values => 20,
            Panel::Structs => {
                let view = self.view().and_then(|view| structs::members(&self.session, &view));
                view.map_or(0, |view| view.rows.len())
            }
            Panel::Map | Panel::Writers | Panel::Source => 0,
        };
        1 + steps.max(panel)
    }

    /// Switches to the next arrangement that fits.
    pub(super) fn rearrange(&mut self) {
        if !self.layout.has_memory() {
            return self.notice("the screen is too small to show memory");
        }
        let order = [Arrangement::Sides, Arrangement::Stacked, Arrangement::One];
        let at = order.iter().position(|&one| one == self.layout.arrangement).unwrap_or(0);
        let area = self.layout.area;
        let mut skipped = String::new();
        for step in 1..=order.len() {
            self.shape.arrangement = Some(order[(at + step) % order.len()]);
            let arranged = Layout::new(area, self.shape, self.focus, Extra::default()).arrangement;
            if Some(arranged) == self.shape.arrangement {
                break;
            }
            // The other arrangements fit wherever memory is shown.
            skipped = format!(" (side by side takes {SIDE_BY_SIDE} columns; the screen has {})", area.width);
        }
        self.arrange(area);
        let arranged = match self.layout.arrangement {
            Arrangement::Sides => "before and after side by side",
            Arrangement::Stacked => "before above after",
            Arrangement::One => "one pane: a changed row is shown before (-) and after",
        };
        self.notice(&format!("{arranged}{skipped}"));
    }

    /// Switches to the next number of bytes per row.
    pub(super) fn widen(&mut self, direction: Direction) {
        const WIDTHS: [Option<usize>; 4] = [None, Some(8), Some(16), Some(32)];
        let at = WIDTHS.iter().position(|&width| width == self.shape.width).unwrap_or(0);
        let to = if direction == Direction::Forward { at + 1 } else { at + WIDTHS.len() - 1 };
        self.shape.width = WIDTHS[to % WIDTHS.len()];
        self.arrange(self.layout.area);
        let text = match self.shape.width {
            None => "as many bytes per row as fit".to_owned(),
            Some(width) if self.layout.width < width => {
                format!("{width} bytes per row; only {} fit on this screen", self.layout.width)
            }
            Some(width) => format!("{width} bytes per row"),
        };
        self.notice(&text);
    }
}
