//! A question in the input line's place: where to go, what to search for, what to do.

use super::app::{App, LoopControl};
use crate::front::history::History;
use crate::front::tui::input::keys::{Focus, Question};
use crate::front::tui::input::line::Input;
use crate::view::thousands;

/// A question, and what is typed so far.
pub(in crate::front::tui) struct Prompt {
    pub(in crate::front::tui) question: Question,
    pub(in crate::front::tui) input: Input,
    /// Where the keys went before.
    from: Focus,
}

impl Prompt {
    /// What stands before the answer, with `len` bytes selected.
    pub(in crate::front::tui) fn label(&self, len: u64) -> String {
        let bytes = thousands(len);
        match self.question {
            Question::Address => "go to: ".to_owned(),
            Question::Command => ":".to_owned(),
            Question::Pattern => "find: ".to_owned(),
            Question::Bytes => "write here: ".to_owned(),
            Question::Name => "name this place: ".to_owned(),
            Question::Notation => {
                format!("copy {bytes} B: h hex  c C  r Rust  b base64  t text  a address  f to a file ")
            }
            Question::File => format!("write {bytes} B to the file: "),
        }
    }
}

impl App {
    pub(in crate::front::tui) fn ask(&mut self, question: Question) {
        let from = self.prompt.as_ref().map_or(self.focus, |prompt| prompt.from);
        self.prompt = Some(Prompt { question, input: Input::new(History::none()), from });
        self.focus = Focus::Prompt;
    }

    /// Drops the question.
    pub(in crate::front::tui) fn dismiss(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            self.focus = prompt.from;
        }
    }

    /// Takes the answer. After it the keys go to the memory, which it was about; a wrong one can be mended.
    pub(in crate::front::tui) fn answer(&mut self) -> LoopControl {
        let Some(prompt) = &self.prompt else { return LoopControl::Continue };
        let (question, text) = (prompt.question, prompt.input.text().to_owned());
        let done = match question {
            // Without a letter, as hexadecimal digits.
            Question::Notation => return self.choose_form('h'),
            _ if text.is_empty() => {
                self.dismiss();
                return LoopControl::Continue;
            }
            Question::Address => self.goto_text(&text),
            Question::Pattern => self.find(&text),
            Question::Bytes => self.poke(&text),
            Question::Name => self.mark(&text),
            Question::Command => return self.go_or_do(&text),
            Question::File => return self.write_selection(&text),
        };
        match done {
            Ok(()) => {
                self.prompt = None;
                self.focus = Focus::Memory;
                LoopControl::Continue
            }
            Err(words) => self.notice(&words),
        }
    }

    /// Goes to an address, or does a command. After it the keys go to the memory.
    fn go_or_do(&mut self, text: &str) -> LoopControl {
        let done = self.goto_text(text);
        let is_command = text.starts_with(|c: char| c.is_alphabetic());
        match done {
            Err(words) if !is_command => return self.notice(&words),
            _ => {
                self.prompt = None;
                self.focus = Focus::Memory;
            }
        }
        if done.is_err() { self.command(text) } else { LoopControl::Continue }
    }

    /// Writes the selected bytes to a file; where there is one already, the question stays.
    fn write_selection(&mut self, text: &str) -> LoopControl {
        let (file, over) = match text.strip_suffix(" overwrite") {
            Some(file) => (file, " overwrite"),
            None => (text, ""),
        };
        let quoted = file.replace('\\', "\\\\").replace('"', "\\\"");
        match self.try_command(&format!("write \"{quoted}\" selection{over}")) {
            Ok(next) => {
                self.dismiss();
                next
            }
            Err(words) => self.notice(&words),
        }
    }
}
