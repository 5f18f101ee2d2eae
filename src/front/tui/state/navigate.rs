//! Moving the cursor in memory.

use super::app::App;
use super::rows::beside;
use crate::front::tui::input::action::Direction;
use crate::view::{Places, Region, RegionKind, Regions, Seen, counted, parse_address, range, thousands, visible};

/// How many bytes a host sees where nothing says how many belong together.
const WORD: u64 = 4;

impl App {
    /// Updates the named ranges for the selected moment.
    pub(super) fn name_regions(&mut self) {
        self.space.regions = Regions::new(&self.session, self.time.selection.as_ref(), &self.space.regions);
    }

    /// Goes to an address, and saves the cursor's previous position.
    pub(crate) fn goto(&mut self, addr: u64) {
        if self.space.cursor != addr {
            self.space.remember();
        }
        self.put_cursor(addr);
        self.reveal(1);
    }

    /// Parses an address and goes there.
    ///
    /// # Errors
    /// Why it is not valid, as a message.
    pub(super) fn goto_text(&mut self, text: &str) -> Result<(), String> {
        let view = self.view().ok_or("there is no memory yet")?;
        let (cursor, regions, globals) = (self.space.cursor, &self.space.regions, self.session.globals());
        let addr = parse_address(text, &Places { cursor, image: view.after, regions, globals })?;
        self.goto(addr);
        Ok(())
    }

    /// Goes back to an earlier position, or forward again.
    pub(super) fn retrace(&mut self, direction: Direction) {
        let Some(addr) = self.space.retrace(direction) else {
            return self.notice("no more positions in that direction");
        };
        self.put_cursor(addr);
        self.reveal(1);
    }

    /// Follows the pointer at the cursor.
    pub(super) fn follow_pointer(&mut self) {
        let from = self.space.cursor;
        match self.goto_text("*") {
            Ok(()) => {
                self.space.anchor = None;
                let to = self.space.cursor;
                self.notice(&format!("followed the pointer at {from:#x} to {to:#x}; Ctrl-O goes back"));
            }
            Err(reason) => self.notice(&format!("no pointer here: {reason}")),
        }
    }

    pub(super) fn move_bytes(&mut self, direction: Direction) {
        let cursor = self.space.cursor;
        self.put_cursor(match direction {
            Direction::Back => cursor.saturating_sub(1),
            Direction::Forward => cursor.saturating_add(1),
        });
        self.reveal(0);
    }

    /// Moves the cursor by that many lines, in its column. A folded line counts as one.
    pub(super) fn move_lines(&mut self, direction: Direction, count: usize) {
        let Some(view) = self.view() else { return };
        let column = self.space.cursor % self.layout.width as u64;
        let mut row = view.line(self.space.cursor);
        let mut line = row;
        for _ in 0..count {
            let Some(next) = beside(&view, line, direction) else { break };
            line = next;
            if line.folded && count == 1 {
                line = beside(&view, line, direction).unwrap_or(line);
            }
            row = if line.folded { row } else { line };
        }
        self.put_cursor(row.addr + column);
        self.reveal(0);
    }

    /// Scrolls without moving the cursor.
    pub(super) fn scroll(&mut self, direction: Direction, count: usize) {
        let Some(rows) = self.pane_rows() else { return };
        self.space.top = rows.scrolled(self.space.top, count, direction);
    }

    /// Moves by a page: the last line becomes the first.
    pub(super) fn move_page(&mut self, direction: Direction) {
        self.move_by(direction, self.layout.rows.saturating_sub(1).max(1));
    }

    /// Moves by half a page.
    pub(super) fn move_half_page(&mut self, direction: Direction) {
        self.move_by(direction, (self.layout.rows / 2).max(1));
    }

    /// Scrolls by that many rows, and moves the cursor along.
    fn move_by(&mut self, direction: Direction, count: usize) {
        let Some(rows) = self.pane_rows() else { return };
        let old = rows.view.line(self.space.top).addr;
        let top = rows.scrolled(old, count, direction);
        self.space.top = top;
        self.move_lines(direction, count);
        if top != old && self.space.top != top {
            self.space.top = top;
            self.cursor_into_view();
        }
    }

    fn cursor_into_view(&mut self) {
        let Some(view) = self.view() else { return };
        let column = self.space.cursor % self.layout.width as u64;
        let top = view.line(self.space.top);
        let first = if top.folded { view.below(top).unwrap_or(top) } else { top };
        if !first.folded {
            self.put_cursor(first.addr + column);
        }
    }

    /// Scrolls until the cursor is visible, with `lead` lines before it if it was not.
    pub(super) fn reveal(&mut self, lead: usize) {
        let Some(rows) = self.pane_rows() else { return };
        self.space.top = rows.reveal(self.space.top, self.space.cursor, lead);
    }

    /// Scrolls until the end of the changed or read bytes at the cursor is visible too, if the cursor stays so.
    pub(super) fn reveal_change(&mut self) {
        let (Some(rows), cursor) = (self.pane_rows(), self.space.cursor) else { return };
        let changed = rows.view.marks.range_before(cursor.saturating_add(1)).filter(|(_, end)| *end > cursor);
        let reading = self.time.selection.as_ref().and_then(|at| at.reading(self.memory()));
        let read = reading.map(|reading| reading.range).filter(|range| range.contains(&cursor));
        let Some(end) = changed.map(|(_, end)| end).or_else(|| read.map(|range| range.end)) else { return };
        let top = rows.reveal(self.space.top, end - 1, 0);
        self.space.top = rows.reveal(top, cursor, 0);
    }

    /// Moves the cursor to an address, or to the last byte.
    fn put_cursor(&mut self, addr: u64) {
        let size = self.view().map_or(0, |view| view.len());
        self.space.cursor = addr.min(size.saturating_sub(1));
    }

    /// Goes to the previous or next range of changed bytes.
    pub(super) fn go_to_change(&mut self, direction: Direction) {
        let Some(view) = self.view() else { return };
        let (marks, cursor) = (view.marks, self.space.cursor);
        let range = match direction {
            Direction::Forward => marks.ranges_from(cursor.saturating_add(1)).next(),
            Direction::Back => marks.range_before(cursor),
        };
        let Some((start, end)) = range else {
            return self.notice(match (marks.ranges(), direction) {
                (0, _) => "nothing changed in this step",
                (_, Direction::Forward) => "no changed bytes after this",
                (_, Direction::Back) => "no changed bytes before this",
            });
        };
        let text = format!(
            "range {} of {}: {} ({} changed in all)",
            thousands(marks.range_number(start) as u64),
            thousands(marks.ranges() as u64),
            counted(end - start, "byte"),
            thousands(marks.changed() as u64)
        );
        self.goto(start);
        self.notice(&text);
    }

    /// Updates the facts about the cursor's address. Slow searches run once per address.
    pub(super) fn look_around(&mut self) {
        let names = self.space.regions.names_at(self.space.cursor);
        self.space.here.names = names.map(|name| visible(name.as_bytes())).collect();
        self.space.here.seen = self.seen();
        self.look_for_writer();
        self.keep_touched();
    }

    /// What a host in the language of the setting `as` sees at the cursor: of the selection, else of the smallest region
    /// there that is one value, else of four bytes.
    fn seen(&self) -> Vec<String> {
        let (Some(language), Some(at)) = (self.settings.seen_by.0, &self.time.selection) else { return Vec::new() };
        let (first, last) = self.space.selected();
        let selected = (first < last).then(|| first..last.saturating_add(1));
        let is_value = |region: &&Region| {
            !matches!(region.kind, RegionKind::Buffer | RegionKind::Stack | RegionKind::Heap)
                && region.start < region.end
        };
        let region = || self.space.regions.at(first).find(is_value).map(|region| region.start..region.end);
        let size = self.view().map_or(0, |view| view.after.len());
        let looked_at = selected.or_else(region).unwrap_or(first..first.saturating_add(WORD).min(size.max(first)));
        let title = format!("as {}  {}", language.name(), range(looked_at.start, looked_at.end - looked_at.start));
        let seen = language.sees_now(at, self.memory(), looked_at);
        std::iter::once(title).chain(seen.iter().map(Seen::line)).collect()
    }
}
