//! The panel of exchanges: one per line, with the guest's messages below the selected one.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, to_u16, window};
use crate::record::Run;
use crate::view::Selection;

/// The layout of the panel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transcript {
    /// The number of exchanges.
    pub(crate) count: usize,
    /// The number of the selected one; 0 for the start.
    pub(crate) selected: usize,
    /// The area for exchanges and messages.
    inside: Rect,
    /// How many of its rows show messages.
    said: u16,
}

impl Transcript {
    /// Lays out a run's exchanges in an area.
    pub(crate) fn new(run: &Run, at: Option<&Selection>, area: Rect) -> Transcript {
        let inside = below_title(area);
        let selected = at.map_or(0, |at| at.cause);
        let messages = at.map_or(0, |at| at.steps.messages(&at.node, None).len());
        let said = if selected > 0 { to_u16(messages.min(usize::from(inside.height) / 2)) } else { 0 };
        Transcript { count: run.len().saturating_sub(1), selected, inside, said }
    }

    /// The area for the exchanges alone.
    pub(crate) fn list(&self) -> Rect {
        Rect { height: self.inside.height - self.said, ..self.inside }
    }

    /// The visible exchanges, each with its row.
    pub(crate) fn shown(self) -> impl Iterator<Item = (usize, Rect)> {
        window(self.count, self.selected.saturating_sub(1), self.list()).map(move |(place, line)| {
            let number = place + 1;
            (number, Rect { y: line.y + if number > self.selected { self.said } else { 0 }, ..line })
        })
    }

    /// How many rows below the selected exchange show messages.
    pub(crate) fn message_rows(&self) -> u16 {
        self.said
    }

    /// The exchange in the line at that position.
    pub(crate) fn exchange_at(self, at: Position) -> Option<usize> {
        self.shown().find(|(_, line)| line.contains(at)).map(|(number, _)| number)
    }
}
