//! The full screen's state, and how keys and the guest's reports change it. No terminal in here.

use crossterm::event::{Event, KeyEvent, KeyEventKind};

use super::bindings::{Action, Direction, Focus, action};
use super::input::{Edit, Input, LONGEST};
use super::layout::Layout;
use super::theme::Theme;
use crate::front::history::History;
use crate::session::{OpenError, Session, State, Update};
use crate::view::Selection;

/// The memory that is shown: the first.
pub(super) const MEMORY: usize = 0;

/// The full screen.
pub(super) struct App {
    pub(super) session: Session,
    pub(super) theme: Theme,
    pub(super) input: Input,
    pub(super) focus: Focus,
    /// What is looked at, once something happened.
    pub(super) selection: Option<Selection>,
    /// Whether the newest exchange is selected as soon as it is over.
    following: bool,
    /// The address of the first row of memory.
    pub(super) top: u64,
    pub(super) help: bool,
    /// A word to the user, until the next key.
    pub(super) notice: Option<String>,
    layout: Layout,
}

/// What the loop around the app is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Go on.
    Continue,
    /// Leave.
    Quit,
    /// Stop the process as Ctrl-Z does.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

impl App {
    pub(super) fn new(session: Session, theme: Theme, history: History) -> App {
        App {
            session,
            theme,
            input: Input::new(history),
            focus: Focus::Input,
            selection: None,
            following: true,
            top: 0,
            help: false,
            notice: None,
            layout: Layout::default(),
        }
    }

    /// Takes in what the guest's thread reported.
    ///
    /// # Errors
    /// The guest could not be set to work.
    pub(super) fn report(&mut self, update: Update) -> Result<(), OpenError> {
        self.session.apply(update)?;
        let forgotten = self.selection.as_ref().is_some_and(|at| at.cause < self.session.run().oldest());
        if self.following || forgotten {
            self.select(Selection::newest(self.session.run()));
        }
        Ok(())
    }

    /// Takes in what the user did.
    pub(super) fn event(&mut self, event: Event) -> Next {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Paste(text) => self.paste(&text),
            _ => Next::Continue,
        }
    }

    /// The areas for a screen of that size. The rows of memory stay where they are as far as they can.
    pub(super) fn arrange(&mut self, area: ratatui::layout::Rect) -> &Layout {
        let before = self.layout.width;
        self.layout = Layout::new(area);
        if self.layout.width != before {
            self.scroll_to(self.top);
        }
        &self.layout
    }

    /// Whether the newest cause is the one that is looked at.
    pub(super) fn is_present(&self) -> bool {
        self.selection.as_ref().is_none_or(|at| at.cause + 1 == self.session.run().len())
    }

    fn key(&mut self, key: KeyEvent) -> Next {
        self.notice = None;
        let wanted = action(self.focus, key);
        if std::mem::take(&mut self.help) && !matches!(wanted, Some(Action::Quit | Action::Suspend | Action::Redraw)) {
            return Next::Continue;
        }
        match wanted {
            Some(action) => self.act(action),
            None if self.focus == Focus::Memory => {
                self.notice("no such key here: i goes back to the line, ? shows the keys")
            }
            None => Next::Continue,
        }
    }

    fn act(&mut self, action: Action) -> Next {
        match action {
            Action::Quit => return Next::Quit,
            Action::DeleteOrQuit if self.input.is_empty() => return Next::Quit,
            Action::Suspend => return Next::Suspend,
            Action::Redraw => return Next::Redraw,
            Action::DeleteOrQuit => return self.edit(Edit::Delete),
            Action::Edit(edit) => return self.edit(edit),
            Action::Interrupt => return self.interrupt(),
            Action::Help => self.help = true,
            Action::Send => self.send(),
            Action::SwitchFocus => {
                self.focus = if self.focus == Focus::Input { Focus::Memory } else { Focus::Input };
            }
            Action::Step(direction) => return self.step(direction),
            Action::Exchange(direction) => return self.exchange(direction),
            Action::Newest => self.follow(),
            Action::Rows(direction) => self.scroll(direction, 1),
            Action::Page(direction) => self.scroll(direction, self.layout.rows.saturating_sub(1).max(1)),
            Action::End(Direction::Back) => self.scroll_to(0),
            Action::End(Direction::Forward) => self.scroll_to(u64::MAX),
            Action::Change(direction) => return self.change(direction),
        }
        Next::Continue
    }

    fn notice(&mut self, words: &str) -> Next {
        self.notice = Some(words.to_owned());
        Next::Continue
    }

    fn send(&mut self) {
        let line = self.input.take();
        self.session.send(line.into_bytes());
        self.follow();
    }

    fn edit(&mut self, edit: Edit) -> Next {
        match (self.input.edit(edit), edit) {
            (false, Edit::Insert(_)) => self.full(),
            (false, Edit::Search) => self.notice("no earlier line holds that"),
            _ => Next::Continue,
        }
    }

    fn full(&mut self) -> Next {
        self.notice(&format!("the line is full: {LONGEST} bytes is the longest that can be typed"))
    }

    /// A paste is text. Its lines are sent one by one; what follows the last line's end is left to be edited.
    fn paste(&mut self, text: &str) -> Next {
        self.notice = None;
        self.focus = Focus::Input;
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut lines = text.split('\n').peekable();
        while let Some(line) = lines.next() {
            if !self.input.insert(line) {
                return self.full();
            }
            if lines.peek().is_some() {
                self.send();
            }
        }
        Next::Continue
    }

    fn interrupt(&mut self) -> Next {
        match self.session.state() {
            State::Busy(_) => self.session.interrupt(),
            State::Loading => return Next::Quit,
            State::Idle if self.input.is_empty() => return self.notice("Ctrl-D quits"),
            State::Idle => self.input.clear(),
        }
        Next::Continue
    }

    fn follow(&mut self) {
        self.following = true;
        self.select(Selection::newest(self.session.run()));
    }

    fn step(&mut self, direction: Direction) -> Next {
        let Some(at) = &self.selection else { return Next::Continue };
        let to = match (at.crossing, direction) {
            (Some(place), Direction::Forward) => place + 1,
            (Some(place), Direction::Back) if place > 0 => place - 1,
            (None, Direction::Forward) => 0,
            (_, Direction::Back) => {
                return self.notice("this is the first step of the exchange; F5 goes to the exchange before");
            }
        };
        if to >= at.steps.len() {
            return self.notice("this is the last step of the exchange; F6 goes to the next exchange");
        }
        self.select(Selection::new(self.session.run(), Some(at), at.cause, Some(to)));
        Next::Continue
    }

    fn exchange(&mut self, direction: Direction) -> Next {
        let run = self.session.run();
        let Some(at) = &self.selection else { return Next::Continue };
        let to = match direction {
            Direction::Back if at.cause > run.oldest() => at.cause - 1,
            Direction::Forward if at.cause + 1 < run.len() => at.cause + 1,
            Direction::Back if run.oldest() > 0 => return self.notice("older exchanges were forgotten to save memory"),
            Direction::Back => return self.notice("this is where the guest started"),
            Direction::Forward => return self.notice("this is the newest exchange"),
        };
        let focus = run.cause(to).and_then(|cause| cause.focus);
        self.following = to + 1 == run.len();
        self.select(Selection::new(run, Some(at), to, focus));
        Next::Continue
    }

    /// Takes a selection up, and shows where something happened unless it is in sight already.
    fn select(&mut self, selection: Option<Selection>) {
        self.selection = selection;
        let address = self.selection.as_ref().and_then(|at| at.address(self.session.run(), MEMORY));
        if let Some(addr) = address {
            let shown = self.layout.rows as u64 * self.layout.width as u64;
            if !(self.top..self.top + shown).contains(&addr) {
                // One row of what lies before, for orientation.
                self.scroll_to(addr.saturating_sub(self.layout.width as u64));
            }
        }
    }

    fn scroll(&mut self, direction: Direction, rows: usize) {
        let distance = (rows * self.layout.width) as u64;
        self.scroll_to(match direction {
            Direction::Back => self.top.saturating_sub(distance),
            Direction::Forward => self.top.saturating_add(distance),
        });
    }

    /// Puts the row with that address first, or the last page if memory ends before.
    fn scroll_to(&mut self, addr: u64) {
        let size = self.selection.as_ref().and_then(|at| at.after.get(MEMORY)).map_or(0, |image| image.len());
        let width = self.layout.width.max(1) as u64;
        let last = size.div_ceil(width).saturating_sub(self.layout.rows as u64) * width;
        self.top = (addr / width * width).min(last);
    }

    fn change(&mut self, direction: Direction) -> Next {
        let width = self.layout.width.max(1);
        let Some(marks) = self.selection.as_ref().and_then(|at| at.marks.get(MEMORY)) else { return Next::Continue };
        let lead = width as u64;
        let here = self.top + lead;
        let found = match direction {
            Direction::Forward => marks.rows(width).find(|&row| row > here),
            Direction::Back => marks.rows(width).take_while(|&row| row < here).last(),
        };
        match found {
            Some(row) => {
                self.scroll_to(row.saturating_sub(lead));
                Next::Continue
            }
            None => self.notice("no more changed rows that way"),
        }
    }
}
