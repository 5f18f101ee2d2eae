//! Commands in the full screen: a leading `:` of the input line, and what comes of it.

use std::collections::VecDeque;
use std::path::Path;

use super::app::{App, Next};
use crate::command::{self, Context, Reply, Typed};
use crate::session::State;

/// Lines of a file that wait for their turn, each with its number, and the file's name.
#[derive(Default)]
pub(super) struct Script {
    name: String,
    lines: VecDeque<(usize, String)>,
}

impl App {
    /// Takes a typed line: a line for the guest, or a command.
    pub(super) fn typed(&mut self, line: &str) -> Next {
        let text = match Typed::new(line) {
            Typed::Line(_) if self.session.is_replay() => {
                return self.notice("this is a saved session: it can be looked at, and nothing runs");
            }
            Typed::Line(line) => {
                self.session.send(line.as_bytes().to_vec());
                self.follow();
                return Next::Continue;
            }
            Typed::Command(text) => text,
        };
        let mut context = Context { session: &mut self.session, at: self.selection.as_ref() };
        let reply = command::run(text, &mut context);
        if !matches!(reply, Ok(Reply::Look(_))) {
            // It may have chosen another run or memory to look at.
            self.keep_up();
        }
        match reply {
            Err(error) => {
                self.script.lines.clear();
                self.notice(&error.to_string())
            }
            Ok(Reply::Text(lines)) => self.tell(lines),
            Ok(Reply::Rows(rows)) => {
                self.goto(rows.first().map_or(0, |row| row.addr));
                Next::Continue
            }
            Ok(Reply::Sent) => {
                self.follow();
                Next::Continue
            }
            Ok(Reply::Look(at)) => {
                self.look_at(*at);
                Next::Continue
            }
            Ok(Reply::Source(file)) => self.source(&file),
            Ok(Reply::Quit) => Next::Quit,
        }
    }

    /// Goes on with the file that is being followed, while the guest waits.
    pub(super) fn go_on(&mut self) {
        while self.session.state() == State::Idle {
            let Some((number, line)) = self.script.lines.pop_front() else { return };
            self.typed(&line);
            if let (Some(words), true) = (&self.notice, self.script.lines.is_empty()) {
                self.notice = Some(format!("{}:{number}: {words}", self.script.name));
            }
        }
    }

    /// One line goes above the input, more of them over the screen.
    fn tell(&mut self, mut lines: Vec<String>) -> Next {
        match lines.len() {
            0 => Next::Continue,
            1 => self.notice(&lines.remove(0)),
            _ => {
                self.told = lines;
                self.help = Some(0);
                Next::Continue
            }
        }
    }

    fn source(&mut self, file: &Path) -> Next {
        let name = crate::view::visible(file.as_os_str().as_encoded_bytes());
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => return self.notice(&format!("{name}: {error}")),
        };
        let lines = (1..).zip(text.split('\n')).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let lines = lines.map(|(number, line)| (number, line.to_owned())).collect();
        self.script = Script { name, lines };
        self.go_on();
        Next::Continue
    }
}
