//! A question in the input line's place: where to go, what to search for, how to call a place.

use super::app::{App, Next};
use super::bindings::{Focus, Question};
use super::input::Input;
use crate::front::history::History;

/// A question, and what is typed so far.
pub(super) struct Prompt {
    pub(super) question: Question,
    pub(super) input: Input,
    /// Where the keys went before.
    from: Focus,
}

impl Prompt {
    /// What stands before the answer.
    pub(super) fn label(&self) -> &'static str {
        match self.question {
            Question::Address => "go to: ",
            Question::Pattern => "find: ",
            Question::Bytes => "write here: ",
            Question::Name => "name this place: ",
        }
    }
}

impl App {
    pub(super) fn ask(&mut self, question: Question) {
        let from = self.prompt.as_ref().map_or(self.focus, |prompt| prompt.from);
        self.prompt = Some(Prompt { question, input: Input::new(History::none()), from });
        self.focus = Focus::Prompt;
    }

    /// Drops the question.
    pub(super) fn dismiss(&mut self) {
        if let Some(prompt) = self.prompt.take() {
            self.focus = prompt.from;
        }
    }

    /// Takes the answer. After it the keys go to the memory, which it was about; a wrong one can be mended.
    pub(super) fn answer(&mut self) -> Next {
        let Some(prompt) = &self.prompt else { return Next::Continue };
        let (question, text) = (prompt.question, prompt.input.text().to_owned());
        let done = match question {
            _ if text.is_empty() => {
                self.dismiss();
                return Next::Continue;
            }
            Question::Address => self.goto_text(&text),
            Question::Pattern => self.find(&text),
            Question::Bytes => self.poke(&text),
            Question::Name => self.mark(&text),
        };
        match done {
            Ok(()) => {
                self.prompt = None;
                self.focus = Focus::Memory;
                Next::Continue
            }
            Err(words) => self.notice(&words),
        }
    }
}
