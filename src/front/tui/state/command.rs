//! Commands in the full screen, and their results.

use super::app::App;
use super::effect::{PictureFile, Request};
use super::overlays::Overlay;
use super::overlays::list::List;
use super::overlays::pages::Pages;
use super::panels::Panel;
use crate::command::{self, Context, Reply, Typed};
use crate::front::tui::input::mode::Focus;
use crate::session::State;
use crate::view::thousands;

/// The maximum length of copied text, in bytes: terminals drop much longer text.
const COPIED: usize = 64 << 10;

impl App {
    /// Handles a typed line: a line for the guest, or a command.
    pub(super) fn typed(&mut self, line: &str) {
        match Typed::new(line) {
            Typed::Command(text) => {
                let was_stopped = self.session.stopped().is_some();
                self.command(text);
                // Who types how the guest goes on types the next command too. A call that was ended is another matter.
                let goes_on = was_stopped && self.session.stopped().is_none() && !self.session.is_reload_pending();
                self.status.keeps_line |= goes_on && self.focus == Focus::Input;
            }
            Typed::Line(line) => match self.session.no_guest() {
                Some(reason) => self.notice(reason),
                None if self.session.state() == State::Stopped => self.notice(command::STOPPED),
                None => {
                    self.session.send(line.as_bytes().to_vec());
                    self.follow();
                }
            },
        }
    }

    /// Runs a command, given without its colon.
    pub(super) fn command(&mut self, text: &str) {
        if let Err(reason) = self.try_command(text) {
            self.script.stop();
            self.notice(&reason);
        }
    }

    /// Runs a command, given without its colon.
    ///
    /// # Errors
    /// Why it was not run, as a message.
    pub(super) fn try_command(&mut self, text: &str) -> Result<(), String> {
        let reply = self.run_command(text)?;
        self.take_in(reply);
        Ok(())
    }

    /// Runs a command, given without its colon, and returns the reply to show.
    ///
    /// # Errors
    /// Why it was not run, as a message.
    pub(super) fn run_command(&mut self, text: &str) -> Result<Reply, String> {
        let reply = command::run(text, &mut self.context());
        if !matches!(reply, Ok(Reply::Look(_) | Reply::Opened(..))) {
            // It may have selected another run or memory.
            self.keep_up();
        }
        self.name_regions();
        reply.map_err(|error| error.to_string())
    }

    /// Applies the reply of a command.
    pub(super) fn take_in(&mut self, reply: Reply) {
        match reply {
            Reply::Text(lines) => self.tell(lines),
            Reply::Json(line) => self.tell(vec![line]),
            Reply::Places(title, places) => {
                let list = List::new(title, places, self.space.cursor);
                self.open(Overlay::List(list));
            }
            Reply::Rows(rows) => self.goto(rows.first().map_or(0, |row| row.addr)),
            Reply::Struct(title, places) => {
                self.panels.wanted = Panel::Structs;
                let list = List::new(title, places, self.space.cursor);
                self.open(Overlay::List(list));
            }
            // After these the focus is on the memory.
            Reply::Goto(addr) => {
                self.focus = Focus::Memory;
                self.goto(addr);
            }
            Reply::Find(search) => match self.start_search(*search) {
                Ok(()) => self.focus = Focus::Memory,
                Err(reason) => self.notice(&reason),
            },
            Reply::Report(report) => self.begin_report(report),
            Reply::Copy(text) => self.copy_text(text),
            Reply::Shot(path, overwrite) => self.request_picture(PictureFile::Named { path, overwrite }),
            Reply::Sent => self.follow(),
            Reply::SentSaying(line) => {
                self.follow();
                self.notice(&line);
                self.status.is_about_running = matches!(self.session.state(), State::Busy(_));
            }
            Reply::Look(at) => self.look_at(*at),
            Reply::Opened(at, text) => {
                self.another_session();
                self.look_at(*at);
                self.notice(&text);
            }
            Reply::Source(file) => self.source(&file),
            Reply::Quit => self.request(Request::Quit),
        }
    }

    /// The context for commands.
    pub(super) fn context(&mut self) -> Context<'_> {
        let (first, last) = self.space.selected();
        let (cursor, selected) = (self.space.cursor, first..last.saturating_add(1));
        let (at, settings) = (self.time.selection.as_ref(), &mut self.settings);
        Context { session: &mut self.session, at, cursor, selected, settings }
    }

    /// Copies text to the terminal's clipboard.
    fn copy_text(&mut self, text: String) {
        let len = thousands(text.len() as u64);
        if text.len() > COPIED {
            return self.notice(&format!("{len} characters do not fit in the clipboard; :write FILE saves the bytes"));
        }
        let unit = if text.len() == 1 { "character" } else { "characters" };
        self.notice(&format!("copied {len} {unit}, if the terminal allows it; otherwise use :write FILE"));
        self.request(Request::Copy(text));
    }

    /// Shows one line above the input line, several in an overlay.
    fn tell(&mut self, lines: Vec<String>) {
        match &lines[..] {
            [] => (),
            [line] => self.notice(line),
            _ => self.open(Overlay::Output(Pages::output(lines))),
        }
    }
}
