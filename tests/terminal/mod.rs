//! linmem in a pseudo-terminal with a terminal emulator that reads the cells with their styles.

use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::pty::Pty;

/// linmem in a terminal whose screen is read.
pub(crate) struct Terminal {
    pub(crate) pty: Pty,
    pub(crate) screen: vt100::Parser,
    pub(crate) raw: Vec<u8>,
}

impl Terminal {
    /// Starts linmem on a terminal of that size, with a history of its own.
    pub(crate) fn start(test: &str, size: (u16, u16), args: &[&str], env: &[(&str, &str)]) -> Terminal {
        let screen = vt100::Parser::new(nonzero(size.1), nonzero(size.0), 0);
        Terminal { pty: Pty::start(size, &scratch(test), args, env), screen, raw: Vec::new() }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.pty.press(keys);
    }

    /// Waits until the screen satisfies a predicate, and prints it if it never does.
    pub(crate) fn wait(&mut self, what: &str, looks: impl Fn(&vt100::Screen) -> bool) {
        let since = Instant::now();
        while !(self.is_whole() && looks(self.screen.screen())) {
            let Some(chunk) = self.pty.written(since) else {
                panic!("{what} did not appear; the screen shows:\n{}", self.text())
            };
            self.screen.process(&chunk);
            self.raw.extend_from_slice(&chunk);
        }
    }

    /// Whether no frame is half drawn: escapes mark the start and end of each frame.
    fn is_whole(&self) -> bool {
        let last = |escape: &[u8]| self.raw.windows(escape.len()).rposition(|window| window == escape);
        last(b"\x1b[?2026h") <= last(b"\x1b[?2026l")
    }

    pub(crate) fn wait_for(&mut self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    pub(crate) fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// The text of the ranges of changed bytes (two digits and a space each) in hex columns whose cells satisfy a
    /// predicate, from top to bottom.
    pub(crate) fn styled(&self, looks: impl Fn(&vt100::Cell) -> bool) -> String {
        let screen = self.screen.screen();
        let (rows, cols) = (screen.size().0.get(), screen.size().1.get());
        let mut found = String::new();
        for row in 0..rows {
            for col in 0..cols {
                if let Some(cell) = screen.cell(row, col).filter(|cell| looks(cell)) {
                    found.push_str(cell.contents());
                }
            }
            if !found.is_empty() && !found.ends_with('\n') {
                found.push('\n');
            }
        }
        found
    }

    /// Waits for linmem to exit, and returns its status.
    pub(crate) fn end(&mut self) -> u32 {
        let Some((status, last)) = self.pty.end() else {
            panic!("linmem did not end; the screen shows:\n{}", self.text())
        };
        self.screen.process(&last);
        self.raw.extend_from_slice(&last);
        status
    }
}

pub(crate) fn nonzero(n: u16) -> NonZero<u16> {
    NonZero::new(n).expect("a screen has a size")
}

/// An empty directory for one test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let folder = scratch_of(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("the test directory is writable");
    folder
}

pub(crate) fn scratch_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}
