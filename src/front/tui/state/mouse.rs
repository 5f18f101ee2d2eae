//! The mouse: the wheel scrolls, a click moves the cursor or selects a step, a drag selects bytes.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::app::App;
use crate::front::tui::draw::cells::below_title;
use crate::front::tui::input::keys::{Direction, Focus};
use crate::view::ViewLine;

/// How many lines the wheel scrolls.
const WHEEL: usize = 3;

impl App {
    pub(in crate::front::tui) fn mouse(&mut self, event: MouseEvent) {
        let at = Position::new(event.column, event.row);
        if self.list.is_some() {
            return self.mouse_in_list(event.kind, at);
        }
        match event.kind {
            MouseEventKind::ScrollUp => self.scroll(Direction::Back, WHEEL),
            MouseEventKind::ScrollDown => self.scroll(Direction::Forward, WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::Drag(MouseButton::Left) => self.drag(at),
            _ => return,
        }
        self.look_around();
    }

    /// Selects from where the button was pressed to here; beyond the panes it goes on line by line.
    fn drag(&mut self, at: Position) {
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

    fn mouse_in_list(&mut self, kind: MouseEventKind, at: Position) {
        match kind {
            MouseEventKind::ScrollUp => self.scroll_list(Direction::Back, WHEEL),
            MouseEventKind::ScrollDown => self.scroll_list(Direction::Forward, WHEEL),
            MouseEventKind::Down(MouseButton::Left) => self.click_in_list(at),
            _ => (),
        }
    }

    fn click(&mut self, at: Position) {
        self.notice = None;
        self.help = None;
        if let Some(addr) = self.byte_at(at) {
            self.dismiss();
            self.focus = Focus::Memory;
            self.space.anchor = None;
            self.space.cursor = addr;
            return;
        }
        if let Some(addr) = self.panel_address(at) {
            self.focus = Focus::Memory;
            return self.goto(addr);
        }
        if let Some(place) = self.step_at(at) {
            self.goto_step(place);
        } else if let Some(number) = self.exchange_at(at) {
            self.goto_exchange(number);
        }
    }

    /// The address of the byte that is shown at a place of the screen, as digits or as text.
    fn byte_at(&self, at: Position) -> Option<u64> {
        let panes = [below_title(self.layout.before), below_title(self.layout.after)];
        let pane = panes.into_iter().find(|pane| pane.contains(at))?;
        let line = self.line_at(usize::from(at.y - pane.y))?;
        let place = self.place_at(at.x, pane)?;
        let addr = line.addr + place as u64;
        (!line.folded && addr < self.sight()?.len()).then_some(addr)
    }

    /// The line in that row of a pane.
    fn line_at(&self, row: usize) -> Option<ViewLine> {
        let sight = self.sight().filter(|sight| !sight.is_empty())?;
        let mut lines = std::iter::successors(Some(sight.line(self.space.top)), |line| sight.below(*line));
        let mut rows = 0;
        lines.find(|line| {
            rows += self.height(&sight, *line);
            rows > row
        })
    }

    /// The place in its row of the byte in that column.
    fn place_at(&self, x: u16, pane: Rect) -> Option<usize> {
        let (width, column) = (self.layout.width, usize::from(x - pane.x));
        // A gutter, the address; a gap before each byte and one more before each eighth; two gaps; the text.
        let digits = |place: usize| 9 + place / 8 + 1 + 3 * place;
        let text = digits(width - 1) + 3 + 2;
        (0..width).find(|&place| (digits(place)..digits(place) + 3).contains(&column) || column == text + place)
    }
}
