//! A list overlay: changes, regions or matches. Choosing a line goes to its address.

use std::cmp::Reverse;

use ratatui::layout::{Position, Rect};

use super::outcome::{Outcome, moved};
use crate::command::Place;
use crate::front::tui::input::action::Action;
use crate::front::tui::state::lines::{below_title, window};

/// A list and its selected line.
pub(crate) struct List {
    pub(crate) title: String,
    pub(crate) places: Vec<Place>,
    pub(crate) selected: usize,
    area: Rect,
}

impl List {
    /// A list, with the line selected that is at the cursor or the last one before it.
    pub(crate) fn new(title: String, places: Vec<Place>, cursor: u64) -> List {
        let near = |place: &Place| place.addr.filter(|&addr| addr <= cursor);
        let best = places.iter().enumerate().filter_map(|(number, place)| Some((near(place)?, number)));
        // Of several lines with one address, take the first.
        let best = best.max_by_key(|&(addr, number)| (addr, Reverse(number)));
        List { title, places, selected: best.map_or(0, |(_, number)| number), area: Rect::default() }
    }

    pub(super) fn arrange(&mut self, area: Rect) {
        self.area = area;
    }

    pub(super) fn handle(&mut self, action: Action) -> Outcome {
        let (last, page) = (self.places.len().saturating_sub(1), usize::from(below_title(self.area).height));
        if let Some(selected) = moved(action, self.selected, page, last) {
            self.selected = selected;
            return Outcome::Done;
        }
        match action {
            Action::Accept => self.go_from(self.selected),
            Action::Press(at) => self.line_at(at).map_or(Outcome::Close, |number| self.go_from(number)),
            Action::Drag(_) => Outcome::Done,
            Action::Close => Outcome::Close,
            _ => Outcome::Pass,
        }
    }

    /// The visible lines, each with its area.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (usize, Rect)> + use<> {
        window(self.places.len(), self.selected, below_title(self.area))
    }

    fn line_at(&self, at: Position) -> Option<usize> {
        self.shown().find(|(_, line)| line.contains(at)).map(|(number, _)| number)
    }

    fn go_from(&self, number: usize) -> Outcome {
        let Some(place) = self.places.get(number) else { return Outcome::Close };
        match (place.at, place.addr) {
            (Some((cause, step)), addr) => Outcome::Visit(cause, step, addr),
            (None, Some(addr)) => Outcome::Goto(addr),
            (None, None) => Outcome::Close,
        }
    }
}
