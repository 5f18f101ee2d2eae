//! Copying the selected bytes: one key says in which form. What is too long for a clipboard can go to a file.

use super::app::{App, LoopControl};
use crate::front::tui::input::keys::Question;
use crate::view::{Notation, thousands};

/// The longest text that is copied: terminals drop what is much longer.
const MOST: usize = 64 << 10;
/// The most bytes of which every form is shorter than that.
const MOST_BYTES: u64 = 8 << 10;

impl App {
    /// Takes the key that says how the selected bytes are to be copied.
    pub(in crate::front::tui) fn choose_form(&mut self, key: char) -> LoopControl {
        if key == 'f' {
            self.ask(Question::File);
            return LoopControl::Continue;
        }
        let Some(form) = Notation::ALL.into_iter().find(|form| form.name().starts_with(key)) else {
            return self.notice("one of the letters says how; Esc leaves it");
        };
        let (first, last) = self.space.selected();
        if last - first >= MOST_BYTES && form != Notation::Address {
            self.ask(Question::File);
            return self.notice(&format!(
                "more than {} bytes are too long for a clipboard: to a file?",
                thousands(MOST_BYTES)
            ));
        }
        self.dismiss();
        self.command(&format!("copy {}", form.name()))
    }

    /// Hands a text to the terminal's clipboard.
    pub(in crate::front::tui) fn take_along(&mut self, text: String) -> LoopControl {
        let len = thousands(text.len() as u64);
        if text.len() > MOST {
            return self.notice(&format!("{len} characters are too long for a clipboard; :write FILE takes the bytes"));
        }
        self.copied = Some(text);
        let unit = if len == "1" { "character" } else { "characters" };
        self.notice(&format!("copied {len} {unit}, if the terminal lets programs do that; else :write FILE"))
    }
}
