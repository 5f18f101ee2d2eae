//! A list over the screen: changes, regions, matches. From a line of it one goes to the place that it is about.

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::app::{App, LoopControl};
use crate::command::Place;
use crate::front::tui::draw::cells::{below_title, put, rule, window};
use crate::front::tui::input::keys::{Action, Direction, Focus};
use crate::view::thousands;

/// The list, while it is shown.
pub(in crate::front::tui) struct List {
    title: String,
    places: Vec<Place>,
    selected: usize,
}

impl App {
    /// Shows a list, with the line selected that is about the cursor's place or the last one before it.
    pub(in crate::front::tui) fn list(&mut self, title: String, places: Vec<Place>) {
        let cursor = self.space.cursor;
        let near = |place: &Place| place.addr.filter(|&addr| addr <= cursor);
        let best = places.iter().enumerate().filter_map(|(number, place)| Some((near(place)?, number)));
        // Of several lines about one place the first.
        let best = best.max_by_key(|&(addr, number)| (addr, std::cmp::Reverse(number)));
        self.list = Some(List { title, places, selected: best.map_or(0, |(_, number)| number) });
    }

    /// A key while a list is shown: it moves, goes there, or closes it.
    pub(in crate::front::tui) fn in_list(&mut self, key: KeyEvent, wanted: Option<Action>) -> LoopControl {
        let Some(list) = &mut self.list else { return LoopControl::Continue };
        let (last, page) =
            (list.places.len().saturating_sub(1), usize::from(self.layout.area.height).saturating_sub(1));
        list.selected = match key.code {
            KeyCode::Up | KeyCode::Char('k') => list.selected.saturating_sub(1),
            KeyCode::Down | KeyCode::Char('j') => (list.selected + 1).min(last),
            KeyCode::PageUp => list.selected.saturating_sub(page),
            KeyCode::PageDown => (list.selected + page).min(last),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            KeyCode::Enter => return self.go_from_list(list_selected(self)),
            _ => {
                if let Some(action @ (Action::Interrupt | Action::Suspend | Action::Redraw | Action::Shot)) = wanted {
                    return self.act(action);
                }
                self.list = None;
                return LoopControl::Continue;
            }
        };
        LoopControl::Continue
    }

    /// Goes to what a line of the list is about.
    fn go_from_list(&mut self, number: usize) -> LoopControl {
        let addr = self.list.as_ref().and_then(|list| list.places.get(number)?.addr);
        self.list = None;
        if let Some(addr) = addr {
            self.focus = Focus::Memory;
            self.space.anchor = None;
            self.goto(addr);
            self.look_around();
        }
        LoopControl::Continue
    }

    /// A click while a list is shown.
    pub(in crate::front::tui) fn click_in_list(&mut self, at: Position) {
        let Some(list) = &self.list else { return };
        let mut lines = window(list.places.len(), list.selected, below_title(self.layout.area));
        match lines.find(|(_, line)| line.contains(at)) {
            Some((number, _)) => drop(self.go_from_list(number)),
            None => self.list = None,
        }
    }

    /// The wheel while a list is shown.
    pub(in crate::front::tui) fn scroll_list(&mut self, direction: Direction, rows: usize) {
        let Some(list) = &mut self.list else { return };
        list.selected = match direction {
            Direction::Back => list.selected.saturating_sub(rows),
            Direction::Forward => (list.selected + rows).min(list.places.len().saturating_sub(1)),
        };
    }

    /// Draws the list over the screen.
    pub(in crate::front::tui) fn draw_list(&self, list: &List, area: Rect, buffer: &mut Buffer) {
        let (number, count) = (thousands(list.selected as u64 + 1), thousands(list.places.len() as u64));
        let title = format!("{number} of {count} (Enter goes there, Esc back)  {}", list.title);
        rule(buffer, area, &title, self.theme.title());
        for (number, line) in window(list.places.len(), list.selected, below_title(area)) {
            let selected = number == list.selected;
            let (arrow, style) = if selected { (">", self.theme.selected()) } else { (" ", Style::new()) };
            buffer.set_style(line, style);
            put(buffer, line, &format!("{arrow}{}", list.places[number].words), style);
        }
    }
}

fn list_selected(app: &App) -> usize {
    app.list.as_ref().map_or(0, |list| list.selected)
}
