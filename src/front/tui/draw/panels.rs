//! The panels beside the steps: what the bytes at the cursor mean, the changes, the regions.

use std::time::Instant;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::cells::{below_title, part, part_around, put, rule, shortened, title_room, window};
use crate::front::tui::state::app::{App, Panel};
use crate::record::{Actor, Image};
use crate::view::{DiffView, Entry, Map, Order, Piece, Region, counted, inspect, name, thousands};

/// The columns that a value takes at least, where several stand in a row.
const VALUE: u16 = 36;

impl App {
    /// Draws the panel that is shown beside the steps.
    pub(in crate::front::tui) fn draw_panel(&mut self, area: Rect, buffer: &mut Buffer) {
        match self.shown_panel() {
            Panel::Values => self.draw_values(area, buffer),
            Panel::Changes => self.draw_changes(area, buffer),
            Panel::Regions => self.draw_regions(area, buffer),
            Panel::Map => self.draw_map(area, buffer),
            Panel::Exchanges => self.draw_transcript(area, buffer),
        }
    }

    /// The inspector: who wrote there, and what the bytes mean, before and after.
    fn draw_values(&self, area: Rect, buffer: &mut Buffer) {
        let cursor = self.space.cursor;
        let values = below_title(below_title(area));
        let columns = (values.width / VALUE).max(1);
        let (width, shown) = (values.width / columns, values.height.saturating_mul(columns));
        let (order, regions) = (self.space.order, &self.space.regions);
        let entries = self.sight().map(|sight| inspect(sight.before, sight.after, cursor, order, regions));
        let entries = entries.unwrap_or_default();
        let part = part(0, entries.len(), Rect { height: shown, ..values });
        rule(buffer, area, &self.values_title(&part, title_room(area)), self.theme.title());
        put(buffer, below_title(area), &format!(" {}", self.space.here.writer), Style::new());
        for (entry, place) in entries.iter().zip(0..shown) {
            let (column, row) = (place % columns, place / columns);
            let cell =
                Rect { x: values.x + column * width, y: values.y + row, width: width.saturating_sub(1), height: 1 };
            let changed = entry.before != entry.after;
            let style = if changed { self.theme.title() } else { Style::new() };
            let order = if self.space.order == Order::Big && entry.has_order() { " be" } else { "" };
            let name = format!(" {:<8} ", format!("{}{order}", entry.name));
            let room = usize::from(cell.width).saturating_sub(name.width());
            put(buffer, cell, &(name + &within(entry, room)), style);
        }
    }

    /// The cursor's place and the names for it, of which as many are cut as it takes, and which values are in sight.
    fn values_title(&self, part: &str, room: usize) -> String {
        let (at, names) = (format!("at {:#x}", self.space.cursor), &self.space.here.regions);
        let place = if names.is_empty() { at.clone() } else { format!("{at}  {names}") };
        let room = room.saturating_sub(part.width());
        if room > at.width() { shortened(&place, room) + part } else { place }
    }

    /// The runs of changed bytes, the one at the cursor or before it among the first.
    fn draw_changes(&self, area: Rect, buffer: &mut Buffer) {
        let Some(marks) = self.selection.as_ref().and_then(|at| at.marks.get(self.memory())) else { return };
        let (runs, changed) = (counted(marks.runs() as u64, "run"), counted(marks.changed() as u64, "byte"));
        let first = self.change_lines(area).next().map_or(0, |((start, _), _)| marks.run_number(start) - 1);
        let part = part(first, marks.runs(), below_title(area));
        let title = format!("changes  {changed} in {runs}{part}  (, .)");
        rule(buffer, area, &title, self.theme.title());
        let cursor = self.space.cursor;
        let mut rest = below_title(area);
        for ((start, end), line) in self.change_lines(area) {
            let by = marks.writers(start, end).map(name).collect::<Vec<_>>().join(" and ");
            let inside = (start..end).contains(&cursor);
            let arrow = if inside { ">" } else { " " };
            let number = thousands(marks.run_number(start) as u64);
            let words = format!("{arrow}{number} {start:#x}..{end:#x}  {} B by {by}", thousands(end - start));
            put(buffer, line, &words, if inside { self.theme.selected() } else { Style::new() });
            rest = below_title(rest);
        }
        if let Some((from, to)) = marks.grown() {
            put(buffer, rest, &format!(" + grew from {from} to {}", counted(to, "page")), Style::new());
        }
    }

    /// The runs of changed bytes that the panel shows, each with its line.
    fn change_lines(&self, area: Rect) -> impl Iterator<Item = ((u64, u64), Rect)> {
        let marks = self.selection.as_ref().and_then(|at| at.marks.get(self.memory()));
        let here = marks.and_then(|marks| marks.run_before(self.space.cursor + 1));
        let before = here.and_then(|(start, _)| marks?.run_before(start)).or(here);
        let first = before.map_or(0, |(start, _)| start);
        marks.into_iter().flat_map(move |marks| marks.runs_from(first)).zip(lines(below_title(area)))
    }

    /// The ranges that have names, those that hold the cursor marked.
    fn draw_regions(&self, area: Rect, buffer: &mut Buffer) {
        let count = self.space.regions.len();
        let part = part_around(count, self.space.regions.place_of(self.space.cursor).unwrap_or(0), below_title(area));
        let part = if part.is_empty() { format!("  {}", thousands(count as u64)) } else { part };
        rule(buffer, area, &format!("regions{part}  (r lists them, m adds one)"), self.theme.title());
        for (region, line) in self.region_lines(area) {
            let (start, end) = (region.start, region.end);
            let inside = region.contains(self.space.cursor);
            let arrow = if inside { ">" } else { " " };
            let letter = region.kind.letter();
            let words =
                format!("{arrow}{letter} {:<10} {start:#x}..{end:#x}  {} B", region.name, thousands(region.len()));
            put(buffer, line, &words, if inside { self.theme.selected() } else { Style::new() });
        }
    }

    /// The regions that the panel shows, each with its line: one that holds the cursor is among them.
    fn region_lines(&self, area: Rect) -> impl Iterator<Item = (&Region, Rect)> {
        let regions = &self.space.regions;
        let here = regions.place_of(self.space.cursor).unwrap_or(0);
        let shown = window(regions.len(), here, below_title(area));
        shown.filter_map(|(place, line)| Some((regions.get(place)?, line)))
    }

    /// The address that a line of the panel is about.
    pub(in crate::front::tui) fn panel_address(&self, at: Position) -> Option<u64> {
        let area = self.layout.side;
        match self.shown_panel() {
            Panel::Changes => self.change_lines(area).find(|(_, line)| line.contains(at)).map(|((start, _), _)| start),
            Panel::Regions => {
                self.region_lines(area).find(|(_, line)| line.contains(at)).map(|(region, _)| region.start)
            }
            Panel::Map => self.map.as_ref().and_then(|map| map.address(at)),
            Panel::Values | Panel::Exchanges => None,
        }
    }

    /// The whole memory, a cell for each part of it.
    fn draw_map(&mut self, area: Rect, buffer: &mut Buffer) {
        let inside = below_title(area);
        self.begin_map(inside);
        let Some(map) = &self.map else { return };
        let unit = thousands(map.parts.size);
        let still = if map.is_done() { "" } else { "looking ...  " };
        let title = format!("map  {still}1 cell = {unit} B  . zero  = data  ' earlier  h g m now  + new");
        for (&piece, place) in map.parts.pieces.iter().zip(0..) {
            let (symbol, style) = match piece {
                Piece::Zero => (".", Style::new()),
                Piece::Data => ("=", Style::new()),
                Piece::Earlier => ("'", self.theme.since_start()),
                Piece::New => ("+", self.theme.title()),
                Piece::Now(by) => (letter(by), self.theme.actor(by)),
            };
            let here = place == self.space.cursor / map.parts.size;
            let style = if here { style.patch(self.theme.selected()) } else { style };
            if let Some(cell) = buffer.cell_mut(map.position(place)) {
                cell.set_symbol(symbol).set_style(style);
            }
        }
        rule(buffer, area, &title, self.theme.title());
    }
}

/// The map of the memory as it is drawn.
pub(in crate::front::tui) struct MapPanel {
    pub(in crate::front::tui) area: Rect,
    parts: Map,
    done: bool,
}

impl MapPanel {
    /// The map of a memory of `len` bytes, before it was looked through.
    pub(in crate::front::tui) fn new(area: Rect, len: u64) -> MapPanel {
        MapPanel { area, parts: Map::new(len, u64::from(area.area())), done: false }
    }

    /// Whether all of the memory was looked through.
    pub(in crate::front::tui) fn is_done(&self) -> bool {
        self.done
    }

    /// Goes on to look through the memory.
    pub(in crate::front::tui) fn go_on(&mut self, sight: &DiffView<'_>, start: &Image, until: Instant) {
        self.done = self.done || self.parts.go_on(sight, start, Some(until));
    }

    /// Where the cell of that number is.
    fn position(&self, place: u64) -> Position {
        let (row, column) = (place / u64::from(self.area.width), place % u64::from(self.area.width));
        let near = |distance: u64| u16::try_from(distance).unwrap_or(u16::MAX);
        Position::new(self.area.x.saturating_add(near(column)), self.area.y.saturating_add(near(row)))
    }

    /// The first address of the part whose cell is there.
    pub(in crate::front::tui) fn address(&self, at: Position) -> Option<u64> {
        let inside = self.area.contains(at);
        let row = || u64::from(at.y - self.area.y) * u64::from(self.area.width);
        let place = inside.then(|| row() + u64::from(at.x - self.area.x))?;
        (place < self.parts.pieces.len() as u64).then_some(place * self.parts.size)
    }
}

/// A value before and after, in so many columns if that can be. What it was is left out before what it is.
fn within(value: &Entry, columns: usize) -> String {
    let words = value.words();
    match value.sides() {
        (Some(before), after) if words.width() > columns => {
            let arrow = format!("-> {after}");
            match columns.checked_sub(arrow.width()) {
                None => after.to_owned(),
                Some(0 | 1) => arrow,
                Some(room) => format!("{} {arrow}", shortened(before, room - 1)),
            }
        }
        _ => words,
    }
}

fn letter(actor: Actor) -> &'static str {
    match actor {
        Actor::Host => "h",
        Actor::Guest => "g",
        Actor::Module => "m",
    }
}

/// The lines of an area, from top to bottom.
fn lines(area: Rect) -> impl Iterator<Item = Rect> {
    (area.top()..area.bottom()).map(move |y| Rect { y, height: 1, ..area })
}
