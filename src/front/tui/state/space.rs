//! Moving in space: the cursor in memory, and all that takes it somewhere.

use std::sync::LazyLock;

use super::app::{App, LoopControl};
use super::find::Searching;
use super::layout::Arrangement;
use crate::front::tui::input::keys::Direction;
use crate::record::Image;
use crate::session::{Bookmark, GuestOp, State};
use crate::view::{
    DiffView, LookBack, Order, Pattern, Places, Regions, Search, ViewLine, counted, parse_address, range, thousands,
    visible,
};

/// The most places that are gone back to.
const TRAIL: usize = 256;

static NO_MEMORY: LazyLock<Image> = LazyLock::new(Image::default);

/// Where in memory the user is, and was.
#[derive(Default)]
pub(in crate::front::tui) struct Space {
    /// The address of the first line.
    pub(in crate::front::tui) top: u64,
    pub(in crate::front::tui) cursor: u64,
    /// The other end of the selected bytes, if more than the one at the cursor are.
    pub(in crate::front::tui) anchor: Option<u64>,
    pub(in crate::front::tui) order: Order,
    pub(in crate::front::tui) search: Option<Search>,
    /// What of the search is still to be done, and to be gone to.
    pub(in crate::front::tui) searching: Searching,
    /// The ranges that have names at the selected moment.
    pub(in crate::front::tui) regions: Regions,
    /// What is known of the cursor's place: which regions it is in, who wrote there last.
    pub(in crate::front::tui) here: Here,
    trail: Vec<u64>,
    ahead: Vec<u64>,
}

impl Space {
    /// The selected bytes: the first address and the last.
    pub(in crate::front::tui) fn selected(&self) -> (u64, u64) {
        let other = self.anchor.unwrap_or(self.cursor);
        (self.cursor.min(other), self.cursor.max(other))
    }
}

/// What is known of a place in memory.
#[derive(Clone, Debug, Default)]
pub(in crate::front::tui) struct Here {
    pub(in crate::front::tui) regions: String,
    pub(in crate::front::tui) writer: String,
    /// The look for who that was, while it goes on.
    pub(in crate::front::tui) back: Option<LookBack>,
}

impl App {
    /// The selected memory in rows.
    pub(in crate::front::tui) fn sight(&self) -> Option<DiffView<'_>> {
        let at = self.selection.as_ref()?;
        Some(DiffView {
            before: at.before.get(self.memory()).unwrap_or(&NO_MEMORY),
            after: at.after.get(self.memory())?,
            marks: &at.marks[self.memory()],
            width: self.layout.width,
            keep: self.space.cursor,
        })
    }

    /// Looks up anew which ranges have names at the selected moment.
    pub(in crate::front::tui) fn name_regions(&mut self) {
        self.space.regions = Regions::new(&self.session, self.selection.as_ref(), &self.space.regions);
    }

    /// Goes to an address, and remembers where the cursor was.
    pub(in crate::front::tui) fn goto(&mut self, addr: u64) {
        if self.space.cursor != addr {
            if self.space.trail.len() == TRAIL {
                self.space.trail.remove(0);
            }
            self.space.trail.push(self.space.cursor);
            self.space.ahead.clear();
        }
        self.put_cursor(addr);
        self.reveal(1);
    }

    /// Goes to an address as people write them.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(in crate::front::tui) fn goto_text(&mut self, text: &str) -> Result<(), String> {
        let sight = self.sight().ok_or("there is no memory yet")?;
        let (cursor, regions, globals) = (self.space.cursor, &self.space.regions, self.session.globals());
        let places = Places { cursor, image: sight.after, regions, globals };
        let addr = parse_address(text, &places)?;
        self.goto(addr);
        Ok(())
    }

    /// Gives the selected bytes a name.
    ///
    /// # Errors
    /// Why they cannot have it, in words.
    pub(in crate::front::tui) fn mark(&mut self, name: &str) -> Result<(), String> {
        let (first, last) = self.space.selected();
        let mark = Bookmark { name: name.to_owned(), memory: self.memory(), start: first, end: last.saturating_add(1) };
        self.session.bookmarks_mut().set(mark)?;
        self.name_regions();
        self.notice(&format!("{name} is {} now", range(first, last - first + 1)));
        Ok(())
    }

    /// Writes at the cursor, as the host: a cause on the timeline like any other.
    ///
    /// # Errors
    /// Why that cannot be, in words.
    pub(in crate::front::tui) fn poke(&mut self, text: &str) -> Result<(), String> {
        let pattern = Pattern::parse(text)?;
        let bytes = pattern.bytes().ok_or("what is written has no wildcards")?.to_vec();
        let (addr, len) = (self.space.cursor, self.session.run().present().get(self.memory()).map_or(0, Image::len));
        if self.session.state() != State::Idle {
            return Err("the guest is running: memory is written between calls only".to_owned());
        }
        if !self.is_present() {
            return Err("the past stays as it was: F9 goes to the present".to_owned());
        }
        if len.saturating_sub(addr) < bytes.len() as u64 {
            return Err(format!("{} bytes do not fit here: memory ends at {len:#x}", bytes.len()));
        }
        let hex = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(" ");
        self.session.command(format!("poke hex {addr:#x} {hex}"), GuestOp::Poke(self.memory(), addr, bytes));
        self.follow();
        Ok(())
    }

    /// Goes back along the places the cursor was taken from, or forward again.
    pub(in crate::front::tui) fn trail(&mut self, direction: Direction) -> LoopControl {
        let space = &mut self.space;
        let (from, to) = match direction {
            Direction::Back => (&mut space.trail, &mut space.ahead),
            Direction::Forward => (&mut space.ahead, &mut space.trail),
        };
        let Some(addr) = from.pop() else { return self.notice("no further place that way") };
        to.push(space.cursor);
        self.put_cursor(addr);
        self.reveal(1);
        LoopControl::Continue
    }

    /// Goes where the pointer at the cursor points to.
    pub(in crate::front::tui) fn follow_pointer(&mut self) -> LoopControl {
        let from = self.space.cursor;
        match self.goto_text("*") {
            Ok(()) => {
                self.space.anchor = None;
                let to = self.space.cursor;
                self.notice(&format!("went to {to:#x}, which the four bytes at {from:#x} point to; Ctrl-O goes back"))
            }
            Err(words) => self.notice(&format!("no pointer here: {words}")),
        }
    }

    pub(in crate::front::tui) fn move_bytes(&mut self, direction: Direction) {
        let cursor = self.space.cursor;
        self.put_cursor(match direction {
            Direction::Back => cursor.saturating_sub(1),
            Direction::Forward => cursor.saturating_add(1),
        });
        self.reveal(0);
    }

    /// Moves the cursor by that many lines, past folded ones, in its column.
    pub(in crate::front::tui) fn move_lines(&mut self, direction: Direction, count: usize) {
        let Some(sight) = self.sight() else { return };
        let column = self.space.cursor % self.layout.width as u64;
        let mut row = sight.line(self.space.cursor);
        let mut line = row;
        for _ in 0..count {
            let Some(next) = step(&sight, line, direction) else { break };
            line = next;
            if line.folded && count == 1 {
                line = step(&sight, line, direction).unwrap_or(line);
            }
            row = if line.folded { row } else { line };
        }
        self.put_cursor(row.addr + column);
        self.reveal(0);
    }

    /// Scrolls, and leaves the cursor where it is.
    pub(in crate::front::tui) fn scroll(&mut self, direction: Direction, rows: usize) {
        let Some(sight) = self.sight().filter(|sight| !sight.is_empty()) else { return };
        let top = self.walk(&sight, sight.line(self.space.top), rows, direction);
        let last = self.walk(&sight, sight.line(u64::MAX), self.layout.rows.saturating_sub(1), Direction::Back);
        self.space.top = top.addr.min(last.addr);
    }

    /// Moves by a page: what was the last line becomes the first.
    pub(in crate::front::tui) fn move_page(&mut self, direction: Direction) {
        let Some(sight) = self.sight().filter(|sight| !sight.is_empty()) else { return };
        let rows = self.layout.rows.saturating_sub(1).max(1);
        let old = sight.line(self.space.top);
        let top = self.walk(&sight, old, rows, direction);
        // What the last page holds stays in sight.
        let last = self.walk(&sight, sight.line(u64::MAX), self.layout.rows.saturating_sub(1), Direction::Back);
        let top = top.addr.min(last.addr);
        let moved = top != old.addr;
        self.space.top = top;
        self.move_lines(direction, rows);
        if moved && self.space.top != top {
            self.space.top = top;
            self.cursor_into_sight();
        }
    }

    fn cursor_into_sight(&mut self) {
        let Some(sight) = self.sight() else { return };
        let column = self.space.cursor % self.layout.width as u64;
        let top = sight.line(self.space.top);
        let first = if top.folded { sight.below(top).unwrap_or(top) } else { top };
        if !first.folded {
            self.put_cursor(first.addr + column);
        }
    }

    /// The line so many screen rows away, or as far as there are.
    fn walk(&self, sight: &DiffView<'_>, from: ViewLine, rows: usize, direction: Direction) -> ViewLine {
        let (mut line, mut left) = (from, rows);
        while left > 0 {
            let Some(next) = step(sight, line, direction) else { break };
            let Some(rest) = left.checked_sub(self.height(sight, next)) else { break };
            (line, left) = (next, rest);
        }
        line
    }

    /// How many screen rows a line takes.
    pub(in crate::front::tui) fn height(&self, sight: &DiffView<'_>, line: ViewLine) -> usize {
        let twice = self.layout.arrangement == Arrangement::One && !line.folded && sight.is_marked(line.addr);
        if twice && line.addr < sight.before.len() { 2 } else { 1 }
    }

    /// Scrolls so that the cursor is on the screen, with that many lines before it if it was not.
    pub(in crate::front::tui) fn reveal(&mut self, lead: usize) {
        let Some(sight) = self.sight().filter(|sight| !sight.is_empty()) else { return };
        let rows = self.layout.rows.max(1);
        let row = sight.line(self.space.cursor);
        let top = sight.line(self.space.top);
        if row.addr < top.addr || (lead > 0 && !self.shows(&sight, top, row)) {
            self.space.top = self.walk(&sight, row, lead.min(rows - 1), Direction::Back).addr;
        } else if !self.shows(&sight, top, row) {
            let own = self.height(&sight, row);
            self.space.top = self.walk(&sight, row, rows.saturating_sub(own), Direction::Back).addr;
        } else {
            self.space.top = top.addr;
        }
        // No row of the screen stays empty while there is memory to show.
        if let Some(sight) = self.sight() {
            let last = self.walk(&sight, sight.line(u64::MAX), rows - 1, Direction::Back).addr;
            if self.layout.arrangement != Arrangement::One && self.space.top > last {
                self.space.top = last;
            }
        }
    }

    fn shows(&self, sight: &DiffView<'_>, top: ViewLine, row: ViewLine) -> bool {
        let mut left = self.layout.rows;
        let mut lines = std::iter::successors(Some(top), |line| sight.below(*line));
        lines
            .find_map(|line| {
                left = left.saturating_sub(self.height(sight, line));
                if line.addr == row.addr {
                    return Some(true);
                }
                (left == 0).then_some(false)
            })
            .unwrap_or(false)
    }

    /// Puts the cursor there, or at the last byte.
    fn put_cursor(&mut self, addr: u64) {
        let size = self.sight().map_or(0, |sight| sight.len());
        self.space.cursor = addr.min(size.saturating_sub(1));
    }

    /// Goes to the previous or next run of changed bytes.
    pub(in crate::front::tui) fn change(&mut self, direction: Direction) -> LoopControl {
        let Some(sight) = self.sight() else { return LoopControl::Continue };
        let (marks, cursor) = (sight.marks, self.space.cursor);
        let run = match direction {
            Direction::Forward => marks.runs_from(cursor + 1).next(),
            Direction::Back => marks.run_before(cursor),
        };
        let Some((start, end)) = run else {
            let words = match (marks.runs(), direction) {
                (0, _) => "nothing changed in this step",
                (_, Direction::Forward) => "no changed bytes behind this",
                (_, Direction::Back) => "no changed bytes before this",
            };
            return self.notice(words);
        };
        let words = format!(
            "{}/{} runs, {} ({} in all)",
            thousands(marks.run_number(start) as u64),
            thousands(marks.runs() as u64),
            counted(end - start, "byte"),
            thousands(marks.changed() as u64)
        );
        self.goto(start);
        self.notice(&words)
    }

    /// Looks up what is known of the cursor's place. What takes long to find is found once for each place.
    pub(in crate::front::tui) fn look_around(&mut self) {
        let cursor = self.space.cursor;
        self.space.here.regions = visible(self.space.regions.describe(cursor).as_bytes());
        self.look_for_writer();
    }
}

/// The line above or below.
fn step(sight: &DiffView<'_>, line: ViewLine, direction: Direction) -> Option<ViewLine> {
    match direction {
        Direction::Back => sight.above(line),
        Direction::Forward => sight.below(line),
    }
}
