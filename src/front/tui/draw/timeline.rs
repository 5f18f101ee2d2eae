//! What is drawn of the timeline: the strip of exchanges, the tree of steps, the list of exchanges.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::cells::{GLANCE, below_title, column, part_around, put, rule, to_u16, window};
use super::theme::Theme;
use crate::front::tui::state::app::{App, Panel};
use crate::record::{Actor, Cause, Trigger};
use crate::view::{Events, Selection, outcome, thousands, visible};

/// What stands before the strip of exchanges.
const LABEL: &str = " time ";
/// What the letters in the strip mean that the legend of the gutter does not tell.
const STRIP_LEGEND: &str = "  x failed  + grew  . nothing changed";
/// The columns that are kept for what stands behind the strip.
const STRIP_WORDS: u16 = 29;
/// The most messages of the guest that a line shows.
const MESSAGES: usize = 8;

impl App {
    /// The exchanges of the run in one row: a cell for each, or for as many as it takes to show all.
    pub(in crate::front::tui) fn draw_strip(&self, area: Rect, buffer: &mut Buffer) {
        let (Some(at), false) = (&self.selection, area.is_empty()) else { return };
        put(buffer, area, LABEL, self.theme.title());
        let (size, cells) = self.time.timeline.cells(strip_room(area));
        let first = strip_cells(area);
        for (place, &events) in cells.iter().enumerate() {
            let Some(cell) = buffer.cell_mut((first.x.saturating_add(to_u16(place)), first.y)) else { break };
            let (symbol, style) = event(events, self.theme);
            let here = at.cause / size == place;
            cell.set_symbol(symbol).set_style(if here { style.patch(self.theme.selected()) } else { style });
        }
        let words = self.strip_words(size);
        let used = to_u16(words.width()).min(area.width);
        put(buffer, Rect { x: area.right() - used, width: used, ..area }, &words, self.theme.title());
        let left = to_u16(cells.len());
        let rest = Rect { x: first.x + left, width: first.width.saturating_sub(left + used), ..first };
        if usize::from(rest.width) >= STRIP_LEGEND.len() {
            put(buffer, rest, STRIP_LEGEND, Style::new());
        }
    }

    /// What stands behind the strip: its scale, and whether the newest exchange is followed.
    fn strip_words(&self, size: usize) -> String {
        let scale = if size > 1 { format!("{} a cell  ", thousands(size as u64)) } else { String::new() };
        let now = match (self.following || self.is_present(), self.session.is_replay()) {
            (false, _) => "F9: newest",
            (true, true) => "saved",
            (true, false) => "live",
        };
        format!("  {scale}{now} ")
    }

    /// The number of the exchange whose cell is at a place of the screen, in the strip or in the list.
    pub(in crate::front::tui) fn exchange_at(&self, at: Position) -> Option<usize> {
        let cells = strip_cells(self.layout.strip);
        if cells.contains(at) {
            let (size, known) = self.time.timeline.cells(strip_room(self.layout.strip));
            let place = usize::from(at.x - cells.x);
            return (place < known.len()).then_some(place * size);
        }
        let shown = if self.shown_panel() == Panel::Exchanges { self.layout.side } else { self.layout.transcript };
        self.transcript(below_title(shown)).find(|(_, line)| line.contains(at)).map(|(number, _)| number)
    }

    /// The steps as a tree; its root, the exchange as a whole, is the title.
    pub(in crate::front::tui) fn draw_steps(&self, area: Rect, buffer: &mut Buffer) {
        let whole = self.selection.as_ref().is_some_and(|at| at.step.is_none());
        let name = if whole { ">all steps" } else { "steps" };
        let part = self
            .selection
            .as_ref()
            .map_or_else(String::new, |at| part_around(at.steps(), at.step.unwrap_or(0), below_title(area)));
        let title = format!("{name}{part}");
        rule(buffer, area, &title, if whole { self.theme.selected() } else { self.theme.title() });
        self.draw_legend(area, title.len(), buffer);
        column(buffer, area.right(), area);
        let Some(at) = &self.selection else { return };
        for (place, line) in steps(at, below_title(area)) {
            let mark = if at.step == Some(place) { ">" } else { " " };
            let style = if at.step == Some(place) { self.theme.selected() } else { Style::new() };
            buffer.set_style(line, style);
            let columns = usize::from(line.width).saturating_sub(1);
            put(buffer, line, &format!("{mark}{}", at.line(place).within(place + 1, columns)), style);
        }
    }

    /// The step that is shown at a place of the screen: `Some(None)` is the exchange as a whole.
    pub(in crate::front::tui) fn step_at(&self, at: Position) -> Option<Option<usize>> {
        let (selection, area) = (self.selection.as_ref()?, self.layout.steps);
        if area.contains(at) && at.y == area.y {
            return Some(None);
        }
        steps(selection, below_title(area)).find(|(_, line)| line.contains(at)).map(|(place, _)| Some(place))
    }

    /// The exchanges of the run, and what the guest said in the one that is looked at.
    pub(in crate::front::tui) fn draw_transcript(&self, area: Rect, buffer: &mut Buffer) {
        let run = self.session.run();
        let selected = self.selection.as_ref().map_or(0, |at| at.cause);
        let (list, count) = self.list_of_exchanges(below_title(area));
        let part = part_around(count, selected.saturating_sub(1), list);
        rule(buffer, area, &format!("exchanges{part}"), self.theme.title());
        if run.len() < 2 {
            let words = if self.session.is_replay() { "nothing was sent" } else { "type a line, press Enter" };
            put(buffer, below_title(area), words, Style::new());
        }
        for (number, line) in self.transcript(below_title(area)) {
            let mark = if number == selected { ">" } else { " " };
            let says = if self.time.timeline.at(number).has(Events::SAID) { "\"" } else { "" };
            let (words, style) = match run.cause(number) {
                None => ("(forgotten)".to_owned(), Style::new()),
                Some(cause) if cause.outcome.is_err() => (in_short(cause), self.theme.failure()),
                Some(cause) => (in_short(cause), Style::new()),
            };
            put(buffer, line, &format!("{mark}{number}{says} {words}"), style);
            if number == selected {
                self.draw_messages(Rect { height: below_title(area).bottom() - line.y, ..line }, buffer);
            }
        }
    }

    /// What the guest said, below the first row of `area`.
    fn draw_messages(&self, area: Rect, buffer: &mut Buffer) {
        let Some(at) = &self.selection else { return };
        let messages = at.steps.messages(&at.node, None);
        let (count, mut rest) = (messages.len(), below_title(area));
        let shown = count.min(self.message_rows(rest.height));
        for (number, message) in (1..).zip(messages.take(shown)) {
            let more = if number == shown && count > shown {
                format!("  (and {} more)", thousands((count - shown) as u64))
            } else {
                String::new()
            };
            put(buffer, rest, &format!("   says {}{more}", quoted(message)), Style::new());
            rest = below_title(rest);
        }
    }

    /// How many rows of the list of exchanges go to what the guest said in the one that is looked at.
    fn message_rows(&self, rows: u16) -> usize {
        let count = self.selection.as_ref().map_or(0, |at| at.steps.messages(&at.node, None).len());
        count.min(usize::from(rows) / 2)
    }

    /// What of an area is left for the list of exchanges beside messages, and how many of those there are.
    fn list_of_exchanges(&self, area: Rect) -> (Rect, usize) {
        let selected = self.selection.as_ref().map_or(0, |at| at.cause);
        let said = if selected > 0 { to_u16(self.message_rows(area.height)) } else { 0 };
        (Rect { height: area.height - said, ..area }, self.session.run().len().saturating_sub(1))
    }

    /// The exchanges that fit into an area, each with its row; below the one that is looked at is room for messages.
    fn transcript(&self, area: Rect) -> impl Iterator<Item = (usize, Rect)> + use<> {
        let selected = self.selection.as_ref().map_or(0, |at| at.cause);
        let (list, count) = self.list_of_exchanges(area);
        let said = area.height - list.height;
        window(count, selected.saturating_sub(1), list).map(move |(place, line)| {
            let number = place + 1;
            (number, Rect { y: line.y + if number > selected { said } else { 0 }, ..line })
        })
    }
}

/// How many cells the strip has room for.
fn strip_room(area: Rect) -> usize {
    usize::from(strip_cells(area).width.saturating_sub(STRIP_WORDS))
}

/// Where the cells of the strip begin.
fn strip_cells(area: Rect) -> Rect {
    let label = to_u16(LABEL.len()).min(area.width);
    Rect { x: area.x + label, width: area.width - label, ..area }
}

/// The sign of what happened in a cell of the strip: the rarest of it.
fn event(events: Events, theme: Theme) -> (&'static str, Style) {
    match events {
        _ if events.has(Events::FAILED) => ("x", theme.failure()),
        _ if events.has(Events::GREW) => ("+", theme.title()),
        _ if events.has(Events::GUEST) => ("g", theme.actor(Actor::Guest)),
        _ if events.has(Events::HOST) => ("h", theme.actor(Actor::Host)),
        _ if events.has(Events::MODULE) => ("m", theme.actor(Actor::Module)),
        _ if events.has(Events::UNKNOWN) => ("?", Style::new()),
        _ => (".", Style::new()),
    }
}

/// The steps that fit into an area with the selected one among them, each with its row. Where the call that they lie in
/// is out of sight, it takes the first row.
fn steps(at: &Selection, area: Rect) -> impl Iterator<Item = (usize, Rect)> + use<> {
    let selected = at.step.unwrap_or(0);
    let first = window(at.steps(), selected, area).next().map(|(place, _)| place);
    let around = first.filter(|&place| place != selected && area.height > 2).and_then(|place| at.steps.around(place));
    window(at.steps(), selected, area).map(move |(place, line)| match around {
        Some(around) if Some(place) == first => (around, line),
        _ => (place, line),
    })
}

/// What the guest said in what is selected, behind the sentence that tells what changed.
pub(in crate::front::tui) fn said(at: &Selection) -> String {
    let messages = at.steps.messages(&at.node, at.step);
    if messages.len() == 0 {
        return String::new();
    }
    let more = if messages.len() > MESSAGES { ", ..." } else { "" };
    let shown: Vec<_> = messages.take(MESSAGES).map(quoted).collect();
    format!("; the guest said {}{more}", shown.join(", "))
}

/// A message of the guest's, of which no more is made than a screen shows.
pub(in crate::front::tui) fn quoted(message: &[u8]) -> String {
    format!("\"{}\"", visible(&message[..message.len().min(GLANCE)]))
}

/// `Did you know => Did you know Wasm is cool!`, of which no more is made than a screen shows.
fn in_short(cause: &Cause) -> String {
    let line = match &cause.trigger {
        Trigger::Line(line) => visible(&line[..line.len().min(GLANCE)]),
        Trigger::Command(words) => format!(":{}", visible(words.as_bytes())),
        Trigger::Start => "start".to_owned(),
    };
    match &cause.outcome {
        Ok(_) if !matches!(cause.trigger, Trigger::Line(_)) => line,
        Ok(answer) => format!("{line} => {}", visible(&answer[..answer.len().min(GLANCE)])),
        Err(_) => format!("{line} => failed: {}", outcome(cause)),
    }
}
