//! A prompt in place of the input line: an address, a pattern, a command.

use super::outcome::Outcome;
use crate::front::history::History;
use crate::front::tui::input::action::{Action, Question};
use crate::front::tui::input::line::{Edit, LINE_FULL, LineEditor};
use crate::front::tui::input::mode::Mode;
use crate::view::thousands;

/// A question, and the answer typed so far.
pub(crate) struct Prompt {
    pub(crate) question: Question,
    pub(crate) input: LineEditor,
    /// The number of selected bytes.
    bytes: u64,
}

impl Prompt {
    /// A question about that many selected bytes.
    pub(crate) fn new(question: Question, bytes: u64) -> Prompt {
        Prompt { question, input: LineEditor::new(History::none()), bytes }
    }

    pub(super) fn mode(&self) -> Mode {
        if self.question == Question::Notation { Mode::Copy } else { Mode::Prompt }
    }

    pub(super) fn handle(&mut self, action: Action) -> Outcome {
        match action {
            Action::Close => Outcome::Close,
            Action::Accept if self.input.is_empty() => Outcome::Close,
            Action::Accept => Outcome::Answer(self.question, self.input.text().to_owned()),
            Action::Edit(edit) => match (self.input.edit(edit), edit) {
                (false, Edit::Insert(_)) => Outcome::Notice(LINE_FULL.to_owned()),
                (false, Edit::Undo) => Outcome::Notice("nothing to undo".to_owned()),
                _ => Outcome::Done,
            },
            _ => Outcome::Pass,
        }
    }

    /// The label before the answer.
    pub(crate) fn label(&self) -> String {
        let bytes = thousands(self.bytes);
        match self.question {
            Question::Address => "go to: ".to_owned(),
            Question::Command => ":".to_owned(),
            Question::Pattern => "find: ".to_owned(),
            Question::Bytes => "write here: ".to_owned(),
            Question::Name => format!("name for {bytes} B: "),
            Question::Notation => format!("copy {bytes} B as: "),
            Question::File => format!("write {bytes} B to the file: "),
        }
    }
}
