//! The screen, drawn from the app's state.

use std::path::Path;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::cells::{GLANCE, PAST_RULER, RULER, below_title, column, put, ruled, to_u16, wrapped};
use super::panes::{Pane, Side};
use super::timeline::said;
use crate::command::{Typed, find};
use crate::front::tui::input::keys::{Action, BINDINGS, Binding, Focus};
use crate::front::tui::state::app::App;
use crate::front::tui::state::layout::{Arrangement, Layout};
use crate::record::{Cause, StepKind, Trigger};
use crate::session::State;
use crate::view::{ahead, difference, in_brief, outcome, thousands, visible};

impl App {
    /// Draws the whole screen.
    pub(in crate::front::tui) fn draw(&mut self, frame: &mut Frame<'_>) {
        if let Some(cursor) = self.paint(frame.area(), frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    }

    /// Draws the whole screen into a buffer, and returns where the cursor belongs.
    pub(in crate::front::tui) fn paint(&mut self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let cursor = self.paint_any(area, buffer);
        self.theme.charset.apply(buffer);
        cursor
    }

    /// The same with all characters.
    fn paint_any(&mut self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let layout = *self.arrange(area);
        if let Some(line) = self.help {
            let (first, last) = self.draw_help(line, layout.area, buffer);
            (self.help, self.help_end) = (Some(first), last);
            return None;
        }
        if let Some(list) = &self.list {
            self.draw_list(list, layout.area, buffer);
            return None;
        }
        if layout.has_memory() {
            self.draw_header(layout.header, buffer);
            self.draw_strip(layout.strip, buffer);
            self.draw_memory(&layout, buffer);
            self.draw_steps(layout.steps, buffer);
            self.draw_panel(layout.side, buffer);
            if !layout.transcript.is_empty() {
                self.draw_transcript(layout.transcript, buffer);
                column(buffer, layout.side.right(), layout.side);
            }
            self.draw_bar(layout.bar, buffer);
            self.draw_sentence(layout.sentence, buffer);
            self.draw_status(layout.status, layout.sentence, buffer);
        } else {
            self.draw_status(layout.status, Rect::default(), buffer);
            put(buffer, below_title(layout.status), "44x12 at least: too small for memory", Style::new());
        }
        let cursor = self.draw_input(layout.input, buffer);
        cursor.filter(|_| self.focus != Focus::Memory)
    }

    fn draw_header(&self, area: Rect, buffer: &mut Buffer) {
        let convention = match self.session.about() {
            Some(about) if about.convention.is_empty() => String::new(),
            Some(about) => format!(" | {}", visible(about.convention.as_bytes())),
            None => " | loading".to_owned(),
        };
        let several = self.selection.as_ref().is_some_and(|at| at.after.len() > 1);
        let which = if several { format!(" | {}", self.memory_words()) } else { String::new() };
        let (pages, bytes) = self.size_words().unwrap_or_default();
        let path = Path::new(self.session.name());
        let name = visible(path.file_name().map_or(path.as_os_str(), |name| name).as_encoded_bytes());
        buffer.set_style(area, self.theme.selected());
        let place = self.place();
        let width = to_u16(place.width()).min(area.width);
        put(buffer, Rect { x: area.right() - width, width, ..area }, &place, self.theme.selected());
        let rest = Rect { width: (area.width - width).saturating_sub(1), ..area };
        let short = format!(" linmem  {name}{convention}{which}{pages}");
        let fits = short.width() + bytes.width() <= usize::from(rest.width);
        put(buffer, rest, &if fits { short + &bytes } else { short }, self.theme.selected());
    }

    /// Where on the timeline the view is: `exchange 3 of 3 | step 3 of 5`.
    fn place(&self) -> String {
        let Some(at) = &self.selection else { return String::new() };
        let past = match self.session.runs_back() {
            0 if self.is_present() => "",
            0 => "THE PAST: ",
            _ => "EARLIER RUN: ",
        };
        let exchanges = self.session.run().len() - 1;
        let exchange = match at.cause {
            0 => "start".to_owned(),
            number => format!("exchange {number} of {exchanges}"),
        };
        match at.step {
            Some(place) => format!("{past}{exchange} | step {} of {} ", place + 1, at.steps()),
            None => format!("{past}{exchange} | all steps "),
        }
    }

    fn draw_memory(&self, layout: &Layout, buffer: &mut Buffer) {
        let Some(at) = &self.selection else {
            put(buffer, layout.before, "the guest is being compiled and started ...", Style::new());
            return;
        };
        let Some(sight) = self.sight() else { return };
        let step = at.selected_line().map_or_else(|| whole(&at.node.trigger), |line| line.headline());
        let note = in_brief(sight.marks);
        // The past is told by the shape of its rules too.
        let ruler = if self.is_present() { RULER } else { PAST_RULER };
        let pane = |side| {
            let start = self.session.run().start().get(self.memory()).filter(|_| at.cause > 0);
            Pane {
                side,
                sight,
                start,
                top: self.space.top,
                selected: self.space.selected(),
                pattern: self.space.search.as_ref().map(|search| &search.pattern),
                regions: &self.space.regions,
                theme: self.theme,
            }
        };
        if layout.arrangement == Arrangement::One {
            ruled(buffer, layout.after, &format!("before (-) and after  {step}   {note}"), self.theme.title(), ruler);
            return pane(Side::Both).draw(below_title(layout.after), buffer);
        }
        ruled(buffer, layout.before, &format!("before  {step}"), self.theme.title(), ruler);
        ruled(buffer, layout.after, &format!("after   {note}"), self.theme.title(), ruler);
        pane(Side::Before).draw(below_title(layout.before), buffer);
        pane(Side::After).draw(below_title(layout.after), buffer);
        if layout.after.x > layout.before.right() {
            column(buffer, layout.before.right(), layout.before);
        }
    }

    fn draw_sentence(&self, area: Rect, buffer: &mut Buffer) {
        let Some(at) = &self.selection else { return };
        let Some(marks) = at.marks.get(self.memory()) else { return };
        let step = at.step.map_or("all steps".to_owned(), |place| format!("step {}", place + 1));
        let said = said(at);
        put(buffer, area, &format!("{step}: {}{said}", difference(marks)), Style::new());
    }

    /// A message that is too long for its line takes that of the sentence above too.
    fn draw_status(&self, area: Rect, above: Rect, buffer: &mut Buffer) {
        let (words, style) = self.status();
        if words.width() <= usize::from(area.width) || above.is_empty() {
            put(buffer, area, &words, style);
            return;
        }
        let lines = wrapped(&words, usize::from(area.width));
        for x in above.left()..above.right() {
            buffer[(x, above.y)].reset();
        }
        put(buffer, above, &lines[0], style);
        put(buffer, area, &lines[1..].join(" "), style);
    }

    /// The line above the input: a notice, what the guest is doing, or how the selected cause ended.
    fn status(&self) -> (String, Style) {
        if let Some(notice) = &self.notice {
            return (notice.clone(), self.theme.title());
        }
        match self.session.state() {
            State::Loading => return ("loading ...".to_owned(), self.theme.title()),
            State::Busy(lines) => {
                let more = if lines > 1 { format!(", {} lines to go", thousands(lines as u64)) } else { String::new() };
                let says = self.heard.as_ref().map_or(String::new(), |words| format!("; it says {words}"));
                return (format!("the guest is running{more} ... Ctrl-C stops it{says}"), self.theme.title());
            }
            State::Idle => (),
        }
        let Some(at) = &self.selection else { return (String::new(), Style::new()) };
        let (cause, elapsed) = (&at.node, at.steps.elapsed());
        let replay = self.session.is_replay();
        match (&cause.trigger, &cause.outcome) {
            (_, Err(failure)) => {
                let suspect =
                    if failure.leaves_guest_suspect() && !replay { "; it may be inconsistent now: :reset" } else { "" };
                (format!("{}{suspect}", outcome(cause)), self.theme.failure())
            }
            (Trigger::Start, Ok(_)) if self.session.about().is_some_and(|about| about.undecided.is_some()) => (
                "no convention was chosen: :convention tells which fit, :call EXPORT calls by hand".to_owned(),
                self.theme.failure(),
            ),
            (Trigger::Start, Ok(_)) if replay => (
                "a saved session: nothing runs. F5 F6 go along its exchanges, Esc leads to the memory.".to_owned(),
                Style::new(),
            ),
            (Trigger::Start, Ok(_)) => (
                "the guest is ready. Below, type what to send; above, its memory as it began.".to_owned(),
                Style::new(),
            ),
            (Trigger::Command(words), Ok(_)) if cause.begins_a_run() => (
                format!(":{}: a fresh guest; F3 shows the run before   ({elapsed:.1?})", visible(words.as_bytes())),
                Style::new(),
            ),
            (Trigger::Command(words), Ok(_)) => {
                let result = called(cause).unwrap_or_default();
                (format!(":{}{result}   ({elapsed:.1?})", visible(words.as_bytes())), Style::new())
            }
            (Trigger::Line(line), Ok(answer)) => {
                let shown = visible(&answer[..answer.len().min(GLANCE)]);
                let sizes = format!("{} B -> {} B", thousands(line.len() as u64), thousands(answer.len() as u64));
                (format!("=> {shown}   ({sizes}, {elapsed:.1?})"), Style::new())
            }
        }
    }

    /// While a line is typed: what will cross. While a command is: how it is written, and what it does.
    fn about_the_line(&self) -> String {
        match Typed::new(self.input.text()) {
            Typed::Line(_) if self.session.is_replay() => {
                "a saved session: nothing can be sent; a line that begins with : is a command".to_owned()
            }
            Typed::Line(line) => ahead(line, &self.session, &self.space.regions),
            Typed::Command(text) => match find(text.split_whitespace().next().unwrap_or_default()) {
                Ok(spec) => format!("{}   {}", spec.usage(), spec.about),
                Err(error) => error.to_string(),
            },
        }
    }

    /// Draws the input line, or the question in its place, and returns where the cursor belongs.
    fn draw_input(&self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let (first, last) = self.space.selected();
        let (label, input) = match (&self.prompt, self.input.sought()) {
            (Some(prompt), _) => (prompt.label((last - first).saturating_add(1)), &prompt.input),
            (None, Some(sought)) => (format!("search `{}`: ", visible(sought.as_bytes())), &self.input),
            (None, None) if self.focus == Focus::Input => ("> ".to_owned(), &self.input),
            (None, None) => ("  ".to_owned(), &self.input),
        };
        let used = put(buffer, area, &label, self.theme.title());
        let rest = Rect { x: area.x + used, width: area.width - used, ..area };
        let (text, column) = input.window(usize::from(rest.width));
        put(buffer, rest, &text, Style::new());
        (rest.width > 0 && area.height > 0).then(|| Position::new(rest.x + to_u16(column), rest.y))
    }

    /// The keys; while something is typed, what it is.
    fn draw_bar(&self, area: Rect, buffer: &mut Buffer) {
        if self.focus == Focus::Input && !self.input.is_empty() {
            put(buffer, area, &self.about_the_line(), Style::new());
            return;
        }
        let mut rest = area;
        if self.is_suspect() {
            let used = put(buffer, rest, ":reset", self.theme.selected());
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            let used = put(buffer, rest, " makes a fresh guest  ", self.theme.title());
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
        let replay = self.session.is_replay();
        let holds = |binding: &&Binding| {
            !binding.bar.is_empty() && binding.holds(self.focus) && !(replay && binding.action == Action::Send)
        };
        let mut shown: Vec<_> = BINDINGS.iter().filter(holds).collect();
        let columns = |binding: &&Binding| binding.label.len() + binding.bar.len() + 3;
        let width = |shown: &[&Binding]| shown.iter().map(columns).sum::<usize>();
        // What explains the rest, and the way out, are the last that go.
        while shown.len() > 2 && width(&shown) > usize::from(rest.width) + 2 {
            shown.remove(shown.len() - 3);
        }
        for (number, binding) in shown.into_iter().enumerate() {
            let gap = if number > 0 { "  " } else { "" };
            for (text, style) in [
                (gap, Style::new()),
                (binding.label, self.theme.selected()),
                (" ", Style::new()),
                (binding.bar, Style::new()),
            ] {
                let used = put(buffer, rest, text, style);
                rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
            }
        }
    }

    /// Whether the guest may be inconsistent, by what it did last.
    fn is_suspect(&self) -> bool {
        let run = self.session.run();
        let newest = run.len().checked_sub(1).and_then(|number| run.cause(number));
        let failed = newest.and_then(|cause| cause.outcome.as_ref().err());
        self.is_present() && !self.session.is_replay() && failed.is_some_and(|failure| failure.leaves_guest_suspect())
    }
}

/// What is selected where no step is.
fn whole(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start => "the start as a whole".to_owned(),
        Trigger::Line(_) => "the exchange as a whole".to_owned(),
        Trigger::Command(words) => format!(":{} as a whole", visible(words.as_bytes())),
    }
}

/// What a call by hand returned, if that is what a command did.
fn called(cause: &Cause) -> Option<String> {
    match &cause.steps.get(cause.focus?)?.kind {
        StepKind::Call { results: Some(results), .. } if !results.is_empty() => {
            let results: Vec<_> = results.iter().map(ToString::to_string).collect();
            Some(format!("  -> {}", results.join(", ")))
        }
        _ => None,
    }
}
