//! The history of typed lines, in one file for all front ends.
//!
//! Each line is appended to the file when it is typed, in one write under a lock. So concurrent processes keep each
//! other's lines, and one that is killed loses none. A file that grew too long is replaced by a shorter one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustyline::Config;
use rustyline::history::{History as _, MemHistory, SearchDirection};

/// The maximum number of lines that are kept.
const KEPT: usize = 1000;
/// The maximum length of a line that is kept, in bytes.
const LONGEST: usize = 64 << 10;
/// How much of the end of the file is read, in bytes.
const READ: u64 = 16 << 20;
/// The first line of the file: `\n` and `\\` are escapes in the lines after it. Other programs that use rustyline write
/// the same.
const HEADER: &str = "#V2\n";

/// The lines typed so far, in this run and in earlier ones.
pub(super) struct History {
    lines: MemHistory,
    keeper: Keeper,
}

/// Appends lines to the file.
pub(super) struct Keeper {
    /// `None` if nothing is saved, or after an error.
    file: Option<PathBuf>,
    /// Why lines are no longer saved, until it was reported.
    trouble: Option<String>,
}

impl History {
    /// Loads the user's history. If it cannot be read, it starts empty.
    pub(super) fn load() -> History {
        let mut lines = new_lines();
        let file = file();
        // A missing file is the usual case at first, and an unreadable one must not stop linmem.
        let known = file.as_deref().and_then(|file| read(file).ok()).unwrap_or_default();
        for line in &known {
            // Adding to memory cannot fail.
            let _ = lines.add(line);
        }
        if let Some(file) = file.as_deref().filter(|_| known.len() > 2 * KEPT) {
            // A failure to shorten the file is harmless.
            let _ = shorten(file);
        }
        History { lines, keeper: Keeper { file, trouble: None } }
    }

    /// A history that is not saved.
    pub(super) fn none() -> History {
        History { lines: new_lines(), keeper: Keeper { file: None, trouble: None } }
    }

    /// Appends a line, in memory and in the file, unless it is empty or repeats the last one.
    pub(super) fn add(&mut self, line: &str) {
        if self.lines.add(line).unwrap_or(false) {
            self.keeper.keep(line);
        }
    }

    /// The number of lines.
    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// The line with that number; 0 is the oldest.
    pub(super) fn get(&self, number: usize) -> Option<String> {
        let found = self.lines.get(number, SearchDirection::Forward).ok()??;
        Some(found.entry.into_owned())
    }

    /// The newest line at or before `from` that contains `text`.
    pub(super) fn search(&self, text: &str, from: usize) -> Option<usize> {
        self.lines.search(text, from, SearchDirection::Reverse).ok()?.map(|found| found.idx)
    }

    /// The lines and the keeper, for an editor with a history of its own.
    pub(super) fn into_parts(self) -> (MemHistory, Keeper) {
        (self.lines, self.keeper)
    }

    /// Why lines are not saved, as a message, if it was not reported yet.
    pub(super) fn trouble(&mut self) -> Option<String> {
        self.keeper.trouble()
    }
}

impl Keeper {
    /// Appends a line to the file. After an error, stops saving.
    pub(super) fn keep(&mut self, line: &str) {
        let Some(file) = self.file.as_deref().filter(|_| line.len() <= LONGEST) else { return };
        if let Err(error) = append(file, line) {
            self.trouble = Some(format!("cannot keep the history in {}: {error}", file.display()));
            self.file = None;
        }
    }

    /// Why lines are not saved, as a message, if it was not reported yet.
    pub(super) fn trouble(&mut self) -> Option<String> {
        self.trouble.take()
    }
}

fn new_lines() -> MemHistory {
    let config = Config::builder().max_history_size(KEPT).map(|builder| builder.history_ignore_space(false).build());
    MemHistory::with_config(&config.unwrap_or_default())
}

/// The path of the history file, in `$XDG_STATE_HOME` or `~/.local/state`.
fn file() -> Option<PathBuf> {
    Some(crate::config::folder("XDG_STATE_HOME", ".local/state")?.join("linmem/history"))
}

/// The lines at the end of the file.
fn read(path: &Path) -> io::Result<Vec<String>> {
    is_regular(path)?;
    let mut file = File::open(path)?;
    let skipped = file.metadata()?.len().saturating_sub(READ);
    file.seek(SeekFrom::Start(skipped))?;
    let mut bytes = Vec::new();
    file.take(READ).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.split('\n').skip(usize::from(skipped > 0 || text.starts_with(HEADER)));
    Ok(lines.filter(|line| !line.is_empty()).map(unescape).collect())
}

fn append(path: &Path, line: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    is_regular(path)?;
    let _lock = lock(path)?;
    let mut file = mine(OpenOptions::new().read(true).append(true).create(true)).open(path)?;
    let mut text = String::new();
    match file.metadata()?.len() {
        0 => text.push_str(HEADER),
        // A line that a crash cut short remains a separate line.
        _ if last_byte(&mut file)? != b'\n' => text.push('\n'),
        _ => (),
    }
    text.push_str(&escape(line));
    text.push('\n');
    file.write_all(text.as_bytes())
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}

/// Replaces a long file with one that has the newest lines.
fn shorten(path: &Path) -> io::Result<()> {
    let _lock = lock(path)?;
    // Read again under the lock: other processes may have added lines.
    let lines = read(path)?;
    let draft = path.with_extension("part");
    let mut file = mine(OpenOptions::new().write(true).create(true).truncate(true)).open(&draft)?;
    let newest = lines.iter().skip(lines.len().saturating_sub(KEPT));
    let text: String = newest.flat_map(|line| [escape(line), "\n".to_owned()]).collect();
    file.write_all(HEADER.as_bytes()).and_then(|()| file.write_all(text.as_bytes()))?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}

/// Locks the history against other processes until the result is dropped. The lock is a separate file, as the history
/// file may be replaced.
fn lock(path: &Path) -> io::Result<File> {
    let path = path.with_extension("lock");
    is_regular(&path)?;
    let lock = mine(OpenOptions::new().write(true).create(true).truncate(false)).open(path)?;
    match lock.lock() {
        // Some network file systems do not support locks; there a line may be lost at worst.
        Err(error) if error.kind() != io::ErrorKind::Unsupported => Err(error),
        _ => Ok(lock),
    }
}

/// Fails for a device or a pipe, which may be endless, or never have a reader. There may be no such file yet.
fn is_regular(path: &Path) -> io::Result<()> {
    match std::fs::metadata(path) {
        Ok(about) if !about.is_file() => Err(io::Error::other("not a regular file")),
        _ => Ok(()),
    }
}

/// Creates files that only their owner can read.
fn mine(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn escape(line: &str) -> String {
    line.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
                None => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(test: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("linmem-history-{}-{test}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder for the test");
        folder
    }

    #[test]
    fn lines_are_kept_as_they_are() {
        let folder = folder("kept");
        let file = folder.join("deep/history");
        let lines = ["plain", "two\nlines", "back\\slash \\n", " blanks ", "caf\u{e9}"];
        lines.iter().for_each(|line| append(&file, line).expect("it is writable"));
        assert_eq!(read(&file).expect("it is there"), lines);
        std::fs::remove_dir_all(&folder).expect("it was ours");
    }

    #[test]
    fn what_was_cut_short_or_is_no_text_harms_nothing() {
        let folder = folder("damaged");
        let file = folder.join("history");
        std::fs::write(&file, b"#V2\none\nhal").expect("ours");
        append(&file, "two").expect("it is writable");
        assert_eq!(read(&file).expect("it is there"), ["one", "hal", "two"]);
        std::fs::write(&file, b"old \xff\n\n\n\\").expect("ours");
        assert_eq!(read(&file).expect("it is there"), ["old \u{fffd}", "\\"]);
        assert!(read(&folder).is_err());
        std::fs::remove_dir_all(&folder).expect("it was ours");
    }

    #[test]
    fn many_at_once_lose_no_line_and_a_long_file_is_shortened() {
        let folder = folder("many");
        let file = folder.join("history");
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let file = &file;
                scope.spawn(move || {
                    for number in 0..600 {
                        append(file, &format!("{writer}: {number}")).expect("it is writable");
                    }
                });
            }
        });
        let lines = read(&file).expect("it is there");
        assert_eq!(lines.len(), 4 * 600);
        std::thread::scope(|scope| {
            scope.spawn(|| shorten(&file).expect("it is ours"));
            (0..100).for_each(|number| append(&file, &format!("late {number}")).expect("it is writable"));
        });
        let short = read(&file).expect("it is there");
        assert!((KEPT..=KEPT + 100).contains(&short.len()), "{}", short.len());
        assert_eq!(short.iter().filter(|line| line.starts_with("late")).count(), 100);
        std::fs::remove_dir_all(&folder).expect("it was ours");
    }
}
