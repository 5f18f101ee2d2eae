//! Following a guest that stops in the middle of a call: which part of the screen has the keys then.

use super::app::App;
use crate::front::tui::input::mode::Focus;
use crate::session::State;

impl App {
    /// Takes in that the guest stopped, went on or ended its call. The memory gets the keys at a stop, unless something is
    /// being typed, and the input line gets them back when the call is over.
    pub(super) fn follow_the_guest(&mut self, was_stopped: bool) {
        let is_stopped = self.session.stopped().is_some();
        if is_stopped && !was_stopped && self.status.is_about_running {
            self.status.notice = None;
        }
        let is_free = self.line.is_empty() && !self.script.waits() && !self.status.keeps_line;
        if is_stopped && !was_stopped && self.focus == Focus::Input && is_free {
            self.focus = Focus::Memory;
            self.status.gave_memory = true;
        }
        self.status.keeps_line &= self.session.state() != State::Idle;
        if self.session.state() == State::Idle && std::mem::take(&mut self.status.gave_memory) {
            self.focus = Focus::Input;
        }
    }
}
