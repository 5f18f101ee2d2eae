//! The full screen without a terminal, for benchmarks and for reading it as data.

use std::path::Path;
use std::sync::mpsc::{Receiver, channel};

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::draw::theme::Theme;
use super::full_screen::FullScreen;
use super::state::app::App;
use super::state::effect::PictureFile;
use crate::cli::ColorChoice;
use crate::front::history::History;
use crate::session::{OpenError, Options, Saved, Session, Source, State, Update};
use crate::view::Selection;

/// The default size of a picture, in columns and rows.
const PICTURE: (u16, u16) = (120, 40);

/// Saves a picture of a session as the full screen would show it, with the cursor at an address.
///
/// # Errors
/// Why the picture was not saved, as a message.
pub(in crate::front) fn picture(
    session: Session,
    at: Selection,
    cursor: u64,
    file: &Path,
    over: bool,
) -> Result<(), String> {
    let mut app = App::new(session, History::none());
    app.arrange(Rect::new(0, 0, PICTURE.0, PICTURE.1));
    app.look_at(at);
    app.goto(cursor);
    let file = PictureFile::Named { path: file.to_owned(), overwrite: over };
    FullScreen::new(app, Theme::new(ColorChoice::Always)).save_picture(file).map(drop)
}

/// The full screen, drawn into a buffer.
pub struct Offscreen {
    screen: FullScreen,
    updates: Receiver<Update>,
    buffer: Buffer,
}

impl Offscreen {
    /// Opens a guest, on a screen of that many columns and rows.
    ///
    /// # Errors
    /// The guest could not be opened.
    pub fn open(source: Source, options: Options, columns: u16, rows: u16) -> Result<Offscreen, OpenError> {
        let (sender, updates) = channel();
        let session = Session::start(source, options, move |update| {
            // The receiver lives as long as the screen.
            let _ = sender.send(update);
        });
        let screen = FullScreen::new(App::new(session, History::none()), Theme::new(ColorChoice::Always));
        let buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
        let mut offscreen = Offscreen { screen, updates, buffer };
        offscreen.settle()?;
        Ok(offscreen)
    }

    /// Opens a saved session.
    pub fn replay(saved: Saved, columns: u16, rows: u16) -> Offscreen {
        let (_, updates) = channel();
        let mut app = App::new(Session::replay(saved), History::none());
        app.follow();
        let screen = FullScreen::new(app, Theme::new(ColorChoice::Always));
        Offscreen { screen, updates, buffer: Buffer::empty(Rect::new(0, 0, columns, rows)) }
    }

    /// Sends a line, and waits for its answer.
    ///
    /// # Errors
    /// The guest could not be reopened.
    pub fn send(&mut self, line: &str) -> Result<(), OpenError> {
        self.screen.event(Event::Paste(format!("{line}\n")));
        self.settle()
    }

    /// Handles a terminal event, and waits until the guest has nothing more to do. Requests for the terminal are
    /// dropped.
    ///
    /// # Errors
    /// The guest could not be reopened.
    pub fn event(&mut self, event: Event) -> Result<(), OpenError> {
        self.screen.event(event);
        self.settle()
    }

    /// Changes the size of the screen.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    }

    /// Presses a key.
    pub fn press(&mut self, key: KeyCode) {
        self.screen.event(Event::Key(KeyEvent::new(key, KeyModifiers::NONE)));
    }

    /// Draws the screen, and returns its cells.
    pub fn draw(&mut self) -> &Buffer {
        self.buffer.reset();
        self.screen.paint(self.buffer.area, &mut self.buffer);
        &self.buffer
    }

    /// Draws the screen once all incremental searches have finished.
    pub fn draw_settled(&mut self) -> &Buffer {
        self.draw();
        while self.screen.app.is_looking() {
            self.screen.go_on();
        }
        self.draw()
    }

    fn settle(&mut self) -> Result<(), OpenError> {
        let is_settled = |state| matches!(state, State::Idle | State::Stopped);
        while !is_settled(self.screen.app.session.state()) || self.screen.app.session.run().is_empty() {
            let Ok(update) = self.updates.recv() else { break };
            self.screen.report(update)?;
        }
        Ok(())
    }
}
