//! What stands around the bytes of a row: brackets for what is selected and for matches, and the names of regions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::panes::Pane;
use crate::view::{Matched, ViewLine};

/// The brackets in the gaps between the bytes of a row.
pub(in crate::front::tui) struct Brackets {
    /// The address of the row.
    pub(in crate::front::tui) addr: u64,
    /// The first and the last address of what is selected.
    pub(in crate::front::tui) selected: (u64, u64),
    pub(in crate::front::tui) matched: Matched,
}

impl Brackets {
    /// What stands before the byte at that place of the row, if anything does.
    pub(in crate::front::tui) fn opening(&self, place: usize) -> Option<&'static str> {
        match self.addr + place as u64 == self.selected.0 {
            true => Some("["),
            false => Some("<").filter(|_| self.matched.starts & 1 << place != 0),
        }
    }

    /// What stands behind it.
    pub(in crate::front::tui) fn closing(&self, place: usize) -> Option<&'static str> {
        match self.addr + place as u64 == self.selected.1 {
            true => Some("]"),
            false => Some(">").filter(|_| self.matched.ends & 1 << place != 0),
        }
    }
}

/// The columns that a name needs beside a row: a gap, and enough of its letters.
const ROOM: u16 = 6;
/// The most names beside a row.
const NAMES: usize = 4;

impl Pane<'_> {
    /// Names the regions that begin in a row: beside it, in the columns from `x` on, or by the letter of the most
    /// telling one.
    pub(in crate::front::tui) fn name_row(&self, addr: u64, x: u16, area: Rect, buffer: &mut Buffer) {
        let mut regions = self.regions.beginning_in(addr, self.sight.width as u64).take(NAMES).peekable();
        if area.right() >= x + ROOM {
            let mut x = x + 1;
            for region in regions {
                x = self.put_name(&region.name, x + 1, area, buffer);
            }
        } else if let Some(region) = regions.peek()
            && x + 1 < area.right()
        {
            buffer[(x + 1, area.y)].set_symbol(region.kind.letter()).set_style(self.theme.title());
        }
    }

    /// Names the regions that begin in folded rows, from column `x` on.
    pub(in crate::front::tui) fn name_fold(&self, line: ViewLine, x: u16, area: Rect, buffer: &mut Buffer) {
        let mut x = x + 1;
        for region in self.regions.beginning_in(line.addr, line.len).take(NAMES) {
            x = self.put_name(&region.name, x + 1, area, buffer);
        }
    }

    /// Puts a name into a row, and returns the column behind it. What has no room ends in a sign.
    fn put_name(&self, name: &str, x: u16, area: Rect, buffer: &mut Buffer) -> u16 {
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 {
            return x;
        }
        let style = Style::new().add_modifier(Modifier::ITALIC);
        let (end, _) = buffer.set_stringn(x, area.y, name, room, style);
        if name.len() > room {
            buffer[(area.right() - 1, area.y)].set_symbol("\u{2026}").set_style(style);
        }
        end
    }
}
