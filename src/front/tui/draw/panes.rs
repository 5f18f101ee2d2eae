//! The two panes of memory. Draws cell by cell, without allocating.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use super::labels::{Brackets, Sign, name_row};
use super::theme::Theme;
use crate::record::{Actor, Image};
use crate::view::{COVERED, DiffView, MAX_WIDTH, Mark, Pattern, Region, Regions, Row, ViewLine, characters, thousands};

/// Which memory a pane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
    /// Both in one pane; a changed row appears twice.
    Both,
}

/// What a pane shows.
pub(super) struct Pane<'a> {
    pub(super) side: Side,
    pub(super) view: DiffView<'a>,
    /// Memory after the guest's start, unless that is selected.
    pub(super) start: Option<&'a Image>,
    /// The address of the first line.
    pub(super) top: u64,
    /// The first and the last selected address: at least the cursor.
    pub(super) selected: (u64, u64),
    /// The search pattern, whose matches are marked everywhere.
    pub(super) pattern: Option<&'a Pattern>,
    /// The addresses that the selected step read.
    pub(super) read: Range<u64>,
    /// The named ranges.
    pub(super) regions: &'a Regions,
}

const DIGITS: [&str; 16] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"];
const SPACE: &str = " ";

impl<'a> Pane<'a> {
    /// Draws the lines of memory into `area`. Returns the regions that begin there and whose names do not fit.
    pub(super) fn draw(&self, area: Rect, canvas: &mut Canvas<'_>) -> Vec<&'a Region> {
        let mut left = Vec::new();
        if self.view.is_empty() {
            return left;
        }
        let mut rest = area;
        let mut next = Some(self.view.line(self.top));
        while let Some(line) = next.filter(|_| rest.height > 0) {
            if line.folded {
                self.draw_fold(line, rest, canvas, &mut left);
            } else if self.side == Side::Both {
                if self.view.is_marked(line.addr) && line.addr < self.view.before.len() {
                    self.draw_row(line.addr, Side::Before, rest, canvas, &mut left);
                    rest = below(rest);
                }
                if rest.height > 0 {
                    self.draw_row(line.addr, Side::After, rest, canvas, &mut left);
                }
            } else {
                self.draw_row(line.addr, self.side, rest, canvas, &mut left);
            }
            rest = below(rest);
            next = self.view.below(line);
        }
        left
    }

    /// Draws a folded line: its length, and the byte value if all bytes are equal.
    fn draw_fold(&self, line: ViewLine, area: Rect, canvas: &mut Canvas<'_>, left: &mut Vec<&'a Region>) {
        let grown = line.addr >= self.view.before.len();
        let image = if self.side == Side::Before { self.view.before } else { self.view.after };
        let mut bytes = [0; MAX_WIDTH];
        let text = match image.read(line.addr, &mut bytes[..self.view.width]) {
            0 => "         .. no memory yet".to_owned(),
            known => {
                let what = match bytes[..known].iter().all(|&byte| byte == bytes[0]) {
                    true => format!("{:02x}", bytes[0]),
                    false => "of equal rows".to_owned(),
                };
                let new = if grown { "new " } else { "" };
                format!("         .. {new}{} B {what}", thousands(line.len))
            }
        };
        let (end, _) = canvas.buffer.set_stringn(area.x, area.y, text, usize::from(area.width), Style::new());
        if grown && self.side != Side::Before && end > area.x {
            let title = canvas.theme.title();
            canvas.buffer[(area.x, area.y)].set_symbol("+").set_style(title);
        }
        if self.side != Side::Before {
            let canvas = (&mut *canvas.buffer, canvas.theme);
            name_row(self.regions, (line.addr, line.len), end + 1, area, canvas, left);
        }
    }

    fn draw_row(&self, addr: u64, side: Side, area: Rect, canvas: &mut Canvas<'_>, left: &mut Vec<&'a Region>) {
        let theme = canvas.theme;
        let image = if side == Side::Before { self.view.before } else { self.view.after };
        let mut row = Row::new(image, self.view.marks, addr, self.view.width);
        if !row.exists() {
            return;
        }
        if let (Some(start), Side::After) = (self.start, side) {
            row.compare(start);
        }
        let matched = self.pattern.map(|pattern| pattern.in_row(image, addr, self.view.width)).unwrap_or_default();
        let mut styles = [Style::new(); MAX_WIDTH];
        for (place, cell) in row.cells().iter().enumerate() {
            let plain = theme.byte(cell.byte.unwrap_or_default());
            let style = match side {
                Side::Before => plain.patch(theme.before(cell.mark)),
                _ if cell.mark == Mark::None && self.has_read(addr, place) => theme.read(),
                _ if cell.mark == Mark::None && cell.since_start => plain.patch(theme.since_start()),
                _ if cell.mark == Mark::None => plain,
                _ => theme.after(cell.mark),
            };
            styles[place] = if matched.inside & 1 << place == 0 { style } else { theme.matched(style) };
        }
        let mut pen = Pen { buffer: canvas.buffer, x: area.x, y: area.y, end: area.right() };
        let (letter, gutter) = self.gutter(&row, side, theme);
        pen.put(letter, gutter);
        for shift in (0..8).rev() {
            pen.put(DIGITS[digit(addr >> (4 * shift))], Style::new());
        }
        let regions = (side != Side::Before).then_some(self.regions);
        let brackets = Brackets::new((addr, self.view.width), self.selected, matched, regions, theme);
        for (place, cell) in row.cells().iter().enumerate() {
            let is_inner = place % 8 != 0;
            let is_same = is_inner && cell.mark == row.cells()[place - 1].mark;
            let is_read = || side == Side::After && self.has_read(addr, place) && self.has_read(addr, place - 1);
            let joined = is_same && (cell.mark != Mark::None || is_read());
            let gap = if joined { styles[place] } else { Style::new() };
            // The cursor and matches have brackets, so that they are visible whatever the bytes look like.
            if is_inner {
                pen.gap(brackets.between(place), gap);
            } else {
                pen.gap(place.checked_sub(1).and_then(|before| brackets.closing(before)), Style::new());
                pen.gap(brackets.opening(place), gap);
            }
            let digits = cell.byte.map(|byte| (digit(u64::from(byte >> 4)), digit(u64::from(byte))));
            match digits {
                Some((high, low)) => {
                    pen.put(DIGITS[high], styles[place]);
                    pen.put(DIGITS[low], styles[place]);
                }
                None => pen.skip(2),
            }
        }
        pen.gap(brackets.closing(self.view.width - 1), Style::new());
        pen.put(SPACE, Style::new());
        let shown = characters(image, addr, self.view.width);
        for place in (0..row.cells().len()).filter(|&place| row.cells()[place].byte.is_some()) {
            match shown[place] {
                COVERED => pen.cover(styles[place]),
                c => pen.put_char(c, styles[place], shown.get(place + 1) == Some(&COVERED)),
            }
        }
        let x = pen.x;
        if side == Side::After {
            let canvas = (&mut *canvas.buffer, theme);
            name_row(self.regions, (addr, self.view.width as u64), x, area, canvas, left);
        }
    }

    /// Whether the selected step read the byte at that index of a row.
    fn has_read(&self, addr: u64, place: usize) -> bool {
        self.read.contains(&(addr + place as u64))
    }

    /// Whether any byte of a row was read.
    fn is_read(&self, row: &Row) -> bool {
        self.read.start < row.addr.saturating_add(self.view.width as u64) && row.addr < self.read.end
    }

    /// The gutter's letter: says without colour whether a row was written and by whom, was read, is new, or was changed
    /// earlier.
    fn gutter(&self, row: &Row, side: Side, theme: Theme) -> (&'static str, Style) {
        let wrote = |actor| row.cells().iter().any(|cell| cell.mark.actor() == Some(actor));
        match (wrote(Actor::Host), wrote(Actor::Guest), wrote(Actor::Module)) {
            (false, false, false) if side == Side::After && self.is_read(row) => ("r", theme.reader()),
            (false, false, false) if row.addr >= self.view.before.len() => ("+", theme.title()),
            (false, false, false) if row.cells().iter().any(|cell| cell.since_start) => ("'", Style::new()),
            (false, false, false) => (SPACE, Style::new()),
            _ if self.side == Side::Both && side == Side::Before => ("-", theme.title()),
            (true, true, _) => ("*", theme.title()),
            (true, ..) => ("h", theme.actor(Actor::Host)),
            (_, true, _) => ("g", theme.actor(Actor::Guest)),
            _ => ("m", theme.actor(Actor::Module)),
        }
    }
}

fn below(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

fn digit(n: u64) -> usize {
    usize::from((n & 0xf) as u8)
}

/// Draws cells from left to right, up to a limit.
struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl Pen<'_> {
    /// A column between bytes. A sign in it is never styled as a byte.
    fn gap(&mut self, sign: Option<Sign>, style: Style) {
        let (symbol, style) = sign.unwrap_or((SPACE, style));
        self.put(symbol, style);
    }

    fn put(&mut self, symbol: &'static str, style: Style) {
        if self.x < self.end {
            let cell = &mut self.buffer[(self.x, self.y)];
            // Most gaps are blank already, and to compare takes less time than to set.
            if symbol != SPACE || cell.symbol() != SPACE {
                cell.set_symbol(symbol);
            }
            cell.set_style(style);
            self.x += 1;
        }
    }

    /// Draws a character, which may be two columns wide, if it fits.
    fn put_char(&mut self, c: char, style: Style, wide: bool) {
        let fits = self.x + u16::from(wide) < self.end;
        if self.x < self.end {
            self.buffer[(self.x, self.y)].set_char(if fits { c } else { '>' }).set_style(style);
            self.x += 1;
        }
    }

    /// Covers a column with the wide character to its left.
    fn cover(&mut self, style: Style) {
        self.put(SPACE, style);
    }

    fn skip(&mut self, columns: u16) {
        self.x = self.end.min(self.x + columns);
    }
}
