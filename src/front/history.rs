//! The lines that were typed, in one file for all front ends.

use std::path::PathBuf;

use rustyline::Config;
use rustyline::history::{FileHistory, History as _, SearchDirection};

/// The most lines that are kept.
const KEPT: usize = 1000;

/// The lines typed so far, in this run and in earlier ones.
pub(super) struct History {
    lines: FileHistory,
    file: Option<PathBuf>,
}

impl History {
    /// The history of the person who runs linmem. Where it cannot be read it begins empty.
    pub(super) fn load() -> History {
        let file = file();
        let mut lines = new_lines();
        if let Some(file) = &file {
            // No file yet is the usual case, and a damaged one is no reason not to work.
            let _ = lines.load(file);
        }
        History { lines, file }
    }

    /// A history that is kept nowhere.
    pub(super) fn none() -> History {
        History { lines: new_lines(), file: None }
    }

    /// Appends a line. Repeats of the last one, and empty lines, are not kept.
    pub(super) fn add(&mut self, line: &str) {
        // The in-memory half cannot fail.
        let _ = self.lines.add(line);
    }

    /// The number of lines.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line of that number, the oldest being 0.
    pub(super) fn get(&self, number: usize) -> Option<String> {
        let found = self.lines.get(number, SearchDirection::Forward).ok()??;
        Some(found.entry.into_owned())
    }

    /// The number of the newest line at or before `from` that holds `text`.
    pub(super) fn search(&self, text: &str, from: usize) -> Option<usize> {
        self.lines.search(text, from, SearchDirection::Reverse).ok()?.map(|found| found.idx)
    }

    /// The lines, and the file to append new ones to, for an editor that keeps its own. The file's folder is made.
    pub(super) fn into_parts(self) -> (FileHistory, Option<PathBuf>) {
        if let Some(folder) = self.file.as_ref().and_then(|file| file.parent()) {
            // Where it cannot be made, the first line that is kept says so.
            let _ = std::fs::create_dir_all(folder);
        }
        (self.lines, self.file)
    }

    /// Appends the new lines to the file.
    ///
    /// # Errors
    /// In words: the file cannot be written.
    pub(super) fn save(&mut self) -> Result<(), String> {
        let Some(file) = &self.file else { return Ok(()) };
        let explain =
            |error: &dyn std::fmt::Display| format!("the history was not saved in {}: {error}", file.display());
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| explain(&error))?;
        }
        self.lines.append(file).map_err(|error| explain(&error))
    }
}

fn new_lines() -> FileHistory {
    let config = Config::builder().max_history_size(KEPT).map(|builder| builder.history_ignore_space(false).build());
    FileHistory::with_config(&config.unwrap_or_default())
}

/// Where the platform keeps what a program remembers: `$XDG_STATE_HOME`, or `~/.local/state`.
fn file() -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("linmem/history"))
}
