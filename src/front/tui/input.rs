//! The input line: rustyline's line buffer, with a kill ring of one, history and search.

use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};
use rustyline::{At, Movement, Word};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::front::history::History;
use crate::view::visible;

/// The longest line in bytes. The buffer cannot grow past what it was made with.
pub(super) const LONGEST: usize = 1 << 20;

/// A change of the line or of the cursor's place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edit {
    Insert(char),
    Left,
    Right,
    WordLeft,
    WordRight,
    Home,
    End,
    Backspace,
    Delete,
    KillWordLeft,
    KillWordRight,
    KillLeft,
    KillRight,
    Yank,
    Transpose,
    Earlier,
    Later,
    Search,
}

/// The line that is being typed.
pub(super) struct Input {
    line: LineBuffer,
    killed: String,
    history: History,
    /// Which earlier line is shown, and the unfinished line to come back to.
    recalled: Option<(usize, String)>,
    /// What is searched for, while Ctrl-R is pressed again and again.
    sought: Option<String>,
}

/// Notes what is deleted, for the kill ring.
struct Deleted(String);

impl DeleteListener for Deleted {
    fn delete(&mut self, _: usize, text: &str, _: Direction) {
        self.0.push_str(text);
    }
}

impl ChangeListener for Deleted {
    fn insert_char(&mut self, _: usize, _: char) {}
    fn insert_str(&mut self, _: usize, _: &str) {}
    fn replace(&mut self, _: usize, _: &str, _: &str) {}
}

impl Input {
    pub(super) fn new(history: History) -> Input {
        Input { line: LineBuffer::with_capacity(LONGEST), killed: String::new(), history, recalled: None, sought: None }
    }

    /// The line as typed.
    pub(super) fn text(&self) -> &str {
        self.line.as_str()
    }

    /// Whether nothing is typed.
    pub(super) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// Takes the line out, and remembers it.
    pub(super) fn take(&mut self) -> String {
        let text = self.text().to_owned();
        self.set("");
        (self.recalled, self.sought) = (None, None);
        self.history.add(&text);
        text
    }

    /// Drops the line.
    pub(super) fn clear(&mut self) {
        self.set("");
        (self.recalled, self.sought) = (None, None);
    }

    /// Puts a text at the cursor; false if the line would be too long, and nothing was put then.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        self.sought = None;
        text.is_empty() || self.line.yank(text, 1, &mut Deleted(String::new())).is_some()
    }

    /// Makes a change; false if there was nothing to change.
    pub(super) fn edit(&mut self, edit: Edit) -> bool {
        if edit != Edit::Search {
            self.sought = None;
        }
        let line = &mut self.line;
        match edit {
            Edit::Insert(c) => line.insert(c, 1, &mut Deleted(String::new())).is_some(),
            Edit::Left => line.move_backward(1),
            Edit::Right => line.move_forward(1),
            Edit::WordLeft => line.move_to_prev_word(Word::Emacs, 1),
            Edit::WordRight => line.move_to_next_word(At::AfterEnd, Word::Emacs, 1),
            Edit::Home => line.move_buffer_start(),
            Edit::End => line.move_buffer_end(),
            Edit::Backspace => line.backspace(1, &mut Deleted(String::new())),
            Edit::Delete => line.delete(1, &mut Deleted(String::new())).is_some(),
            Edit::Transpose => line.transpose_chars(&mut Deleted(String::new())),
            Edit::KillWordLeft => self.kill(&Movement::BackwardWord(1, Word::Big)),
            Edit::KillWordRight => self.kill(&Movement::ForwardWord(1, At::AfterEnd, Word::Emacs)),
            Edit::KillLeft => self.kill(&Movement::BeginningOfBuffer),
            Edit::KillRight => self.kill(&Movement::EndOfBuffer),
            Edit::Yank => {
                let killed = std::mem::take(&mut self.killed);
                let put = self.insert(&killed);
                self.killed = killed;
                put
            }
            Edit::Earlier => self.recall(|at| at.checked_sub(1)),
            Edit::Later => self.recall(|at| Some(at + 1)),
            Edit::Search => self.search(),
        }
    }

    /// Why typed lines are not kept, in words, if that happened.
    pub(super) fn history_trouble(&mut self) -> Option<String> {
        self.history.trouble()
    }

    /// The part of the line that fits into `width` columns, and the cursor's column in it.
    pub(super) fn window(&self, width: usize) -> (String, usize) {
        let (before, behind) = self.text().split_at(self.line.pos());
        let mut head = String::new();
        for grapheme in before.graphemes(true).rev() {
            let shown = visible(grapheme.as_bytes());
            if head.width() + shown.width() + 1 > width {
                break;
            }
            head.insert_str(0, &shown);
        }
        let column = head.width();
        for grapheme in behind.graphemes(true) {
            let shown = visible(grapheme.as_bytes());
            if head.width() + shown.width() > width {
                break;
            }
            head.push_str(&shown);
        }
        (head, column)
    }

    fn set(&mut self, text: &str) {
        // `update` may not cut inside a character, so it is never given what does not fit.
        if text.len() <= LONGEST {
            self.line.update(text, text.len(), &mut Deleted(String::new()));
        }
    }

    fn kill(&mut self, movement: &Movement) -> bool {
        let mut deleted = Deleted(String::new());
        let killed = self.line.kill(movement, &mut deleted);
        if killed {
            self.killed = deleted.0;
        }
        killed
    }

    fn recall(&mut self, step: impl Fn(usize) -> Option<usize>) -> bool {
        let (at, typed) = self.recalled.clone().unwrap_or_else(|| (self.history.len(), self.text().to_owned()));
        let Some(to) = step(at).filter(|&to| to <= self.history.len()) else { return false };
        match self.history.get(to) {
            Some(line) => {
                self.set(&line);
                self.recalled = Some((to, typed));
            }
            None => {
                self.set(&typed);
                self.recalled = None;
            }
        }
        true
    }

    /// Goes to the newest earlier line that holds what was typed when the search began.
    fn search(&mut self) -> bool {
        let sought = self.sought.clone().unwrap_or_else(|| self.text().to_owned());
        let at = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let found = at.checked_sub(1).and_then(|from| self.history.search(&sought, from));
        if let Some(found) = found {
            self.recall(|_| Some(found));
        }
        self.sought = Some(sought);
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Input {
        let mut input = Input::new(History::none());
        assert!(input.insert(text));
        input
    }

    #[test]
    fn keys_edit_as_in_a_shell() {
        let mut input = typed("Did you knw");
        input.edit(Edit::Left);
        input.edit(Edit::Insert('o'));
        assert_eq!(input.text(), "Did you know");
        input.edit(Edit::KillWordLeft);
        input.edit(Edit::Home);
        input.edit(Edit::Yank);
        assert_eq!(input.text(), "knoDid you w");
        assert!(input.edit(Edit::KillRight) && input.edit(Edit::KillLeft));
        assert!(input.is_empty() && !input.edit(Edit::Backspace));
    }

    #[test]
    fn earlier_lines_come_back_and_so_does_the_unfinished_one() {
        let mut input = typed("one");
        input.take();
        input.insert("two");
        input.take();
        input.insert("unfinished");
        assert!(input.edit(Edit::Earlier) && input.edit(Edit::Earlier) && !input.edit(Edit::Earlier));
        assert_eq!(input.text(), "one");
        assert!(input.edit(Edit::Later) && input.edit(Edit::Later) && !input.edit(Edit::Later));
        assert_eq!(input.text(), "unfinished");
        input.clear();
        input.insert("n");
        assert!(input.edit(Edit::Search));
        assert_eq!(input.text(), "one");
    }

    #[test]
    fn the_window_follows_the_cursor_and_escapes_what_does_not_print() {
        let mut input = typed("0123456789\u{4e2d}\x1b");
        assert_eq!(input.window(10), ("789\u{4e2d}\\x1b".to_owned(), 9), "a column is left for the cursor");
        input.edit(Edit::Home);
        assert_eq!(input.window(5), ("01234".to_owned(), 0));
        assert_eq!(input.window(0), (String::new(), 0));
    }

    #[test]
    fn a_line_that_is_too_long_is_refused_whole() {
        let mut input = typed(&"x".repeat(LONGEST - 1));
        assert!(!input.insert("\u{4e2d}") && !input.edit(Edit::Insert('\u{e9}')) && input.edit(Edit::Insert('y')));
        assert_eq!(input.text().len(), LONGEST);
    }
}
