//! Brackets around selected and matching bytes of a row, and the names of regions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::view::{Matched, Regions};

/// The brackets in the gaps between the bytes of a row.
pub(super) struct Brackets {
    /// The row's address.
    pub(super) addr: u64,
    /// The first and the last selected address.
    pub(super) selected: (u64, u64),
    pub(super) matched: Matched,
}

impl Brackets {
    /// The bracket before the byte at that index, if any.
    pub(super) fn opening(&self, place: usize) -> Option<&'static str> {
        match self.addr + place as u64 == self.selected.0 {
            true => Some("["),
            false => Some("<").filter(|_| self.matched.starts & 1 << place != 0),
        }
    }

    /// The bracket after it.
    pub(super) fn closing(&self, place: usize) -> Option<&'static str> {
        match self.addr + place as u64 == self.selected.1 {
            true => Some("]"),
            false => Some(">").filter(|_| self.matched.ends & 1 << place != 0),
        }
    }
}

/// The columns that a name needs beside a row: a gap, and a few letters.
const ROOM: u16 = 6;

/// Draws the names of regions that start in the rows from `addr` on: in the columns after `x` if they fit, otherwise as
/// the letter of the most specific region.
pub(super) fn name_rows(regions: &Regions, (addr, len): (u64, u64), x: u16, area: Rect, canvas: &mut Canvas<'_>) {
    let mut named = regions.beginning_in(addr, len).peekable();
    let title = canvas.theme.title();
    if area.right() >= x + ROOM {
        let mut x = x + 1;
        while let Some(region) = named.next() {
            x = put_name(&region.name, x + 1, area, canvas.buffer);
            if x + 1 >= area.right() && named.peek().is_some() {
                // Mark truncated names.
                canvas.buffer[(area.right() - 1, area.y)].set_symbol(CUT);
                return;
            }
        }
    } else if let Some(region) = named.peek()
        && x + 1 < area.right()
    {
        canvas.buffer[(x + 1, area.y)].set_symbol(region.kind.letter()).set_style(title);
    }
}

/// The symbol at the end of a truncated name.
const CUT: &str = "\u{2026}";

/// Draws a name in a row, and returns the column after it.
fn put_name(name: &str, x: u16, area: Rect, buffer: &mut Buffer) -> u16 {
    let room = usize::from(area.right().saturating_sub(x));
    if room == 0 {
        return x;
    }
    let style = Style::new().add_modifier(Modifier::ITALIC);
    let (end, _) = buffer.set_stringn(x, area.y, name, room, style);
    if name.width() > room {
        buffer[(area.right() - 1, area.y)].set_symbol(CUT).set_style(style);
    }
    end
}
