//! Typing: what keys, pastes and Tab do to the input line, and to a question in its place.

use super::app::{App, LoopControl};
use crate::command::complete;
use crate::front::tui::input::keys::{Action, Focus, Question};
use crate::front::tui::input::line::{Edit, LONGEST};
use crate::session::State;

/// The most words that are offered at once.
const OFFERED: usize = 100;

impl App {
    pub(in crate::front::tui) fn send(&mut self) -> LoopControl {
        let line = self.input.take();
        self.typed(&line)
    }

    pub(in crate::front::tui) fn edit(&mut self, edit: Edit) -> LoopControl {
        if let (Some(Question::Notation), Edit::Insert(key)) =
            (self.prompt.as_ref().map(|prompt| prompt.question), edit)
        {
            return self.choose_form(key);
        }
        let input = self.prompt.as_mut().map_or(&mut self.input, |prompt| &mut prompt.input);
        let done = input.edit(edit);
        let searching = input.sought().is_some();
        match (done, edit) {
            (false, _) if searching => self.notice("no earlier line holds that"),
            (false, Edit::Insert(_)) => self.full(),
            (false, Edit::Undo) => self.notice("there is nothing to undo"),
            _ => LoopControl::Continue,
        }
    }

    fn full(&mut self) -> LoopControl {
        self.notice(&format!("the line is full: {LONGEST} bytes is the longest that can be typed"))
    }

    /// A paste is text. Its lines are sent one by one; what follows the last line's end is left to be edited.
    pub(in crate::front::tui) fn paste(&mut self, text: &str) -> LoopControl {
        self.notice = None;
        if let Some(prompt) = &mut self.prompt {
            let first = text.lines().next().unwrap_or_default();
            return if prompt.input.insert(first) { LoopControl::Continue } else { self.full() };
        }
        self.focus = Focus::Input;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            if !self.input.insert(line) {
                return self.full();
            }
            if lines.peek().is_some() {
                let next = self.send();
                if next != LoopControl::Continue {
                    return next;
                }
            }
        }
        LoopControl::Continue
    }

    pub(in crate::front::tui) fn interrupt(&mut self) -> LoopControl {
        if self.prompt.is_some() {
            self.dismiss();
            return LoopControl::Continue;
        }
        match self.session.state() {
            State::Busy(_) => {
                self.script.stop();
                self.session.interrupt();
            }
            State::Loading => return LoopControl::Quit,
            State::Idle if self.script.waits() => {
                self.script.stop();
                return self.notice("the rest of the file is not followed");
            }
            State::Idle if self.input.is_empty() => return self.notice("Ctrl-D quits"),
            State::Idle => self.input.clear(),
        }
        LoopControl::Continue
    }

    /// A key while earlier lines are searched; true where it ends that and does nothing more.
    pub(in crate::front::tui) fn in_search(&mut self, wanted: Option<Action>) -> bool {
        let running = matches!(self.session.state(), State::Busy(_));
        match wanted {
            Some(Action::Interrupt) if running => return false,
            Some(Action::SwitchFocus) => self.input.end_search(true),
            Some(Action::Interrupt | Action::Ask(_)) => self.input.end_search(false),
            _ => return false,
        }
        true
    }

    /// Completes the command that is typed, as far as it is clear, and lists what it could be.
    pub(in crate::front::tui) fn complete(&mut self) -> LoopControl {
        let typed = self.input.before_cursor().to_owned();
        if !typed.starts_with(':') {
            return self.notice("Tab completes commands, which begin with a colon; :send a\\tb sends a tab");
        }
        let found = complete(&typed, &self.context().names());
        let word = &typed[found.start..];
        let Some(common) = found.words.iter().map(String::as_str).reduce(shared) else {
            return self.notice("nothing completes that; :help lists the commands");
        };
        let (grows, common) = (common.len() > word.len(), common.to_owned());
        if grows && !self.input.complete(found.start, &common) {
            return self.full();
        }
        match &found.words[..] {
            [_] => LoopControl::Continue,
            several => {
                let more = if several.len() > OFFERED { " ..." } else { "" };
                let words: Vec<_> = several.iter().take(OFFERED).map(|word| word.trim_end()).collect();
                self.notice(&format!("{}{more}", words.join("  ")))
            }
        }
    }
}

/// What two words begin with.
fn shared<'a>(one: &'a str, other: &str) -> &'a str {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other);
    &one[..same.map(|(c, _)| c.len_utf8()).sum()]
}
