//! Updates the state with terminal events and the reports of the guest's thread.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};

use super::app::App;
use super::effect::{PictureFile, Request};
use super::overlays::Overlay;
use super::overlays::help::help;
use super::overlays::outcome::Outcome;
use super::panels::{Panel, structs};
use super::status::Status;
use crate::command;
use crate::front::tui::input::action::{Action, Direction};
use crate::front::tui::input::bindings::{Meaning, meaning};
use crate::front::tui::input::line::Edit;
use crate::front::tui::input::mode::{Focus, Mode};
use crate::front::tui::input::mouse;
use crate::record::Trigger;
use crate::session::{OpenError, State, Update};
use crate::view::{Order, Touching, reload_sentence, visible};

/// The question before q quits: a line for the guest that is typed by mistake in the memory may contain a q.
const ASKS_TO_QUIT: &str = "quit? q or Enter quits, any other key stays";

/// How much of a guest's message is kept; no screen shows more.
const HEARD: usize = 1024;

impl App {
    /// Handles a report of the guest's thread.
    ///
    /// # Errors
    /// The guest could not be opened.
    pub(crate) fn report(&mut self, update: Update) -> Result<(), OpenError> {
        self.status.heard = match &update {
            Update::Said(text) => Some(visible(&text[..text.len().min(HEARD)])),
            _ => None,
        };
        match &update {
            Update::Refused(reason) => {
                let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
                self.notice(&visible(reason.as_bytes()));
            }
            // A request that was rejected earlier may now be valid.
            Update::Settled(cause, ..) if cause.begins_a_run() => self.status.notice = None,
            _ => (),
        }
        let is_first = matches!(&update, Update::Settled(cause, ..) if cause.trigger == Trigger::Start);
        let is_settled = matches!(&update, Update::Settled(..));
        let before = self.session.reloaded().map(|reload| reload.run);
        let was_stopped = self.session.stopped().is_some();
        self.session.apply(update)?;
        if is_settled {
            command::follow_watches(&mut self.context());
        }
        self.follow_the_guest(was_stopped);
        if let Some(reload) = self.session.reloaded().filter(|reload| Some(reload.run) != before) {
            let sentence = reload_sentence(reload);
            self.notice(&sentence);
            self.status.is_about_running = true;
        } else if self.status.is_about_running && self.session.state() == State::Idle {
            let Status { gave_memory, keeps_line, .. } = self.status;
            self.status = Status { gave_memory, keeps_line, ..Status::default() };
        }
        let missing = if is_first { self.session.missing_stops() } else { Vec::new() };
        if !missing.is_empty() {
            self.notice(&missing.join("; "));
        }
        self.keep_up();
        self.go_on();
        Ok(())
    }

    /// Handles a terminal event.
    pub(crate) fn event(&mut self, event: Event) {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(event) => {
                if let Some(action) = mouse::action(event) {
                    if matches!(action, Action::Press(_)) {
                        self.status.notice = None;
                    }
                    self.act(action);
                }
            }
            _ => (),
        }
    }

    fn key(&mut self, key: KeyEvent) {
        let asked = self.status.notice.take().is_some_and(|notice| notice == ASKS_TO_QUIT);
        self.space.searching.wanted = None;
        self.time.seek = None;
        // A script's report goes on: an expectation must not be skipped.
        let cancels = self.script.reporting.is_none() && self.time.report.take().is_some();
        let (mode, prefix) = (self.mode(), self.prefix.take());
        match meaning(mode, prefix, key) {
            // What the notice says is what holds: if another replaced it, the question is asked again.
            Meaning::Action(Action::AskToQuit | Action::Follow) if asked => self.request(Request::Quit),
            Meaning::Action(Action::Interrupt) if cancels => self.notice("cancelled"),
            Meaning::Action(action) => self.act(action),
            Meaning::Prefix(c) => self.prefix = Some(c),
            // Esc cancels a sequence; any other key acts as if the first had not been pressed.
            Meaning::Nothing if prefix.is_some() && key.code == KeyCode::Esc => (),
            Meaning::Nothing if prefix.is_some() => self.key(key),
            Meaning::Nothing if mode.is_memory() => {
                self.notice("unbound key: i goes back to the input line, ? lists the keys");
            }
            Meaning::Nothing => (),
        }
    }

    /// Performs an action: in the topmost overlay, or below.
    pub(crate) fn act(&mut self, action: Action) {
        match self.overlays.handle(action) {
            Outcome::Pass => self.perform(action),
            Outcome::Done | Outcome::Close => return,
            Outcome::Notice(text) => return self.notice(&text),
            Outcome::Answer(question, text) => self.answer(question, &text),
            Outcome::Goto(addr) => {
                self.focus = Focus::Memory;
                self.space.anchor = None;
                self.goto(addr);
            }
            Outcome::Visit(cause, step, addr) => {
                self.focus = Focus::Memory;
                self.space.anchor = None;
                self.visit(cause, step, addr);
            }
        }
        self.look_around();
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Send => self.send(),
            Action::Edit(edit) => self.edit(edit),
            Action::Complete => self.complete(),
            Action::CancelSearch => self.line.end_search(false),
            Action::EnterMemory => self.focus = Focus::Memory,
            Action::EnterLine => self.focus = Focus::Input,
            Action::Close => self.close(),
            // Applies to overlays only.
            Action::Accept => (),
            Action::Interrupt => self.interrupt(),
            Action::AskToQuit => self.notice(ASKS_TO_QUIT),
            Action::DeleteOrQuit if self.line.is_empty() => self.request(Request::Quit),
            Action::DeleteOrQuit => self.edit(Edit::Delete),
            Action::Suspend => self.request(Request::Suspend),
            Action::Redraw => self.request(Request::Redraw),
            Action::Picture => self.request_picture(PictureFile::Numbered),
            Action::ToggleMouse => self.toggle_mouse(),
            Action::Help => self.toggle_help(),
            Action::Ask(question) => {
                self.overlays.close_pages();
                self.ask(question);
            }
            Action::Command(text) => {
                // Who steps may press another such key just when the call ends: that is no text.
                self.status.gave_memory &= self.mode() != Mode::Stopped;
                self.command(text);
            }
            Action::Step(direction) => self.step(direction),
            Action::Beside(direction) => self.step_beside(direction),
            Action::Out => self.step_out(),
            Action::Exchange(direction) => self.exchange(direction),
            Action::Run(direction) => self.another_run(direction),
            Action::Newest => self.present(),
            Action::Memory => self.next_memory(),
            Action::Rows(direction) => self.move_lines(direction, 1),
            Action::Bytes(direction) => self.move_bytes(direction),
            Action::Page(direction) => self.move_page(direction),
            Action::HalfPage(direction) => self.move_half_page(direction),
            Action::End(Direction::Back) => self.goto(0),
            Action::End(Direction::Forward) => self.goto(u64::MAX),
            Action::Change(direction) => self.go_to_change(direction),
            Action::Write(direction) => self.go_to_touch(Touching::Writes, direction),
            Action::Read(direction) => self.go_to_touch(Touching::Reads, direction),
            Action::Open => self.open_call(),
            Action::Store(direction) => self.go_to_store(direction),
            Action::Group(direction) => self.go_to_group(direction),
            Action::ByFunction => self.toggle_by_function(),
            Action::Heat => self.toggle_heat(),
            Action::Source => {
                self.panels.wanted = match self.panels.wanted {
                    Panel::Source => Panel::Writers,
                    _ => Panel::Source,
                };
            }
            Action::Trail(direction) => self.retrace(direction),
            Action::Follow => self.follow_pointer(),
            Action::Match(direction) => self.find_next(direction),
            Action::Select => self.space.anchor = self.space.anchor.xor(Some(self.space.cursor)),
            Action::Copy(notation) => self.copy(notation),
            Action::Panel(direction) => {
                let next = self.panels.wanted.beside(direction);
                let is_empty = next == Panel::Structs && structs::placed(&self.session).is_none();
                self.panels.wanted = if is_empty { next.beside(direction) } else { next };
            }
            Action::Arrange => self.rearrange(),
            Action::Width(direction) => self.widen(direction),
            Action::ByteOrder => {
                self.panels.order = if self.panels.order == Order::Little { Order::Big } else { Order::Little };
            }
            Action::Press(at) => self.press(at),
            Action::Drag(at) => self.drag(at),
            Action::Scroll(direction, rows) => self.scroll(direction, rows),
        }
    }

    /// Closes the innermost thing that is open, other than an overlay: the history search; in the memory the selection,
    /// then the search marks.
    fn close(&mut self) {
        match self.mode() {
            Mode::History => self.line.end_search(true),
            mode if mode.is_memory() && self.space.anchor.take().is_some() => (),
            mode if mode.is_memory() => _ = self.space.end_search(),
            _ => (),
        }
    }

    fn toggle_by_function(&mut self) {
        self.panels.by_function = self.panels.wanted != Panel::Changes || !self.panels.by_function;
        self.panels.wanted = Panel::Changes;
        self.keep_grouped();
    }

    fn toggle_mouse(&mut self) {
        self.has_mouse = !self.has_mouse;
        self.notice(match self.has_mouse {
            true => "the mouse moves the cursor and selects bytes again",
            false => "the terminal has the mouse now, to select text; M gives it back to linmem",
        });
        self.request(Request::Mouse { take: self.has_mouse });
    }

    fn toggle_help(&mut self) {
        match self.overlays.top() {
            Some(Overlay::Help(_)) => self.overlays.close(),
            _ => self.open(Overlay::Help(help())),
        }
    }
}
