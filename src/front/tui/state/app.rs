//! The full screen's state, and how keys and the guest's reports change it. No terminal in here.

use std::path::PathBuf;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind};
use ratatui::layout::Rect;

use super::find::Searching;
use super::layout::{Arrangement, Layout, SIDE_BY_SIDE, Shape};
use super::list::List;
use super::prompt::Prompt;
use super::script::Script;
use super::space::Space;
use super::time::Time;
use crate::front::history::History;
use crate::front::tui::draw::panels::MapPanel;
use crate::front::tui::draw::theme::Theme;
use crate::front::tui::draw::timeline::quoted;
use crate::front::tui::input::keys::{Action, Direction, Focus, action};
use crate::front::tui::input::line::{Edit, Input};
use crate::session::{OpenError, Session, Update};
use crate::view::{Order, Selection, visible};

/// The full screen.
pub(in crate::front::tui) struct App {
    pub(in crate::front::tui) session: Session,
    pub(in crate::front::tui) theme: Theme,
    pub(in crate::front::tui) input: Input,
    pub(in crate::front::tui) focus: Focus,
    /// What is looked at, once something happened.
    pub(in crate::front::tui) selection: Option<Selection>,
    /// Whether the newest exchange is selected as soon as it is over.
    pub(in crate::front::tui) following: bool,
    /// What happened in the run that is looked at.
    pub(in crate::front::tui) time: Time,
    /// What the guest said last, while it runs.
    pub(in crate::front::tui) heard: Option<String>,
    /// Where in memory the user is.
    pub(in crate::front::tui) space: Space,
    /// What is asked for in the input line's place.
    pub(in crate::front::tui) prompt: Option<Prompt>,
    /// What is shown beside the steps while the keys go to the memory.
    pub(in crate::front::tui) panel: Panel,
    /// How the panes are arranged, and how many bytes a row has, where the user said so.
    shape: Shape,
    /// The first line of the help, or of what a command told, while it is shown.
    pub(in crate::front::tui) help: Option<usize>,
    /// From which line on its end is shown; 0 where all of it is.
    pub(in crate::front::tui) help_end: usize,
    /// The list that is shown over the screen.
    pub(in crate::front::tui) list: Option<List>,
    /// What is to go to the terminal's clipboard.
    pub(in crate::front::tui) copied: Option<String>,
    /// The map of the memory, until something else is selected.
    pub(in crate::front::tui) map: Option<MapPanel>,
    /// What a command told; empty where the help is the keys.
    pub(in crate::front::tui) told: Vec<String>,
    /// The file that is being followed.
    pub(in crate::front::tui) script: Script,
    /// A `[` or `]` that waits for its `c`.
    bracket: Option<Direction>,
    /// A word to the user, until the next key.
    pub(in crate::front::tui) notice: Option<String>,
    /// The folder for pictures of the screen.
    pub(in crate::front::tui) pictures: PathBuf,
    pub(in crate::front::tui) layout: Layout,
}

/// What is shown beside the steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::front::tui) enum Panel {
    /// What the bytes at the cursor mean.
    #[default]
    Values,
    /// The runs of changed bytes.
    Changes,
    /// The ranges that have names.
    Regions,
    /// The whole memory at a glance.
    Map,
    /// The exchanges so far.
    Exchanges,
}

/// What the loop around the app is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::front::tui) enum LoopControl {
    /// Go on.
    Continue,
    /// Leave.
    Quit,
    /// Stop the process as Ctrl-Z does.
    Suspend,
    /// Draw everything anew.
    Redraw,
    /// Take the mouse, or give it back to the terminal.
    Mouse,
}

impl App {
    pub(in crate::front::tui) fn new(session: Session, theme: Theme, history: History) -> App {
        App {
            session,
            theme,
            input: Input::new(history),
            focus: Focus::Input,
            selection: None,
            following: true,
            time: Time::default(),
            heard: None,
            space: Space::default(),
            prompt: None,
            panel: Panel::default(),
            shape: Shape::default(),
            help: None,
            help_end: 0,
            list: None,
            copied: None,
            map: None,
            told: Vec::new(),
            script: Script::default(),
            bracket: None,
            notice: None,
            pictures: PathBuf::from("."),
            layout: Layout::new(Rect::default(), Shape::default(), Focus::Input),
        }
    }

    /// Takes in what the guest's thread reported.
    ///
    /// # Errors
    /// The guest could not be set to work.
    pub(in crate::front::tui) fn report(&mut self, update: Update) -> Result<LoopControl, OpenError> {
        self.heard = match &update {
            Update::Said(text) => Some(quoted(text)),
            _ => None,
        };
        match &update {
            Update::Refused(words) => {
                let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
                self.notice = Some(visible(words.as_bytes()));
            }
            // What was refused before is had now.
            Update::Settled(cause, ..) if cause.begins_a_run() => self.notice = None,
            _ => (),
        }
        self.session.apply(update)?;
        self.keep_up();
        Ok(self.go_on())
    }

    /// Takes in what the user did.
    pub(in crate::front::tui) fn event(&mut self, event: Event) -> LoopControl {
        match event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Paste(text) => self.paste(&text),
            Event::Mouse(event) => {
                self.mouse(event);
                LoopControl::Continue
            }
            _ => LoopControl::Continue,
        }
    }

    /// The areas for a screen of that size. The rows of memory stay where they are as far as they can.
    pub(in crate::front::tui) fn arrange(&mut self, area: Rect) -> &Layout {
        let before = self.layout;
        self.layout = Layout::new(area, self.shape, self.focus);
        if (self.layout.width, self.layout.rows, self.layout.arrangement)
            != (before.width, before.rows, before.arrangement)
        {
            self.reveal(1);
        }
        &self.layout
    }

    /// What is shown beside the steps now.
    pub(in crate::front::tui) fn shown_panel(&self) -> Panel {
        match (self.focus, self.layout.transcript.is_empty()) {
            (Focus::Input, true) => Panel::Exchanges,
            (_, false) if self.panel == Panel::Exchanges => Panel::Values,
            _ => self.panel,
        }
    }

    fn key(&mut self, key: KeyEvent) -> LoopControl {
        self.notice = None;
        self.space.searching.wanted = None;
        let wanted = action(self.focus, key);
        if let Some(line) = self.help {
            return self.in_help(line, key.code, wanted);
        }
        if self.input.sought().is_some() && self.focus == Focus::Input && self.in_search(wanted) {
            return LoopControl::Continue;
        }
        if self.list.is_some() {
            return self.in_list(key, wanted);
        }
        if let (Some(direction), KeyCode::Char('c')) = (self.bracket.take(), key.code) {
            return self.change(direction);
        }
        match wanted {
            Some(action) => self.act(action),
            None if self.focus == Focus::Memory => {
                self.notice("no such key here: i goes back to the line, ? shows the keys")
            }
            None => LoopControl::Continue,
        }
    }

    pub(in crate::front::tui) fn act(&mut self, action: Action) -> LoopControl {
        let next = self.do_it(action);
        self.look_around();
        next
    }

    fn do_it(&mut self, action: Action) -> LoopControl {
        match action {
            Action::Quit => return LoopControl::Quit,
            Action::DeleteOrQuit if self.input.is_empty() => return LoopControl::Quit,
            Action::Suspend => return LoopControl::Suspend,
            Action::Redraw => return LoopControl::Redraw,
            Action::DeleteOrQuit => return self.edit(Edit::Delete),
            Action::Edit(edit) => return self.edit(edit),
            Action::Complete => return self.complete(),
            Action::Interrupt => return self.interrupt(),
            Action::Help => self.open_help(),
            Action::Send => return self.send(),
            Action::SwitchFocus => match self.focus {
                Focus::Input => self.focus = Focus::Memory,
                Focus::Memory => self.focus = Focus::Input,
                Focus::Prompt => self.dismiss(),
            },
            Action::Leave => match self.space.search.take() {
                Some(_) => self.space.searching = Searching::default(),
                None => self.focus = Focus::Input,
            },
            Action::Step(direction) => return self.step(direction),
            Action::Exchange(direction) => return self.exchange(direction),
            Action::Beside(direction) => return self.step_beside(direction),
            Action::Out => return self.step_out(),
            Action::Run(direction) => return self.another_run(direction),
            Action::Newest => self.present(),
            Action::Memory => return self.next_memory(),
            Action::Rows(direction) => self.move_lines(direction, 1),
            Action::Bytes(direction) => self.move_bytes(direction),
            Action::Page(direction) => self.move_page(direction),
            Action::End(Direction::Back) => self.goto(0),
            Action::End(Direction::Forward) => self.goto(u64::MAX),
            Action::Change(direction) => return self.change(direction),
            Action::Bracket(direction) => self.bracket = Some(direction),
            Action::Trail(direction) => return self.trail(direction),
            Action::Follow => return self.follow_pointer(),
            Action::Ask(question) => self.ask(question),
            Action::Answer => return self.answer(),
            Action::Match(direction) => return self.find_next(direction),
            Action::Panel => self.panel = self.panel.next(),
            Action::Arrange => return self.rearrange(),
            Action::Width(direction) => self.widen(direction),
            Action::Order => {
                self.space.order = if self.space.order == Order::Little { Order::Big } else { Order::Little };
            }
            Action::Select => self.space.anchor = self.space.anchor.xor(Some(self.space.cursor)),
            Action::Command(text) => return self.command(text),
            Action::Mouse => {
                self.notice("the mouse is the terminal's now, or linmem's again: M changes it back");
                return LoopControl::Mouse;
            }
            Action::Shot => return self.snapshot(),
        }
        LoopControl::Continue
    }

    pub(in crate::front::tui) fn notice(&mut self, words: &str) -> LoopControl {
        self.notice = Some(words.to_owned());
        LoopControl::Continue
    }

    /// The next arrangement of the panes that has room.
    fn rearrange(&mut self) -> LoopControl {
        if !self.layout.has_memory() {
            return self.notice("there is no room for memory on so small a screen");
        }
        let order = [Arrangement::Sides, Arrangement::Stacked, Arrangement::One];
        let at = order.iter().position(|&one| one == self.layout.arrangement).unwrap_or(0);
        let area = self.layout.area;
        let mut skipped = String::new();
        for step in 1..=order.len() {
            self.shape.arrangement = Some(order[(at + step) % order.len()]);
            let arranged = Layout::new(area, self.shape, self.focus).arrangement;
            if Some(arranged) == self.shape.arrangement {
                break;
            }
            // The other arrangements fit wherever there is memory at all.
            skipped = format!(" (side by side takes {SIDE_BY_SIDE} columns, and here are {})", area.width);
        }
        self.arrange(area);
        let arranged = match self.layout.arrangement {
            Arrangement::Sides => "before and after side by side",
            Arrangement::Stacked => "before above after",
            Arrangement::One => "one pane: a changed row is shown as it was (-) and as it is",
        };
        self.notice(&format!("{arranged}{skipped}"))
    }

    fn widen(&mut self, direction: Direction) {
        const WIDTHS: [Option<usize>; 4] = [None, Some(8), Some(16), Some(32)];
        let at = WIDTHS.iter().position(|&width| width == self.shape.width).unwrap_or(0);
        let to = if direction == Direction::Forward { at + 1 } else { at + WIDTHS.len() - 1 };
        self.shape.width = WIDTHS[to % WIDTHS.len()];
        self.arrange(self.layout.area);
        let chosen = self.shape.width.map_or("as many bytes in a row as fit".to_owned(), |width| {
            let fits = if self.layout.width < width { ", of which there is room for" } else { "" };
            if fits.is_empty() {
                format!("{width} bytes in a row")
            } else {
                format!("{width} bytes in a row{fits} {}", self.layout.width)
            }
        });
        self.notice(&chosen);
    }
}

impl Panel {
    fn next(self) -> Panel {
        match self {
            Panel::Values => Panel::Changes,
            Panel::Changes => Panel::Regions,
            Panel::Regions => Panel::Map,
            Panel::Map => Panel::Exchanges,
            Panel::Exchanges => Panel::Values,
        }
    }
}
