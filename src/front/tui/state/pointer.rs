//! The mouse: a press moves the cursor or selects a step, a drag selects bytes, the wheel scrolls.

use ratatui::layout::{Position, Rect};

use super::app::App;
use super::lines::below_title;
use super::panels::exchanges::Transcript;
use super::panels::{Panel, changes, functions, regions, structs};
use super::steps::{StepRow, StepSpot};
use super::{steps, strip};
use crate::front::tui::input::action::Direction;
use crate::front::tui::input::mode::Focus;
use crate::record::Found;
use crate::view::Selection;

impl App {
    /// Handles a press of the button.
    pub(super) fn press(&mut self, at: Position) {
        if let Some(addr) = self.byte_at(at) {
            self.overlays.close_prompt();
            self.focus = Focus::Memory;
            self.space.anchor = None;
            self.space.cursor = addr;
        } else if let Some(addr) = self.panel_address(at) {
            self.focus = Focus::Memory;
            self.goto(addr);
        } else if let Some(found) = self.writer_at(at) {
            self.focus = Focus::Memory;
            self.go_to_found(found);
        } else if let Some(spot) = self.step_at(at) {
            self.go_to_spot(spot);
        } else if let Some(number) = self.exchange_at(at) {
            self.goto_exchange(number);
        }
    }

    /// Extends the selection to this position. Beyond the panes it scrolls line by line.
    pub(super) fn drag(&mut self, at: Position) {
        let (above, below) = (self.layout.before.y.min(self.layout.after.y), self.layout.after.bottom());
        if let Some(addr) = self.byte_at(at) {
            self.space.anchor.get_or_insert(self.space.cursor);
            self.space.cursor = addr;
        } else if self.space.anchor.is_some() && at.y >= below {
            self.move_lines(Direction::Forward, 1);
        } else if self.space.anchor.is_some() && at.y <= above {
            self.move_lines(Direction::Back, 1);
        }
    }

    /// The address of the byte at a screen position, in the hex or the text column.
    fn byte_at(&self, at: Position) -> Option<u64> {
        let panes = [below_title(self.layout.before), below_title(self.layout.after)];
        let pane = panes.into_iter().find(|pane| pane.contains(at))?;
        let rows = self.pane_rows()?;
        let line = rows.line_in(self.space.top, usize::from(at.y - pane.y))?;
        let addr = line.addr + self.place_at(at.x, pane)? as u64;
        (!line.folded && addr < rows.view.len()).then_some(addr)
    }

    /// The index in its row of the byte in that column.
    fn place_at(&self, x: u16, pane: Rect) -> Option<usize> {
        let (width, column) = (self.layout.width, usize::from(x - pane.x));
        // The gutter and the address; a gap before each byte and another before each group of eight; two gaps; the
        // text.
        let digits = |place: usize| 9 + place / 8 + 1 + 3 * place;
        let text = digits(width - 1) + 3 + 2;
        (0..width).find(|&place| (digits(place)..digits(place) + 3).contains(&column) || column == text + place)
    }

    /// The address of the panel's line at a position.
    fn panel_address(&self, at: Position) -> Option<u64> {
        let (area, cursor) = (self.layout.side, self.space.cursor);
        match self.shown_panel() {
            Panel::Changes if self.panels.by_function => functions::address(self.writes()?, area, at),
            Panel::Changes => changes::address(self.view()?.marks, cursor, area, at),
            Panel::Regions => regions::address(&self.space.regions, cursor, area, at),
            Panel::Structs => structs::address(&structs::members(&self.session, &self.view()?)?, cursor, area, at),
            Panel::Map => self.panels.map.as_ref()?.address(at),
            Panel::Values | Panel::Exchanges | Panel::Source | Panel::Writers => None,
        }
    }

    /// What a row of the steps is about.
    fn step_at(&self, at: Position) -> Option<StepSpot> {
        steps::spot_at(self.time.selection.as_ref()?, self.accesses(), self.layout.steps, at)
    }

    fn writer_at(&self, at: Position) -> Option<Found> {
        let touched = self.panels.touched.as_ref().filter(|_| self.shown_panel() == Panel::Writers)?;
        touched.writer_at(self.layout.side, at)
    }

    fn go_to_found(&mut self, found: Found) {
        let cursor = self.space.cursor;
        let to = Selection::of_touch(self.session.run(), self.time.selection.as_ref(), found);
        match to {
            Some(to) => self.look_at(to),
            None => self.notice("the memory at this write is unknown: accesses were not kept"),
        }
        self.space.cursor = cursor;
        self.reveal(1);
    }

    fn go_to_spot(&mut self, spot: StepSpot) {
        match spot {
            StepSpot::Whole => self.goto_step(None),
            StepSpot::Row(StepRow::Step(place)) => self.goto_step(Some(place)),
            StepSpot::Row(StepRow::Access(number)) => {
                self.go_to_access(number, Direction::Forward, &(0..u64::MAX));
            }
            StepSpot::Row(StepRow::Group(group)) => {
                let first = self.accesses().and_then(|accesses| accesses.groups().get(group));
                let Some(number) = first.map(|group| group.accesses.start) else { return };
                self.go_to_access(number, Direction::Forward, &(0..u64::MAX));
            }
        }
    }

    /// The exchange at a position, in the strip or in the panel.
    fn exchange_at(&self, at: Position) -> Option<usize> {
        if self.layout.strip.contains(at) {
            let is_open = self.session.run().is_unfinished();
            return strip::exchange_at(&self.time.timeline, is_open, self.layout.strip, at);
        }
        let area = if self.shown_panel() == Panel::Exchanges { self.layout.side } else { self.layout.transcript };
        Transcript::new(self.session.run(), self.time.selection.as_ref(), area).exchange_at(at)
    }
}
