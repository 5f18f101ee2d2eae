//! A text overlay, in pages if it does not fit: the help, and the output of a command.

use ratatui::layout::Rect;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use super::outcome::{Outcome, moved};
use crate::front::tui::input::action::Action;
use crate::front::tui::state::lines::{below_title, to_u16};

/// A line of text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PageLine {
    pub(crate) text: String,
    pub(crate) is_heading: bool,
    /// Whether it starts a page or a column.
    pub(crate) begins_page: bool,
}

/// Text over the screen.
pub(crate) struct Pages {
    text: Vec<PageLine>,
    /// The indentation of continuation lines.
    indent: usize,
    /// The width of a column, if the text is set in columns.
    column: Option<u16>,
    /// The lines, wrapped to the area.
    lines: Vec<PageLine>,
    area: Rect,
    /// The first visible line.
    first: usize,
}

impl Pages {
    /// A text, scrolled to its start.
    pub(crate) fn new(text: Vec<PageLine>, indent: usize, column: Option<u16>) -> Pages {
        Pages { text, indent, column, lines: Vec::new(), area: Rect::default(), first: 0 }
    }

    /// The output of a command.
    pub(crate) fn output(lines: Vec<String>) -> Pages {
        let lines = lines.into_iter().map(|text| PageLine { text, ..PageLine::default() });
        Pages::new(lines.collect(), 2, None)
    }

    /// Wraps the text to an area.
    pub(super) fn arrange(&mut self, area: Rect) {
        self.area = area;
        let (width, rows) = (usize::from(self.column_width()).saturating_sub(1), below_title(area).height.max(1));
        self.lines.clear();
        for line in &self.text {
            while line.begins_page && !self.lines.len().is_multiple_of(usize::from(rows)) {
                self.lines.push(PageLine::default());
            }
            let wrapped = wrapped(&line.text, width, self.indent);
            self.lines.extend(wrapped.into_iter().map(|text| PageLine {
                text,
                is_heading: line.is_heading,
                ..PageLine::default()
            }));
        }
        self.first = self.first.min(self.last());
    }

    pub(super) fn handle(&mut self, action: Action) -> Outcome {
        if let Some(first) = moved(action, self.first, self.in_page(), self.last()) {
            self.first = first;
            return Outcome::Done;
        }
        match action {
            Action::Close | Action::Press(_) => Outcome::Close,
            _ => Outcome::Pass,
        }
    }

    /// The visible lines, each with its area.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&PageLine, Rect)> {
        let inside = below_title(self.area);
        let (rows, width) = (inside.height.max(1), self.column_width());
        let shown = self.lines.iter().skip(self.first).take(self.in_page());
        shown.zip(0u16..).map(move |(line, place)| {
            let (column, row) = (place / rows, place % rows);
            (line, Rect { x: inside.x + column * width, y: inside.y + row, width: width.min(inside.width), height: 1 })
        })
    }

    /// The first visible line, the lines per page, and the number of lines.
    pub(crate) fn part(&self) -> (usize, u16, usize) {
        (self.first, to_u16(self.in_page()), self.lines.len())
    }

    fn columns(&self) -> u16 {
        self.column.map_or(1, |width| (self.area.width / width).max(1))
    }

    fn column_width(&self) -> u16 {
        self.column.unwrap_or(self.area.width).min(self.area.width)
    }

    fn in_page(&self) -> usize {
        usize::from(below_title(self.area).height) * usize::from(self.columns())
    }

    /// The first line of the last page.
    fn last(&self) -> usize {
        self.lines.len().saturating_sub(self.in_page())
    }
}

/// Wraps a text to lines of at most that many columns, at spaces if possible. Continuation lines are indented if that
/// fits.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> Vec<String> {
    let indent = if columns < 2 * indent { 0 } else { indent };
    let mut lines = vec![String::new()];
    for word in text.split_inclusive(' ') {
        for part in broken(word, columns - indent) {
            match lines.last_mut() {
                Some(line) if line.width() + part.trim_end().width() <= columns => line.push_str(part),
                _ => lines.push(" ".repeat(indent) + part),
            }
        }
    }
    lines.iter_mut().for_each(|line| line.truncate(line.trim_end().len()));
    lines
}

/// A word, or its characters if it is longer than a line.
fn broken(word: &str, columns: usize) -> Vec<&str> {
    if word.trim_end().width() > columns { word.graphemes(true).collect() } else { vec![word] }
}
