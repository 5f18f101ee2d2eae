//! The state of the full screen, in its parts.

use std::ops::Range;
use std::sync::LazyLock;

use ratatui::layout::Rect;

use super::effect::{Effect, PictureFile, Request};
use super::layout::{Arrangement, Extra, Layout, Shape};
use super::lines::below_title;
use super::needed::Needed;
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
    /// The selected moment.
    pub(crate) time: Time,
    /// The cursor in memory.
    pub(crate) space: Space,
    pub(crate) panels: Panels,
    /// The open overlays.
    pub(crate) overlays: Overlays,
    pub(crate) status: Status,
    /// The script lines still to run.
    pub(crate) script: Script,
    /// The arrangement of the panes and the bytes per row, if the user chose them.
    pub(super) shape: Shape,
    /// The areas of the screen's parts.
    pub(crate) layout: Layout,
    /// The rows that memory needs.
    pub(super) needed: Needed,
    /// The rows that the message above the input line needs.
    pub(super) message_rows: u16,
    /// Whether the mouse is captured.
    pub(super) has_mouse: bool,
    /// The first key of an unfinished sequence.
    pub(super) prefix: Option<char>,
    /// Effects to perform outside the state, in order.
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
            layout: Layout::new(Rect::default(), Shape::default(), Focus::Input, Extra::default()),
            needed: Needed::default(),
            message_rows: 1,
            has_mouse: true,
            prefix: None,
            effects: Vec::new(),
        }
    }

    /// The current mode.
    pub(crate) fn mode(&self) -> Mode {
        match (self.overlays.top(), self.focus) {
            (Some(overlay), _) => overlay.mode(),
            (None, Focus::Memory) if self.session.stopped().is_some() => Mode::Stopped,
            (None, Focus::Memory) => Mode::Memory,
            (None, Focus::Input) if self.line.sought().is_some() => Mode::History,
            (None, Focus::Input) => Mode::Input,
        }
    }

    /// Adapts the state to a screen of that size. The rows of memory move as little as possible.
    pub(crate) fn arrange(&mut self, area: Rect) {
        let before = self.layout;
        self.layout = self.laid_out(area);
        if (self.layout.width, self.layout.rows, self.layout.arrangement)
            != (before.width, before.rows, before.arrangement)
        {
            self.reveal(1);
            self.reveal_change();
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

    /// The index of the selected memory.
    pub(crate) fn memory(&self) -> usize {
        self.session.memory()
    }

    /// The selected memory as rows.
    pub(crate) fn view(&self) -> Option<DiffView<'_>> {
        let (at, memory) = (self.time.selection.as_ref()?, self.memory());
        let cursor = self.space.cursor;
        let read = at.reading(memory).map_or(cursor..cursor + 1, |reading| reading.range);
        Some(DiffView {
            before: at.before.get(memory).unwrap_or(&NO_MEMORY),
            after: at.after.get(memory)?,
            marks: at.marks.get(memory)?,
            width: self.layout.width,
            keep: [cursor, read.start, read.end.saturating_sub(1)],
        })
    }

    /// The rows of a pane, if there is memory to show.
    pub(crate) fn pane_rows(&self) -> Option<PaneRows<'_>> {
        let view = self.view().filter(|view| !view.is_empty())?;
        let doubles = self.layout.arrangement == Arrangement::One;
        Some(PaneRows { view, count: self.layout.rows, doubles })
    }

    /// Whether the newest cause of the current run is selected.
    pub(crate) fn is_present(&self) -> bool {
        let newest = |at: &Selection| at.cause + 1 == self.session.run().len();
        self.session.runs_back() == 0 && self.time.selection.as_ref().is_none_or(newest)
    }

    /// Whether there are findings in some exchanges, those that the user allows left out.
    pub(crate) fn has_findings(&self, causes: Range<usize>) -> bool {
        self.session.findings().of_all(causes).any(|finding| self.settings.shows(finding))
    }

    /// The name of the selected memory: `memory 1 (scratch)`.
    pub(crate) fn memory_name(&self) -> String {
        let name = self.session.memory_name(self.memory());
        let name = name.map_or(String::new(), |name| format!(" ({})", visible(name.as_bytes())));
        format!("memory {}{name}", self.memory())
    }

    /// Shows a message until the next key.
    pub(crate) fn notice(&mut self, text: &str) {
        self.status.notice = Some(text.to_owned());
        self.status.is_about_running = false;
    }

    /// Opens an overlay.
    pub(super) fn open(&mut self, overlay: Overlay) {
        self.overlays.open(overlay);
    }

    /// Queues a request for the terminal.
    pub(super) fn request(&mut self, request: Request) {
        self.effects.push(Effect::Terminal(request));
    }

    /// Queues saving a picture of the screen.
    pub(super) fn request_picture(&mut self, file: PictureFile) {
        self.effects.push(Effect::Picture(file));
    }

    /// Whether the user has quit.
    pub(super) fn is_quitting(&self) -> bool {
        self.effects.contains(&Effect::Terminal(Request::Quit))
    }

    /// Takes the queued effects.
    pub(crate) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }
}
