//! Commands in the full screen: a leading `:` of the input line, and what comes of it.

use super::app::{App, LoopControl};
use crate::command::{self, Context, Reply, Settings, Typed};
use crate::front::tui::input::keys::Focus;
use crate::view::visible;

impl App {
    /// Takes a typed line: a line for the guest, or a command.
    pub(in crate::front::tui) fn typed(&mut self, line: &str) -> LoopControl {
        let text = match Typed::new(line) {
            Typed::Line(line) => {
                if let Some(words) = self.session.no_guest() {
                    return self.notice(words);
                }
                self.session.send(line.as_bytes().to_vec());
                self.follow();
                return LoopControl::Continue;
            }
            Typed::Command(text) => text,
        };
        self.command(text)
    }

    /// Does a command, given without its colon.
    pub(in crate::front::tui) fn command(&mut self, text: &str) -> LoopControl {
        self.try_command(text).unwrap_or_else(|words| {
            self.script.stop();
            self.notice(&words)
        })
    }

    /// Does a command, given without its colon.
    ///
    /// # Errors
    /// Why it was not done, in words.
    pub(in crate::front::tui) fn try_command(&mut self, text: &str) -> Result<LoopControl, String> {
        let reply = command::run(text, &mut self.context());
        if !matches!(reply, Ok(Reply::Look(_) | Reply::Opened(..))) {
            // It may have chosen another run or memory to look at.
            self.keep_up();
        }
        self.name_regions();
        reply.map(|reply| self.take_in(reply)).map_err(|error| error.to_string())
    }

    /// Takes in what came of a command.
    fn take_in(&mut self, reply: Reply) -> LoopControl {
        match reply {
            Reply::Text(lines) => self.tell(lines),
            Reply::Places(title, places) => {
                self.list(title, places);
                LoopControl::Continue
            }
            Reply::Rows(rows) => {
                self.goto(rows.first().map_or(0, |row| row.addr));
                LoopControl::Continue
            }
            // Behind these one goes on with the memory's keys.
            Reply::Goto(addr) => {
                self.focus = Focus::Memory;
                self.goto(addr);
                LoopControl::Continue
            }
            Reply::Find(search) => match self.take_up(*search) {
                Ok(()) => {
                    self.focus = Focus::Memory;
                    LoopControl::Continue
                }
                Err(words) => self.notice(&words),
            },
            Reply::Copy(text) => self.take_along(text),
            Reply::Shot(file, over) => match self.shot(&file, over) {
                Ok(()) => {
                    self.notice(&format!("the screen is saved as {}", visible(file.as_os_str().as_encoded_bytes())))
                }
                Err(words) => self.notice(&words),
            },
            Reply::Sent => {
                self.follow();
                LoopControl::Continue
            }
            Reply::Look(at) => {
                self.look_at(*at);
                LoopControl::Continue
            }
            Reply::Opened(at, words) => {
                self.another_session();
                self.look_at(*at);
                self.notice(&words)
            }
            Reply::Set(_) => self.notice("that is for the prompt: here rows and steps are always shown"),
            Reply::Source(file) => self.source(&file),
            Reply::Quit => LoopControl::Quit,
        }
    }

    /// What commands see.
    pub(in crate::front::tui) fn context(&mut self) -> Context<'_> {
        let (first, last) = self.space.selected();
        let (cursor, selected) = (self.space.cursor, first..last.saturating_add(1));
        let (at, settings) = (self.selection.as_ref(), Settings::default());
        Context { session: &mut self.session, at, cursor, selected, settings }
    }

    /// One line goes above the input, more of them over the screen.
    fn tell(&mut self, mut lines: Vec<String>) -> LoopControl {
        match lines.len() {
            0 => LoopControl::Continue,
            1 => self.notice(&lines.remove(0)),
            _ => {
                self.told = lines;
                self.open_help();
                LoopControl::Continue
            }
        }
    }
}
