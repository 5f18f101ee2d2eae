//! The screen, drawn from the app's state.

use std::path::Path;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::app::{App, MEMORY};
use super::bindings::{BINDINGS, Focus};
use super::layout::Layout;
use super::panes::{Pane, Side};
use crate::record::{Actor, Cause, Image, Trigger, WASM_PAGE};
use crate::session::State;
use crate::view::{difference, outcome, thousands, visible};

/// How much of an outcome the transcript and the status line look at: no screen is wider.
const GLANCE: usize = 1024;

impl App {
    /// Draws the whole screen.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>) {
        let layout = *self.arrange(frame.area());
        let buffer = frame.buffer_mut();
        if layout.has_memory() {
            self.draw_header(layout.header, buffer);
            self.draw_memory(&layout, buffer);
            self.draw_steps(layout.steps, buffer);
            self.draw_transcript(layout.transcript, buffer);
            self.draw_bar(layout.bar, buffer);
            self.draw_sentence(layout.sentence, buffer);
            self.draw_status(layout.status, buffer);
        } else {
            put(buffer, layout.status, "too small for memory: 44x12 at least", Style::new());
        }
        let cursor = self.draw_input(layout.input, buffer);
        if self.help {
            self.draw_help(layout.area, buffer);
        } else if let (Focus::Input, Some(cursor)) = (self.focus, cursor) {
            frame.set_cursor_position(cursor);
        }
    }

    fn draw_header(&self, area: Rect, buffer: &mut Buffer) {
        let convention = match self.session.about() {
            Some(about) => format!(" | {}", about.convention),
            None => " | loading".to_owned(),
        };
        let size = self.selection.as_ref().and_then(|at| at.after.get(MEMORY)).map_or(String::new(), |image| {
            let pages = image.len() / WASM_PAGE;
            let unit = if pages == 1 { "page" } else { "pages" };
            format!(" | {} {unit} = {} B", thousands(pages), thousands(image.len()))
        });
        let path = Path::new(self.session.name());
        let name = visible(path.file_name().map_or(path.as_os_str(), |name| name).as_encoded_bytes());
        buffer.set_style(area, self.theme.selected());
        let place = self.place();
        let width = to_u16(place.width()).min(area.width);
        put(buffer, Rect { x: area.right() - width, width, ..area }, &place, self.theme.selected());
        let rest = Rect { width: (area.width - width).saturating_sub(1), ..area };
        put(buffer, rest, &format!(" linmem  {name}{convention}{size}"), self.theme.selected());
    }

    /// Where on the timeline the view is: `exchange 3 of 3 | step 3 of 5`.
    fn place(&self) -> String {
        let Some(at) = &self.selection else { return String::new() };
        let past = if self.is_present() { "" } else { "THE PAST: " };
        let exchanges = self.session.run().len() - 1;
        let exchange = match at.cause {
            0 => "start".to_owned(),
            number => format!("exchange {number} of {exchanges}"),
        };
        match at.crossing {
            Some(place) => format!("{past}{exchange} | step {} of {} ", place + 1, at.steps.len()),
            None => format!("{past}{exchange} "),
        }
    }

    fn draw_memory(&self, layout: &Layout, buffer: &mut Buffer) {
        let Some(at) = &self.selection else {
            put(buffer, layout.before, "the guest is being compiled and started ...", Style::new());
            return;
        };
        let step = at.crossing.map_or("all of it".to_owned(), |place| at.steps[place].headline());
        rule(buffer, layout.before, &format!("before  {step}"), self.theme.title());
        let Some(((before, after), marks)) = at.after.get(MEMORY).map(|after| {
            let before = at.before.get(MEMORY);
            ((before, after), &at.marks[MEMORY])
        }) else {
            return;
        };
        let note = at.crossing.map_or("", |place| &at.steps[place].note);
        rule(buffer, layout.after, &format!("after   {note}"), self.theme.title());
        let none = Image::default();
        for (side, image, area) in
            [(Side::Before, before.unwrap_or(&none), layout.before), (Side::After, after, layout.after)]
        {
            let pane = Pane { side, image, marks, top: self.top, width: layout.width, theme: self.theme };
            pane.draw(below_title(area), buffer);
        }
        if layout.after.x > layout.before.right() {
            column(buffer, layout.before.right(), layout.before);
        }
    }

    fn draw_steps(&self, area: Rect, buffer: &mut Buffer) {
        rule(buffer, area, "steps", self.theme.title());
        self.draw_legend(area, buffer);
        column(buffer, area.right(), area);
        let Some(at) = &self.selection else { return };
        let selected = at.crossing.unwrap_or(0);
        for (place, line) in window(at.steps.len(), selected, below_title(area)) {
            let step = &at.steps[place];
            let mark = if at.crossing == Some(place) { ">" } else { " " };
            let style = if at.crossing == Some(place) { self.theme.selected() } else { Style::new() };
            buffer.set_style(line, style);
            let columns = usize::from(line.width).saturating_sub(1);
            put(buffer, line, &format!("{mark}{}", step.within(place + 1, columns)), style);
        }
    }

    /// What the letters in the gutter mean, at the right end of a rule.
    fn draw_legend(&self, area: Rect, buffer: &mut Buffer) {
        const LEGEND: [(&str, Option<Actor>); 4] =
            [(" h", Some(Actor::Host)), (" host wrote  ", None), ("g", Some(Actor::Guest)), (" guest wrote ", None)];
        let width = to_u16(LEGEND.iter().map(|(text, _)| text.len()).sum());
        if area.width < width + 12 {
            return;
        }
        let mut rest = Rect { x: area.right() - width - 1, width, ..area };
        for (text, actor) in LEGEND {
            let style = actor.map_or(Style::new(), |actor| self.theme.actor(actor));
            let used = put(buffer, rest, text, style);
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }

    fn draw_transcript(&self, area: Rect, buffer: &mut Buffer) {
        rule(buffer, area, "exchanges", self.theme.title());
        let run = self.session.run();
        let count = run.len().saturating_sub(1);
        let selected = self.selection.as_ref().map_or(0, |at| at.cause);
        if count == 0 {
            let hint = "type a line and press Enter: it goes into the guest's memory";
            put(buffer, below_title(area), hint, Style::new());
        }
        for (place, line) in window(count, selected.saturating_sub(1), below_title(area)) {
            let number = place + 1;
            let mark = if number == selected { ">" } else { " " };
            match run.cause(number) {
                None => {
                    put(buffer, line, &format!("{mark}{number} (forgotten)"), Style::new());
                }
                Some(cause) => {
                    let style = if cause.outcome.is_err() { self.theme.failure() } else { Style::new() };
                    put(buffer, line, &format!("{mark}{number} {}", in_short(cause)), style);
                }
            }
        }
    }

    fn draw_sentence(&self, area: Rect, buffer: &mut Buffer) {
        let Some(at) = &self.selection else { return };
        let Some(marks) = at.marks.get(MEMORY) else { return };
        let step = at.crossing.map_or("all steps".to_owned(), |place| format!("step {}", place + 1));
        put(buffer, area, &format!("{step}: {}", difference(marks)), Style::new());
    }

    fn draw_status(&self, area: Rect, buffer: &mut Buffer) {
        let (words, style) = self.status();
        put(buffer, area, &words, style);
    }

    /// The line above the input: a notice, what the guest is doing, or how the selected cause ended.
    fn status(&self) -> (String, Style) {
        if let Some(notice) = &self.notice {
            return (notice.clone(), self.theme.title());
        }
        match self.session.state() {
            State::Loading => return ("loading ...".to_owned(), self.theme.title()),
            State::Busy(1) => return ("the guest is running ... Ctrl-C stops it".to_owned(), self.theme.title()),
            State::Busy(lines) => {
                return (format!("the guest is running, {lines} lines to go ... Ctrl-C stops it"), self.theme.title());
            }
            State::Idle => (),
        }
        let Some(cause) = self.selection.as_ref().and_then(|at| self.session.run().cause(at.cause)) else {
            return (String::new(), Style::new());
        };
        match (&cause.trigger, &cause.outcome) {
            (_, Err(failure)) => {
                let suspect = if failure.leaves_guest_suspect() { "; it may be inconsistent now" } else { "" };
                (format!("{}{suspect}", outcome(cause)), self.theme.failure())
            }
            (Trigger::Start, Ok(_)) => (
                "the guest is ready. Below, type what to send; above, its memory as it began.".to_owned(),
                Style::new(),
            ),
            (Trigger::Command(words), Ok(_)) => {
                (format!(":{}   ({:.1?})", visible(words.as_bytes()), cause.elapsed()), Style::new())
            }
            (Trigger::Line(line), Ok(answer)) => {
                let shown = visible(&answer[..answer.len().min(GLANCE)]);
                let sizes = format!("{} B -> {} B", thousands(line.len() as u64), thousands(answer.len() as u64));
                (format!("=> {shown}   ({sizes}, {:.1?})", cause.elapsed()), Style::new())
            }
        }
    }

    /// Draws the input line, and returns where the cursor belongs.
    fn draw_input(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let prompt = if self.focus == Focus::Input { "> " } else { "  " };
        let used = put(buffer, area, prompt, self.theme.title());
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        let (text, column) = self.input.window(usize::from(rest.width));
        put(buffer, rest, &text, Style::new());
        (rest.width > 0 && area.height > 0).then(|| Position::new(rest.x + to_u16(column), rest.y))
    }

    fn draw_bar(&self, area: Rect, buffer: &mut Buffer) {
        let mut rest = area;
        for binding in BINDINGS.iter().filter(|binding| !binding.bar.is_empty() && binding.holds(self.focus)) {
            let used = put(buffer, rest, binding.label, self.theme.selected());
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            let used = put(buffer, rest, &format!(" {}  ", binding.bar), Style::new());
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }

    fn draw_help(&self, area: Rect, buffer: &mut Buffer) {
        buffer.set_style(area, Style::reset());
        for position in area.positions() {
            buffer[position].reset();
        }
        rule(buffer, area, "keys (any key goes back)", self.theme.title());
        let area = below_title(area);
        let shown: Vec<_> = BINDINGS.iter().filter(|binding| !binding.help.is_empty()).collect();
        let columns = (area.width / 76).max(1);
        let rows = area.height;
        for (binding, place) in shown.iter().zip(0u16..) {
            if place >= rows.saturating_mul(columns) {
                break;
            }
            let (column, row) = (place / rows, place % rows);
            let cell =
                Rect { x: area.x + column * 76, y: area.y + row, width: 75.min(area.width - column * 76), height: 1 };
            put(buffer, cell, &format!(" {:<17} {}", binding.label, binding.help), Style::new());
        }
    }
}

/// `Did you know => Did you know Wasm is cool!`, of which no more is made than a screen shows.
fn in_short(cause: &Cause) -> String {
    let line = match &cause.trigger {
        Trigger::Line(line) => visible(&line[..line.len().min(GLANCE)]),
        Trigger::Command(words) => format!(":{}", visible(words.as_bytes())),
        Trigger::Start => "start".to_owned(),
    };
    match &cause.outcome {
        Ok(answer) => format!("{line} => {}", visible(&answer[..answer.len().min(GLANCE)])),
        Err(_) => format!("{line} => failed: {}", outcome(cause)),
    }
}

/// Puts text into the first row of an area, cut where the area ends, and returns the columns used.
fn put(buffer: &mut Buffer, area: Rect, text: &str, style: Style) -> u16 {
    if area.is_empty() {
        return 0;
    }
    let (end, _) = buffer.set_stringn(area.x, area.y, text, usize::from(area.width), style);
    // What does not fit is not lost without a sign.
    if text.len() > usize::from(area.width) && text.width() > usize::from(area.width) {
        buffer[(area.right() - 1, area.y)].set_symbol(">").set_style(style);
    }
    end - area.x
}

/// A rule with a title, in the first row of an area.
fn rule(buffer: &mut Buffer, area: Rect, title: &str, style: Style) {
    if area.is_empty() {
        return;
    }
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_symbol("\u{2500}");
    }
    let room = area.width.saturating_sub(3);
    let shown: String = fit(title, usize::from(room));
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..area };
    put(buffer, inner, &format!(" {shown} "), style);
}

/// As much of a text as fits into that many columns.
fn fit(text: &str, columns: usize) -> String {
    let mut fitted = String::new();
    for grapheme in text.graphemes(true) {
        if fitted.width() + grapheme.width() > columns {
            break;
        }
        fitted.push_str(grapheme);
    }
    fitted
}

/// A line from top to bottom beside an area.
fn column(buffer: &mut Buffer, x: u16, area: Rect) {
    for y in area.top()..area.bottom() {
        if let Some(cell) = buffer.cell_mut((x, y)) {
            cell.set_symbol(if y == area.y { "\u{252c}" } else { "\u{2502}" });
        }
    }
}

fn below_title(area: Rect) -> Rect {
    Rect { y: area.y + area.height.min(1), height: area.height.saturating_sub(1), ..area }
}

/// The items of a list that fit into an area with the selected one among them, each with its row.
fn window(count: usize, selected: usize, area: Rect) -> impl Iterator<Item = (usize, Rect)> {
    let rows = usize::from(area.height);
    let first = (selected + 1).saturating_sub(rows).min(count.saturating_sub(rows));
    (first..count).zip(0..area.height).map(move |(item, row)| (item, Rect { y: area.y + row, height: 1, ..area }))
}

fn to_u16(columns: usize) -> u16 {
    u16::try_from(columns).unwrap_or(u16::MAX)
}
