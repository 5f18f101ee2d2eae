//! Changing the arrangement of the panes.

use super::app::App;
use super::layout::{Arrangement, Layout, SIDE_BY_SIDE};
use crate::front::tui::input::action::Direction;

impl App {
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
            let arranged = Layout::new(area, self.shape, self.focus).arrangement;
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
