//! The full screen as a whole: its state, its theme, and effects that need the drawn screen.

use std::path::PathBuf;

use crossterm::event::Event;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::draw::canvas::Canvas;
use super::draw::theme::Theme;
use super::draw::{picture, screen, status};
use super::state::app::App;
use super::state::effect::{Effect, PictureFile, Request};
use crate::session::{OpenError, Update};
use crate::view::visible;

/// The full screen, without a terminal.
pub(super) struct FullScreen {
    pub(super) app: App,
    theme: Theme,
    /// The directory for numbered pictures.
    pub(super) pictures: PathBuf,
}

impl FullScreen {
    pub(super) fn new(app: App, theme: Theme) -> FullScreen {
        FullScreen { app, theme, pictures: PathBuf::from(".") }
    }

    /// Handles a terminal event, and returns requests for the terminal.
    pub(super) fn event(&mut self, event: Event) -> Vec<Request> {
        self.app.event(event);
        self.requests()
    }

    /// Handles a report of the guest's thread, and returns requests for the terminal.
    ///
    /// # Errors
    /// The guest could not be opened.
    pub(super) fn report(&mut self, update: Update) -> Result<Vec<Request>, OpenError> {
        self.app.report(update)?;
        Ok(self.requests())
    }

    /// Continues slow work for a moment, and returns requests for the terminal.
    pub(super) fn go_on(&mut self) -> Vec<Request> {
        self.app.go_on_looking();
        self.requests()
    }

    /// Draws the screen into a frame.
    pub(super) fn draw(&mut self, frame: &mut Frame<'_>) {
        if let Some(cursor) = self.paint(frame.area(), frame.buffer_mut()) {
            frame.set_cursor_position(cursor);
        }
    }

    /// Draws the screen into a buffer, and returns the cursor's position.
    pub(super) fn paint(&mut self, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        self.app.arrange(area);
        if self.app.give_rows(status::rows(&self.app)) {
            self.app.arrange(area);
        }
        let theme = self.theme.looking(self.app.settings.theme);
        screen::draw(&self.app, &mut Canvas::new(buffer, theme))
    }

    /// Saves a picture of the screen.
    ///
    /// # Errors
    /// Why the picture was not saved, as a message.
    pub(super) fn save_picture(&mut self, file: PictureFile) -> Result<PathBuf, String> {
        let (path, overwrite) = match file {
            PictureFile::Named { path, overwrite } => (path, overwrite),
            PictureFile::Numbered => {
                let mut paths = (1..).map(|number| self.pictures.join(format!("linmem-{number}.svg")));
                (paths.find(|path| !path.exists()).ok_or("every file name is taken")?, false)
            }
        };
        let area = self.app.layout.area;
        let mut buffer = Buffer::empty(area);
        self.paint(area, &mut buffer);
        picture::save(&buffer, &path, overwrite, self.app.settings.theme.is_light())?;
        Ok(path)
    }

    /// Performs effects that need the drawn screen, and returns requests for the terminal.
    fn requests(&mut self) -> Vec<Request> {
        let mut requests = Vec::new();
        loop {
            let effects = self.app.take_effects();
            if effects.is_empty() {
                return requests;
            }
            for effect in effects {
                match effect {
                    Effect::Picture(file) => self.take_picture(file),
                    Effect::Terminal(request) => requests.push(request),
                }
            }
            // Lines of a script waited for it.
            self.app.go_on();
        }
    }

    fn take_picture(&mut self, file: PictureFile) {
        let text = match self.save_picture(file) {
            Ok(path) => format!("saved the screen as {}", visible(path.as_os_str().as_encoded_bytes())),
            Err(reason) => reason,
        };
        self.app.notice(&text);
    }
}
