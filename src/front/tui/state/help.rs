//! The help over the screen, or what a command told: lines in columns, in pages where they do not fit.

use crossterm::event::KeyCode;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::app::{App, LoopControl};
use crate::front::tui::draw::cells::{below_title, part, put, rule, to_u16, wrapped};
use crate::front::tui::draw::legend::SIGNS;
use crate::front::tui::input::keys::{Action, Direction, helped};
use crate::front::tui::input::line::Edit;

/// The columns of a line of the help.
const HELP: u16 = 76;

impl App {
    /// Shows the help, or what a command told, from its first line on.
    pub(in crate::front::tui) fn open_help(&mut self) {
        // Where its end is turns out when it is drawn.
        (self.help, self.help_end) = (Some(0), usize::MAX);
    }

    /// A key while the help is open: it pages, if there is more than is shown, and any other closes it.
    pub(in crate::front::tui) fn in_help(&mut self, line: usize, key: KeyCode, wanted: Option<Action>) -> LoopControl {
        let page = usize::from(self.layout.area.height).saturating_sub(1).max(1);
        if let Some(action @ (Action::Interrupt | Action::Suspend | Action::Redraw | Action::Shot)) = wanted {
            return self.act(action);
        }
        let to = match (key, wanted) {
            (KeyCode::Char(' '), _) | (_, Some(Action::Page(Direction::Forward))) => Some(line.saturating_add(page)),
            (KeyCode::Home, _) => Some(0),
            (KeyCode::End, _) => Some(self.help_end),
            (_, Some(Action::Page(Direction::Back))) => Some(line.saturating_sub(page)),
            (_, Some(Action::Rows(Direction::Forward) | Action::Edit(Edit::Later))) => Some(line.saturating_add(1)),
            (_, Some(Action::Rows(Direction::Back) | Action::Edit(Edit::Earlier))) => Some(line.saturating_sub(1)),
            _ => None,
        };
        self.help = to.filter(|_| self.help_end > 0);
        if self.help.is_none() {
            self.told.clear();
        }
        LoopControl::Continue
    }

    /// Draws the help, or what a command told, from that line on, and returns from which one on it really is, and
    /// from which one on its end is shown.
    pub(in crate::front::tui) fn draw_help(&self, line: usize, area: Rect, buffer: &mut Buffer) -> (usize, usize) {
        let inside = below_title(area);
        let columns = (area.width / HELP).max(1);
        let told = !self.told.is_empty();
        let lines: Vec<String> = match told {
            true => self.told.clone(),
            false => {
                let keys = helped().map(|binding| (binding.label, binding.help));
                let signs = [("", ""), ("signs", "")].into_iter().chain(SIGNS);
                keys.chain(signs).map(|(label, help)| format!("{label:<15} {help}")).collect()
            }
        };
        let columns = if told { 1 } else { columns };
        let room = usize::from(if told { area.width } else { (HELP - 1).min(area.width) }).saturating_sub(1);
        let lines: Vec<String> = lines.iter().flat_map(|line| hanging(line, room, told)).collect();
        let shown = usize::from(inside.height) * usize::from(columns);
        let last = lines.len().saturating_sub(shown);
        let first = line.min(last);
        let what = if told { "what the command says" } else { "keys and signs" };
        let title = match last {
            0 => format!("{what} (any key goes back)"),
            _ => {
                let part = part(first, lines.len(), Rect { height: to_u16(shown), ..inside });
                format!("{what}{part} (Space, PgUp, PgDn: more; any other: back)")
            }
        };
        rule(buffer, area, &title, self.theme.title());
        for (text, place) in lines.iter().skip(first).take(shown).zip(0u16..) {
            let (column, row) = (place / inside.height, place % inside.height);
            let left = column * HELP;
            let width = if told { area.width } else { (HELP - 1).min(area.width - left) };
            let cell = Rect { x: area.x + left, y: inside.y + row, width, height: 1 };
            put(buffer, cell, &format!(" {text}"), Style::new());
        }
        (first, last)
    }
}

/// A line of the help in lines of that many columns: what goes on stands under the explanation.
fn hanging(line: &str, columns: usize, told: bool) -> Vec<String> {
    const LABEL: usize = 16;
    if line.width() <= columns || columns < 2 * LABEL {
        return vec![line.to_owned()];
    }
    let indent = if told { 2 } else { LABEL };
    let mut lines = wrapped(line, columns - indent);
    lines.iter_mut().skip(1).for_each(|line| line.insert_str(0, &" ".repeat(indent)));
    lines
}
