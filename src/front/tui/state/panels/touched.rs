//! The panels of the source and of the writers: who touched the bytes at the cursor, looked for in pieces.

use std::collections::VecDeque;
use std::task::Poll;
use std::time::Instant;

use ratatui::layout::{Position, Rect};

use crate::debug::DebugInfo;
use crate::front::tui::state::lines::{below_title, rows};
use crate::record::{Found, Run, Target, Touch};
use crate::view::{Selection, Touches, Touching, touch_line};

/// The most writers listed before and after the selected moment: no screen has more rows.
const MOST: usize = 200;
/// How many instructions are shown before and after the selected one.
const AROUND: usize = 8;

/// What the panels are about: some bytes at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) target: Target,
    run: usize,
    cause: usize,
    step: Option<usize>,
    access: Option<u64>,
}

/// A writer in the list.
#[derive(Clone, Debug)]
pub(crate) struct WriterRow {
    pub(crate) found: Found,
    pub(crate) text: String,
}

/// The writers of the bytes around a moment, as far as they are found.
#[derive(Debug)]
pub(crate) struct Touched {
    pub(crate) subject: Subject,
    back: Option<Touches>,
    ahead: Option<Touches>,
    /// In order. The first `earlier` were made before the end of what is selected.
    pub(crate) writers: VecDeque<WriterRow>,
    pub(crate) earlier: usize,
    /// The source of the selected access, or of the last write.
    pub(crate) source: Option<SourceText>,
}

/// An instruction, and the source that it comes from.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceText {
    pub(crate) found: Option<Found>,
    /// `append_suffix  lib.rs:12`, innermost first.
    pub(crate) places: Vec<String>,
    /// The text of the source line.
    pub(crate) line: Option<String>,
    /// Instructions: offset and text.
    pub(crate) instructions: Vec<(usize, String)>,
    /// The offset of the selected one.
    pub(crate) offset: usize,
}

impl Subject {
    pub(crate) fn new(target: Target, run: usize, at: &Selection) -> Subject {
        Subject { target, run, cause: at.cause, step: at.step, access: at.access }
    }
}

impl Touched {
    pub(crate) fn new(subject: Subject, at: &Selection) -> Touched {
        let touches = |backward| Some(Touches::new(subject.target.clone(), Touching::Writes, at.end(), backward));
        let (back, ahead) = (touches(true), touches(false));
        Touched { subject, back, ahead, writers: VecDeque::new(), earlier: 0, source: None }
    }

    /// Whether everything that is shown was found.
    pub(crate) fn is_done(&self) -> bool {
        self.back.is_none() && self.ahead.is_none()
    }

    /// Looks for more, until the deadline: first for the last writer.
    pub(crate) fn go_on(&mut self, run: &Run, debug: Option<&DebugInfo>, until: Instant) {
        if self.source.is_none()
            && let (cause, Some(number)) = (self.subject.cause, self.subject.access)
        {
            self.source = Some(source_of(run, Found { cause, touch: Touch::Access(number) }, debug));
        }
        while !self.is_done() && Instant::now() < until {
            let backward = self.back.is_some()
                && (self.earlier == 0 || self.ahead.is_none() || self.earlier <= self.writers.len() - self.earlier);
            let search = if backward { &mut self.back } else { &mut self.ahead };
            let Some(touches) = search else { return };
            match touches.go_on(run, Some(until)) {
                Poll::Pending => return,
                Poll::Ready(None) => *search = None,
                Poll::Ready(Some(found)) => self.add(run, debug, found, backward),
            }
        }
        if self.source.is_none() && self.back.is_none() {
            self.source = Some(SourceText::default());
        }
    }

    fn add(&mut self, run: &Run, debug: Option<&DebugInfo>, found: Found, backward: bool) {
        let found = whole(run, found);
        if backward && self.source.is_none() {
            self.source = Some(source_of(run, found, debug));
        }
        if self.writers.iter().any(|row| row.found == found) {
            return;
        }
        let line = touch_line(run, found, debug);
        let exchange = if found.cause == 0 { "start".to_owned() } else { found.cause.to_string() };
        let text = line.map_or_else(String::new, |line| {
            let number = if line.number.is_empty() { String::new() } else { format!("#{} ", line.number) };
            format!("{exchange} {number}{}  {}", line.what, line.place)
        });
        let row = WriterRow { found, text };
        if backward {
            self.writers.push_front(row);
            self.earlier += 1;
        } else {
            self.writers.push_back(row);
        }
        if self.earlier >= MOST {
            self.back = None;
        }
        if self.writers.len() - self.earlier >= MOST {
            self.ahead = None;
        }
    }

    /// The writers that are shown, each with its row: the last one before the selected moment among them.
    pub(crate) fn shown(&self, area: Rect) -> impl Iterator<Item = (usize, &WriterRow, Rect)> {
        let area = below_title(area);
        let height = usize::from(area.height);
        let selected = self.earlier.saturating_sub(1);
        let first = selected.saturating_sub(height / 2).min(self.writers.len().saturating_sub(height));
        self.writers.iter().enumerate().skip(first).zip(rows(area)).map(|((place, row), line)| (place, row, line))
    }

    /// The writer at a position of the screen.
    pub(crate) fn writer_at(&self, area: Rect, at: Position) -> Option<Found> {
        self.shown(area).find(|(_, _, line)| line.contains(at)).map(|(_, row, _)| row.found)
    }
}

/// The first record of a vector store instead of its second.
fn whole(run: &Run, found: Found) -> Found {
    let number = match found.touch {
        Touch::Access(number) => run.cause(found.cause).map(|cause| cause.accesses.whole(number).start),
        Touch::Change(_) => None,
    };
    Found { touch: number.map_or(found.touch, Touch::Access), ..found }
}

fn source_of(run: &Run, found: Found, debug: Option<&DebugInfo>) -> SourceText {
    let mut text = SourceText { found: Some(found), ..SourceText::default() };
    let access = match found.touch {
        Touch::Access(number) => {
            run.cause(found.cause).and_then(|cause| cause.accesses.get(number).map(|access| *access.site))
        }
        Touch::Change(_) => None,
    };
    let Some(site) = access else {
        text.places = touch_line(run, found, debug).map(|line| line.place).into_iter().collect();
        return text;
    };
    text.offset = site.offset as usize;
    let Some(debug) = debug else {
        text.places = vec![format!("function {} at offset {:#x}", site.func, site.offset)];
        return text;
    };
    text.instructions = debug.instruction(text.offset, AROUND);
    let frames = debug.place(text.offset).map(|place| place.frames).unwrap_or_default();
    let first = frames.first().and_then(|frame| frame.file.as_deref().zip(frame.line));
    text.line = first.and_then(|(file, line)| debug.source_line(file, line));
    text.places = frames
        .iter()
        .map(|frame| {
            let function = frame.function.clone().unwrap_or_else(|| format!("function {}", site.func));
            let line = frame.file.as_deref().zip(frame.line).map(|(file, line)| format!("  {file}:{line}"));
            crate::view::visible((function + &line.unwrap_or_default()).as_bytes())
        })
        .collect();
    text
}
