//! The panel of exchanges: each in a line, and below the selected one what the guest said in it.

use ratatui::layout::{Position, Rect};

use crate::front::tui::state::lines::{below_title, to_u16, window};
use crate::record::Run;
use crate::view::Selection;

/// The exchanges as the panel lists them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transcript {
    /// How many there are.
    pub(crate) count: usize,
    /// The number of the selected one; 0 for the start.
    pub(crate) selected: usize,
    /// Where they are listed, with what the guest said.
    inside: Rect,
    /// How many rows of that what the guest said takes.
    said: u16,
}

impl Transcript {
    /// The exchanges of a run in an area.
    pub(crate) fn new(run: &Run, at: Option<&Selection>, area: Rect) -> Transcript {
        let inside = below_title(area);
        let selected = at.map_or(0, |at| at.cause);
        let messages = at.map_or(0, |at| at.steps.messages(&at.node, None).len());
        let said = if selected > 0 { to_u16(messages.min(usize::from(inside.height) / 2)) } else { 0 };
        Transcript { count: run.len().saturating_sub(1), selected, inside, said }
    }

    /// The area that is left for the exchanges alone.
    pub(crate) fn list(&self) -> Rect {
        Rect { height: self.inside.height - self.said, ..self.inside }
    }

    /// The exchanges that are shown, each with its line.
    pub(crate) fn shown(self) -> impl Iterator<Item = (usize, Rect)> {
        window(self.count, self.selected.saturating_sub(1), self.list()).map(move |(place, line)| {
            let number = place + 1;
            (number, Rect { y: line.y + if number > self.selected { self.said } else { 0 }, ..line })
        })
    }

    /// How many rows below the selected exchange go to what the guest said.
    pub(crate) fn message_rows(&self) -> u16 {
        self.said
    }

    /// The number of the exchange in the line at that position.
    pub(crate) fn exchange_at(self, at: Position) -> Option<usize> {
        self.shown().find(|(_, line)| line.contains(at)).map(|(number, _)| number)
    }
}
