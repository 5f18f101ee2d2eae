//! The input line: rustyline's line buffer, with a single-entry kill ring, history and search.

use rustyline::line_buffer::{ChangeListener, DeleteListener, Direction, LineBuffer};
use rustyline::{At, Movement, Word};
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::front::history::History;
use crate::view::visible;

/// The maximum length of a line, in bytes. The buffer cannot grow beyond its initial capacity.
pub(crate) const LONGEST: usize = 1 << 20;

/// The message when that length is reached.
pub(crate) const LINE_FULL: &str = "the line is full: at most 1 MiB can be typed";

/// An edit of the line, or a movement of its cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
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
    Undo,
}

/// The maximum number of undo steps, and the maximum length in bytes of a line with undo.
const UNDONE: usize = 200;
const LONGEST_UNDONE: usize = 64 << 10;

/// The line being edited.
pub(crate) struct LineEditor {
    line: LineBuffer,
    killed: String,
    history: History,
    /// The history line shown, and the unfinished line to return to.
    recalled: Option<(usize, String)>,
    /// The text of the history search, if one is active.
    sought: Option<String>,
    /// The line and cursor before each edit, and whether the last edit inserted a character.
    undo: Vec<(String, usize)>,
    inserting: bool,
}

/// Collects deleted text for the kill ring.
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

impl LineEditor {
    pub(crate) fn new(history: History) -> LineEditor {
        LineEditor {
            line: LineBuffer::with_capacity(LONGEST),
            killed: String::new(),
            history,
            recalled: None,
            sought: None,
            undo: Vec::new(),
            inserting: false,
        }
    }

    /// The line as typed.
    pub(crate) fn text(&self) -> &str {
        self.line.as_str()
    }

    /// Whether the line is empty.
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    /// The text before the cursor.
    pub(crate) fn before_cursor(&self) -> &str {
        &self.text()[..self.line.pos()]
    }

    /// The text of the history search, if one is active.
    pub(crate) fn sought(&self) -> Option<&str> {
        self.sought.as_deref()
    }

    /// Takes the line, and adds it to the history.
    pub(crate) fn take(&mut self) -> String {
        let text = self.text().to_owned();
        self.clear();
        self.history.add(&text);
        text
    }

    /// Clears the line.
    pub(crate) fn clear(&mut self) {
        self.set("");
        (self.recalled, self.sought, self.inserting) = (None, None, false);
        self.undo.clear();
    }

    /// Inserts text at the cursor. Returns false, without a change, if the line would be too long.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        self.sought = None;
        self.remember(false);
        text.is_empty() || self.line.yank(text, 1, &mut Deleted(String::new())).is_some()
    }

    /// Replaces the text between `start` and the cursor. Returns false if the line would be too long.
    pub(crate) fn complete(&mut self, start: usize, text: &str) -> bool {
        let replaced = start..self.line.pos();
        let fits = self.text().len() - replaced.len() + text.len() <= LONGEST;
        if fits {
            self.remember(false);
            self.line.replace(replaced, text, &mut Deleted(String::new()));
        }
        fits
    }

    /// Applies an edit. Returns false if nothing changed.
    pub(crate) fn edit(&mut self, edit: Edit) -> bool {
        match (&mut self.sought, edit) {
            (Some(sought), Edit::Insert(c)) => {
                sought.push(c);
                return self.search(false);
            }
            (Some(sought), Edit::Backspace) => {
                sought.pop();
                self.recalled = self.recalled.take().map(|(_, typed)| (self.history.len(), typed));
                return self.search(false);
            }
            (_, Edit::Search) => return self.search(true),
            (_, Edit::Undo) => return self.undo(),
            _ => self.sought = None,
        }
        if !matches!(edit, Edit::Left | Edit::Right | Edit::WordLeft | Edit::WordRight | Edit::Home | Edit::End) {
            // Undo by words.
            self.inserting &= edit != Edit::Insert(' ');
            self.remember(matches!(edit, Edit::Insert(_)));
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
            Edit::Search | Edit::Undo => false,
        }
    }

    /// Ends the history search, with its match or with the text typed before.
    pub(crate) fn end_search(&mut self, with_found: bool) {
        self.sought = None;
        if !with_found {
            let unfinished = self.history.len();
            self.recall(|_| Some(unfinished));
        }
    }

    /// Saves the line for undo. Consecutive characters count as one edit.
    fn remember(&mut self, inserting: bool) {
        let joins = std::mem::replace(&mut self.inserting, inserting) && inserting;
        if self.text().len() > LONGEST_UNDONE {
            self.undo.clear();
        } else if !joins && self.undo.last().is_none_or(|(text, _)| text != self.text()) {
            if self.undo.len() == UNDONE {
                self.undo.remove(0);
            }
            self.undo.push((self.text().to_owned(), self.line.pos()));
        }
    }

    /// Undoes the last edit.
    fn undo(&mut self) -> bool {
        (self.sought, self.inserting) = (None, false);
        while let Some((text, pos)) = self.undo.pop() {
            if text != self.text() {
                self.line.update(&text, pos, &mut Deleted(String::new()));
                return true;
            }
        }
        false
    }

    /// Why typed lines are not saved, as a message, if saving failed.
    pub(crate) fn history_trouble(&mut self) -> Option<String> {
        self.history.trouble()
    }

    /// The part of the line that fits into `width` columns, and the cursor's column in it.
    pub(crate) fn window(&self, width: usize) -> (String, usize) {
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
        // `update` might cut inside a character, so never pass it too much.
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

    /// Goes to the newest matching history line: the one shown or an older one, or only an older one. A search starts
    /// with the typed text.
    fn search(&mut self, only_older: bool) -> bool {
        self.remember(false);
        let sought = self.sought.get_or_insert_with(|| self.line.as_str().to_owned());
        if sought.is_empty() {
            return true;
        }
        let shown = self.recalled.as_ref().map_or(self.history.len(), |(at, _)| *at);
        let from = if only_older { shown } else { self.history.len().min(shown + 1) };
        let found = from.checked_sub(1).and_then(|from| self.history.search(sought, from));
        if let Some(found) = found {
            self.recall(|_| Some(found));
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> LineEditor {
        let mut input = LineEditor::new(History::none());
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
    fn a_search_follows_what_is_typed() {
        let mut input = typed("alpha beta");
        for line in ["gamma", "alpha gamma", "delta"] {
            input.take();
            input.insert(line);
        }
        input.take();
        input.insert("unsent");
        input.edit(Edit::KillLeft);
        assert!(input.edit(Edit::Search), "nothing is searched for yet");
        let mut shown = |edit| (input.edit(edit), input.text().to_owned());
        assert_eq!(shown(Edit::Insert('a')), (true, "delta".to_owned()));
        assert_eq!(shown(Edit::Insert('l')), (true, "alpha gamma".to_owned()));
        assert_eq!(shown(Edit::Search), (true, "alpha beta".to_owned()));
        assert_eq!(shown(Edit::Search), (false, "alpha beta".to_owned()), "there is no older one");
        assert_eq!(shown(Edit::Insert('x')), (false, "alpha beta".to_owned()));
        assert_eq!(shown(Edit::Backspace), (true, "alpha gamma".to_owned()), "from the newest again");
        assert_eq!(input.sought(), Some("al"));
        assert!(input.edit(Edit::Home), "any other key takes the line");
        assert_eq!((input.sought(), input.text()), (None, "alpha gamma"));
        input.edit(Edit::Search);
        input.end_search(false);
        assert_eq!(input.text(), "");
    }

    #[test]
    fn changes_are_undone_one_by_one() {
        let mut input = LineEditor::new(History::none());
        "one two".chars().for_each(|c| assert!(input.edit(Edit::Insert(c))));
        input.edit(Edit::KillWordLeft);
        input.insert("pasted");
        assert!(input.complete(4, "whole"));
        let mut states = vec![input.text().to_owned()];
        while input.edit(Edit::Undo) {
            states.push(input.text().to_owned());
        }
        assert_eq!(states, ["one whole", "one pasted", "one ", "one two", "one", ""]);
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
