//! Typing: the effect of keys, pastes and Tab on the input line.

use super::app::App;
use super::effect::Request;
use crate::command::complete;
use crate::front::tui::input::line::{Edit, LINE_FULL};
use crate::front::tui::input::mode::Focus;
use crate::session::State;

/// The maximum number of candidates shown.
const OFFERED: usize = 100;

impl App {
    pub(super) fn send(&mut self) {
        let line = self.line.take();
        self.typed(&line);
    }

    pub(super) fn edit(&mut self, edit: Edit) {
        let done = self.line.edit(edit);
        match (done, edit) {
            (false, _) if self.line.sought().is_some() => self.notice("no earlier line contains that"),
            (false, Edit::Insert(_)) => self.notice(LINE_FULL),
            (false, Edit::Undo) => self.notice("nothing to undo"),
            _ => (),
        }
    }

    /// Inserts a paste as text. Its lines are sent one by one; text after the last line feed stays for editing.
    pub(super) fn paste(&mut self, text: &str) {
        self.status.notice = None;
        if let Some(prompt) = self.overlays.prompt() {
            let first = text.lines().next().unwrap_or_default();
            if !prompt.input.insert(first) {
                self.notice(LINE_FULL);
            }
            return;
        }
        self.focus = Focus::Input;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            if !self.line.insert(line) {
                return self.notice(LINE_FULL);
            }
            if lines.peek().is_some() {
                self.send();
            }
            if self.is_quitting() {
                return;
            }
        }
    }

    /// Interrupts what is running; otherwise closes what is open, or clears the line.
    pub(super) fn interrupt(&mut self) {
        match self.session.state() {
            State::Loading => self.request(Request::Interrupt),
            State::Busy(_) | State::Stopped => {
                self.script.stop();
                self.session.interrupt();
            }
            State::Idle if self.script.waits() || self.script.reporting.is_some() => {
                self.script.stop();
                self.time.report = None;
                self.notice("the rest of the file is not run");
            }
            State::Idle if self.overlays.top().is_some() => self.overlays.close(),
            State::Idle if self.line.sought().is_some() => self.line.end_search(false),
            State::Idle if !self.line.is_empty() => self.line.clear(),
            State::Idle if self.focus == Focus::Memory => self.notice("q quits"),
            State::Idle => self.notice("Ctrl-D quits"),
        }
    }

    /// Completes the command being typed up to the common prefix, and lists the candidates.
    pub(super) fn complete(&mut self) {
        let typed = self.line.before_cursor().to_owned();
        if !typed.starts_with(':') {
            return self.notice("Tab completes commands, which begin with a colon; :send a\\tb sends a tab");
        }
        let found = complete(&typed, &self.context().names());
        let word = &typed[found.start..];
        let Some(common) = found.words.iter().map(String::as_str).reduce(shared) else {
            return self.notice("no command or argument begins with that; :help lists the commands");
        };
        let (grows, common) = (common.len() > word.len(), common.to_owned());
        if grows && !self.line.complete(found.start, &common) {
            return self.notice(LINE_FULL);
        }
        if found.words.len() > 1 {
            let more = if found.words.len() > OFFERED { " ..." } else { "" };
            let words: Vec<_> = found.words.iter().take(OFFERED).map(|word| word.trim_end()).collect();
            self.notice(&format!("{}{more}", words.join("  ")));
        }
    }
}

/// The common prefix of two words.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    &one[..same.map(|(c, _)| c.len_utf8()).sum()]
}
