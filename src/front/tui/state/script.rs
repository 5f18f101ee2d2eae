//! Scripts: the queue of lines still to run.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use crate::front::sourced;
use crate::settings::InputLimits;
use crate::view::visible;

/// The lines still to run.
#[derive(Default)]
pub(crate) struct Script {
    lines: VecDeque<ScriptLine>,
    /// The nesting depth of the running line; 0 if the user typed it.
    pub(super) depth: usize,
    /// How many files were run since the user typed a line.
    sourced: usize,
    /// The line whose report is being made.
    pub(super) reporting: Option<ScriptLine>,
    /// Whether to draw frames and handle keys between lines.
    pub(super) is_in_pieces: bool,
}

/// A line of a script.
pub(super) struct ScriptLine {
    pub(super) file: Rc<str>,
    pub(super) number: usize,
    pub(super) text: String,
    /// 1 in a script that the user started, and one more for each nested script.
    pub(super) depth: usize,
}

impl Script {
    /// Draw frames and handle keys between lines, for interactive use. Otherwise as many lines as possible run in one
    /// go.
    pub(crate) fn in_pieces(&mut self) {
        self.is_in_pieces = true;
    }

    /// Whether lines are queued.
    pub(crate) fn waits(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Drops the queued lines.
    pub(super) fn stop(&mut self) {
        self.lines.clear();
        self.reporting = None;
    }

    /// Queues the lines of a file before those already queued.
    ///
    /// # Errors
    /// Why the file cannot be run, as a message. The queued lines are dropped.
    pub(super) fn add(&mut self, file: &Path, limits: &InputLimits) -> Result<(), String> {
        let name = visible(file.as_os_str().as_encoded_bytes());
        let depth = self.depth + 1;
        let before = if self.depth == 0 { 0 } else { self.sourced };
        self.sourced = before + 1;
        let allowed = sourced::check(self.depth, before, limits);
        let text = allowed.and_then(|()| read(file, limits).map_err(|error| error.to_string()));
        let text = text.map_err(|reason| {
            self.stop();
            format!("{name}: {reason}")
        })?;
        let name: Rc<str> = name.into();
        let is_run = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
        let lines: Vec<_> = (1..).zip(text.split('\n')).filter(|(_, line)| is_run(line)).collect();
        for (number, text) in lines.into_iter().rev() {
            self.lines.push_front(ScriptLine { file: name.clone(), number, text: text.to_owned(), depth });
        }
        Ok(())
    }

    /// Takes the next line.
    pub(super) fn next_line(&mut self) -> Option<ScriptLine> {
        self.lines.pop_front()
    }
}

fn read(file: &Path, limits: &InputLimits) -> io::Result<String> {
    let mut text = String::new();
    sourced::open(file, limits)?.take(limits.script.saturating_add(1)).read_to_string(&mut text)?;
    if text.len() as u64 > limits.script { Err(sourced::too_long(limits)) } else { Ok(text) }
}
