//! The state of the full screen, in its parts.

use std::sync::LazyLock;

use ratatui::layout::Rect;

use super::effect::{Effect, PictureFile, Request};
use super::layout::{Arrangement, Layout, Shape};
use super::lines::below_title;
use super::overlays::{Overlay, Overlays};
use super::panels::{Panel, Panels};
use super::rows::PaneRows;
use super::script::Script;
use super::space::Space;
use super::status::Status;
use super::time::Time;
use crate::front::history::History;
use crate::front::tui::input::line::LineEditor;
use crate::front::tui::input::mode::{Focus, Mode};
use crate::record::Image;
use crate::session::Session;
use crate::settings::Settings;
use crate::view::{DiffView, Selection, visible};

static NO_MEMORY: LazyLock<Image> = LazyLock::new(Image::default);

/// The state of the full screen.
pub(crate) struct App {
    pub(crate) session: Session,
    /// The settings, which `:set` changes.
    pub(crate) settings: Settings,
    /// The input line.
    pub(crate) line: LineEditor,
    pub(crate) focus: Focus,
    /// The cursor in time.
    pub(crate) time: Time,
    /// The cursor in space.
    pub(crate) space: Space,
    pub(crate) panels: Panels,
    /// What is open over the screen.
    pub(crate) overlays: Overlays,
    pub(crate) status: Status,
    /// The files that are followed.
    pub(crate) script: Script,
    /// How the panes are arranged, and how many bytes a row has, where the user said so.
    pub(super) shape: Shape,
    /// Where the parts of the screen are.
    pub(crate) layout: Layout,
    /// Whether the mouse is used here, and not by the terminal.
    pub(super) has_mouse: bool,
    /// The first key of a sequence of two.
    pub(super) prefix: Option<char>,
    /// What is to be done outside of the state, in order.
    pub(super) effects: Vec<Effect>,
}

impl App {
    pub(crate) fn new(session: Session, history: History) -> App {
        App {
            session,
            settings: Settings::default(),
            line: LineEditor::new(history),
            focus: Focus::Input,
            time: Time::default(),
            space: Space::default(),
            panels: Panels::default(),
            overlays: Overlays::default(),
            status: Status::default(),
            script: Script::default(),
            shape: Shape::default(),
            layout: Layout::new(Rect::default(), Shape::default(), Focus::Input),
            has_mouse: true,
            prefix: None,
            effects: Vec::new(),
        }
    }

    /// What the keys mean at the moment.
    pub(crate) fn mode(&self) -> Mode {
        match (self.overlays.top(), self.focus) {
            (Some(overlay), _) => overlay.mode(),
            (None, Focus::Memory) if self.session.stopped().is_some() => Mode::Stopped,
            (None, Focus::Memory) => Mode::Memory,
            (None, Focus::Input) if self.line.sought().is_some() => Mode::History,
            (None, Focus::Input) => Mode::Input,
        }
    }

    /// Fits the state to a screen of that size. The rows of memory stay where they are as far as they can.
    pub(crate) fn arrange(&mut self, area: Rect) {
        let before = self.layout;
        self.layout = Layout::new(area, self.shape, self.focus);
        if (self.layout.width, self.layout.rows, self.layout.arrangement)
            != (before.width, before.rows, before.arrangement)
        {
            self.reveal(1);
        }
        self.overlays.arrange(Rect { height: area.height - self.layout.bar.height, ..area });
        if self.shown_panel() == Panel::Map {
            self.begin_map(below_title(self.layout.side));
        }
    }

    /// The panel that is shown beside the steps.
    pub(crate) fn shown_panel(&self) -> Panel {
        match (self.focus, self.layout.transcript.is_empty()) {
            (Focus::Input, true) => Panel::Exchanges,
            (_, false) if self.panels.wanted == Panel::Exchanges => Panel::Values,
            _ => self.panels.wanted,
        }
    }

    /// The index of the memory that is looked at.
    pub(crate) fn memory(&self) -> usize {
        self.session.memory()
    }

    /// The selected memory in rows.
    pub(crate) fn view(&self) -> Option<DiffView<'_>> {
        let (at, memory) = (self.time.selection.as_ref()?, self.memory());
        Some(DiffView {
            before: at.before.get(memory).unwrap_or(&NO_MEMORY),
            after: at.after.get(memory)?,
            marks: at.marks.get(memory)?,
            width: self.layout.width,
            keep: self.space.cursor,
        })
    }

    /// The rows of a pane, if there is memory to show.
    pub(crate) fn pane_rows(&self) -> Option<PaneRows<'_>> {
        let view = self.view().filter(|view| !view.is_empty())?;
        let doubles = self.layout.arrangement == Arrangement::One;
        Some(PaneRows { view, count: self.layout.rows, doubles })
    }

    /// Whether the newest cause of the present run is the one that is looked at.
    pub(crate) fn is_present(&self) -> bool {
        let newest = |at: &Selection| at.cause + 1 == self.session.run().len();
        self.session.runs_back() == 0 && self.time.selection.as_ref().is_none_or(newest)
    }

    /// Which memory is looked at: `memory 1 (scratch)`.
    pub(crate) fn memory_name(&self) -> String {
        let name = self.session.memory_name(self.memory());
        let name = name.map_or(String::new(), |name| format!(" ({})", visible(name.as_bytes())));
        format!("memory {}{name}", self.memory())
    }

    /// Tells the user something, until the next key.
    pub(crate) fn notice(&mut self, text: &str) {
        self.status.notice = Some(text.to_owned());
        self.status.is_about_running = false;
    }

    /// Opens an overlay.
    pub(super) fn open(&mut self, overlay: Overlay) {
        self.overlays.open(overlay);
    }

    /// Asks the loop that has the terminal for something.
    pub(super) fn request(&mut self, request: Request) {
        self.effects.push(Effect::Terminal(request));
    }

    /// Has a picture of the screen saved.
    pub(super) fn request_picture(&mut self, file: PictureFile) {
        self.effects.push(Effect::Picture(file));
    }

    /// Whether the user wants to leave.
    pub(super) fn is_quitting(&self) -> bool {
        self.effects.contains(&Effect::Terminal(Request::Quit))
    }

    /// Takes what is to be done outside of the state.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
