//! The two panes of memory, drawn cell by cell: a frame allocates nothing for them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::theme::Theme;
use crate::record::{Actor, Image};
use crate::view::{Mark, Marks, Row, glyph};

/// Which of the two panes it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// What a pane shows.
pub(super) struct Pane<'a> {
    pub(super) side: Side,
    pub(super) image: &'a Image,
    pub(super) marks: &'a Marks,
    /// The address of the first row.
    pub(super) top: u64,
    /// Bytes in a row.
    pub(super) width: usize,
    pub(super) theme: Theme,
}

const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
const SPACE: &str = " ";

impl Pane<'_> {
    /// Draws the rows of memory into `area`.
    pub(super) fn draw(&self, area: Rect, buffer: &mut Buffer) {
        for line in 0..area.height {
            let addr = self.top + u64::from(line) * self.width as u64;
            let row = Row::new(self.image, self.marks, addr, self.width);
            if row.exists() {
                self.draw_row(&row, Rect { y: area.y + line, height: 1, ..area }, buffer);
            }
        }
    }

    fn draw_row(&self, row: &Row, area: Rect, buffer: &mut Buffer) {
        let mut pen = Pen { buffer, x: area.x, y: area.y, end: area.right() };
        let (letter, style) = self.gutter(row);
        pen.put(letter, style);
        for shift in (0..8).rev() {
            pen.put(DIGITS[digit(row.addr >> (4 * shift))], Style::new());
        }
        for (place, cell) in row.cells().iter().enumerate() {
            let joined = self.style(cell.mark) == self.style(previous(row, place)) && !place.is_multiple_of(8);
            let gap = if joined { self.style(cell.mark) } else { Style::new() };
            if place.is_multiple_of(8) {
                pen.put(SPACE, Style::new());
            }
            pen.put(SPACE, gap);
            let Some(byte) = cell.byte else {
                pen.put(SPACE, Style::new());
                pen.put(SPACE, Style::new());
                continue;
            };
            pen.put(DIGITS[digit(u64::from(byte >> 4))], self.style(cell.mark));
            pen.put(DIGITS[digit(u64::from(byte))], self.style(cell.mark));
        }
        pen.put(SPACE, Style::new());
        pen.put(SPACE, Style::new());
        for cell in row.cells() {
            if let Some(byte) = cell.byte {
                pen.put_char(glyph(byte), self.style(cell.mark));
            }
        }
    }

    fn style(&self, mark: Mark) -> Style {
        match self.side {
            Side::Before => self.theme.before(mark),
            Side::After => self.theme.after(mark),
        }
    }

    /// The letter that says, without colour, that a row was written and by whom.
    fn gutter(&self, row: &Row) -> (&'static str, Style) {
        let wrote = |actor| {
            row.cells().iter().any(|cell| matches!(cell.mark, Mark::Changed(by) | Mark::Rewritten(by) if by == actor))
        };
        match (wrote(Actor::Host), wrote(Actor::Guest), wrote(Actor::Module)) {
            (true, true, _) => ("*", self.theme.title()),
            (true, ..) => ("h", self.theme.actor(Actor::Host)),
            (_, true, _) => ("g", self.theme.actor(Actor::Guest)),
            (.., true) => ("m", self.theme.actor(Actor::Module)),
            _ => (SPACE, Style::new()),
        }
    }
}

fn previous(row: &Row, place: usize) -> Mark {
    place.checked_sub(1).map_or(Mark::None, |place| row.cells()[place].mark)
}

fn digit(n: u64) -> usize {
    usize::from((n & 0xf) as u8)
}

/// Puts cells from left to right, up to an end.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl Pen<'_> {
    fn put(&mut self, symbol: &'static str, style: Style) {
        if self.x < self.end {
            self.buffer[(self.x, self.y)].set_symbol(symbol).set_style(style);
            self.x += 1;
        }
    }

    fn put_char(&mut self, c: char, style: Style) {
        if self.x < self.end {
            self.buffer[(self.x, self.y)].set_char(c).set_style(style);
            self.x += 1;
        }
    }
}
