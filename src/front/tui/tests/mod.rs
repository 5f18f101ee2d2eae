//! The app on a test backend: every key, every size, and the styles of the cells.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Modifier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use crate::front::history::History;
use crate::front::tui::draw::theme::Theme;
use crate::front::tui::full_screen::FullScreen;
use crate::front::tui::input::mode::{Focus, Mode};
use crate::front::tui::state::app::App;
use crate::front::tui::state::effect::Request;
use crate::session::{Options, Session, Source, State, Update};

#[path = "../../../../tests/cases/mod.rs"]
mod cases;
mod commands;
mod control;
mod facts;
mod findings;
mod keys;
mod listed;
mod modes;
mod mouse;
mod overlays;
mod panels;
mod panes;
mod panics;
mod pictures;
mod scenes;
mod sizes;
mod space;
mod stores;
mod time;
mod typing;
mod writes;

/// The full screen on a guest, with the guest's reports.
struct Bench {
    full: FullScreen,
    updates: Receiver<Update>,
    /// The text copied last.
    copied: Option<String>,
}

impl Bench {
    fn new(theme: Theme) -> Bench {
        Bench::on(Source::default_guest(), Options::default(), theme)
    }

    /// A bench on a WAT guest whose imports return zero.
    fn wat(text: &str) -> Bench {
        let mut options = Options::default();
        options.wish.stub_imports = true;
        Bench::on(Source { name: "guest.wat".to_owned(), bytes: text.as_bytes().to_vec() }, options, Theme::COLORED)
    }

    fn on(source: Source, options: Options, theme: Theme) -> Bench {
        let (sender, updates) = channel();
        let session = Session::start(source, options, move |update| {
            let _ = sender.send(update);
        });
        let full = FullScreen::new(App::new(session, History::none()), theme);
        let mut bench = Bench { full, updates, copied: None };
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        bench.full.pictures = std::env::temp_dir().join(format!("linmem-test-{}-{number}", std::process::id()));
        bench.settle();
        bench
    }

    /// Handles reports until the guest waits for a line.
    fn settle(&mut self) {
        while !matches!(self.full.app.session.state(), State::Idle | State::Stopped) {
            let update = self.updates.recv_timeout(Duration::from_secs(20)).expect("the guest reports");
            self.full.report(update).expect("the guest is sound");
        }
    }

    fn key(&mut self, code: KeyCode) -> Vec<Request> {
        self.event(code, KeyModifiers::NONE)
    }

    fn event(&mut self, code: KeyCode, modifiers: KeyModifiers) -> Vec<Request> {
        self.take(Event::Key(KeyEvent::new(code, modifiers)))
    }

    /// Handles an event, stores copied text, and returns the other requests.
    fn take(&mut self, event: Event) -> Vec<Request> {
        let mut requests = self.full.event(event);
        requests.retain(|request| match request {
            Request::Copy(text) => {
                self.copied = Some(text.clone());
                false
            }
            _ => true,
        });
        requests
    }

    /// What the keys mean at the moment.
    fn mode(&self) -> Mode {
        self.full.app.mode()
    }

    /// Types character keys, Tab and Esc.
    fn keys(&mut self, keys: &str) {
        for c in keys.chars() {
            self.key(match c {
                '\t' => KeyCode::Tab,
                '\x1b' => KeyCode::Esc,
                c => KeyCode::Char(c),
            });
        }
    }

    /// Draws without a terminal.
    fn paint(&mut self, width: u16, height: u16) {
        let area = ratatui::layout::Rect::new(0, 0, width, height);
        self.full.paint(area, &mut Buffer::empty(area));
    }

    fn send(&mut self, line: &str) {
        line.chars().for_each(|c| assert_eq!(self.key(KeyCode::Char(c)), []));
        self.key(KeyCode::Enter);
        self.settle();
    }

    fn draw(&mut self, width: u16, height: u16) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it cannot fail");
        terminal.draw(|frame| self.full.draw(frame)).expect("it cannot fail");
        terminal.backend().buffer().clone()
    }

    /// The screen once all incremental searches have finished, however busy the machine is.
    fn settled(&mut self, width: u16, height: u16) -> Buffer {
        self.draw(width, height);
        while self.full.app.is_looking() {
            self.full.go_on();
        }
        self.draw(width, height)
    }
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        (0..buffer.area.width).for_each(|x| text.push_str(buffer[(x, y)].symbol()));
        text.push('\n');
    }
    text
}
