//! linmem at a prompt in a pseudo-terminal: presses keys, and waits for text.

use std::path::Path;
use std::time::Instant;

use crate::pty::Pty;

/// linmem at a prompt.
pub(crate) struct Prompt {
    pub(crate) pty: Pty,
    /// Everything printed, without escape sequences, and how much of it was already matched.
    pub(crate) text: String,
    pub(crate) seen: usize,
    pub(crate) raw: Vec<u8>,
}

impl Prompt {
    /// Starts linmem with a history in a directory of that name, which is emptied first unless `kept`.
    pub(crate) fn start(state: &str, kept: bool, args: &[&str], env: &[(&str, &str)]) -> Prompt {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("prompt").join(state);
        if !kept {
            let _ = std::fs::remove_dir_all(&folder);
        }
        std::fs::create_dir_all(&folder).expect("the test directory is writable");
        Prompt { pty: Pty::start((160, 50), &folder, args, env), text: String::new(), seen: 0, raw: Vec::new() }
    }

    /// Presses keys. Until the prompt appears, the terminal itself handles Ctrl keys, so wait for it first.
    pub(crate) fn press(&mut self, keys: &str) {
        self.pty.press(keys);
    }

    /// Waits until that text is printed after the last match.
    pub(crate) fn wait_for(&mut self, text: &str) {
        let since = Instant::now();
        loop {
            if let Some(at) = self.text[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            let Some(chunk) = self.pty.written(since) else {
                panic!("{text:?} did not appear; the output was:\n{}", &self.text[self.seen..])
            };
            self.raw.extend_from_slice(&chunk);
            self.text = plain(&self.raw);
        }
    }

    /// Waits for linmem to exit, and returns its status.
    pub(crate) fn end(&mut self) -> u32 {
        self.pty.end().expect("linmem did not end").0
    }
}

/// Removes escape sequences.
fn plain(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\x1b' {
            plain.push(c);
        } else if chars.next() == Some('[') {
            chars.by_ref().find(|c| ('@'..='~').contains(c));
        }
    }
    plain
}
