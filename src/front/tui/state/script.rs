//! Files of lines and commands: the lines that wait for their turn.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::rc::Rc;

use crate::view::visible;

/// How deep files may name files.
const DEEPEST: usize = 8;
/// The most bytes of a file.
const LONGEST: u64 = 16 << 20;

/// The lines that wait for their turn.
#[derive(Default)]
pub(crate) struct Script {
    lines: VecDeque<ScriptLine>,
    /// How deep the file of the line is that is run; 0 where the user typed it.
    pub(super) depth: usize,
    /// Whether frames and keys come between the lines.
    pub(super) is_in_pieces: bool,
}

/// A line of a file.
pub(super) struct ScriptLine {
    pub(super) file: Rc<str>,
    pub(super) number: usize,
    pub(super) text: String,
    /// 1 in a file that the user named, and one more in each file that a file names.
    pub(super) depth: usize,
}

impl Script {
    /// Lets frames and keys come between the lines, for somebody who watches. Without, all lines that can be run are run
    /// at once.
    pub(crate) fn in_pieces(&mut self) {
        self.is_in_pieces = true;
    }

    /// Whether lines wait for their turn.
    pub(crate) fn waits(&self) -> bool {
        !self.lines.is_empty()
    }

    /// Drops the lines that wait.
    pub(super) fn stop(&mut self) {
        self.lines.clear();
    }

    /// Takes the lines of a file in, before those that wait already.
    ///
    /// # Errors
    /// Why the file is not run, as a message. The lines that wait are dropped then.
    pub(super) fn add(&mut self, file: &Path) -> Result<(), String> {
        let name = visible(file.as_os_str().as_encoded_bytes());
        let depth = self.depth + 1;
        let text = match depth {
            1..=DEEPEST => read(file).map_err(|error| error.to_string()),
            _ => Err(format!("files are nested more than {DEEPEST} deep")),
        };
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

    /// Takes the next line out.
    pub(super) fn next_line(&mut self) -> Option<ScriptLine> {
        self.lines.pop_front()
    }
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(LONGEST + 1).read_to_string(&mut text)?;
    match text.len() as u64 {
        0..=LONGEST => Ok(text),
        _ => Err(io::Error::other(format!("file is longer than {LONGEST} bytes"))),
    }
}
