//! The terminal: taken over, and restored on every exit path.

use std::io::{self, BufWriter, Stdout, Write};
use std::mem::ManuallyDrop;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crossterm::event::{DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen};
use crossterm::{execute, queue};
use ratatui::Frame;
use ratatui::backend::CrosstermBackend;

use crate::front::system::{give_back, stop, take_for_screen};

type Backend = CrosstermBackend<BufWriter<Stdout>>;

/// Large enough to write nearly every frame in one go.
const BUFFER: usize = 64 << 10;

/// The terminal in full-screen mode, while this lives.
pub(super) struct Screen {
    /// Never dropped: ratatui's drop would show the cursor, as `give_back` does, and panic on failure.
    terminal: ManuallyDrop<ratatui::Terminal<Backend>>,
    /// Whether the mouse is captured.
    mouse: bool,
}

impl Screen {
    /// Takes the terminal over.
    pub(super) fn enter() -> io::Result<Screen> {
        take()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, io::stdout()));
        let terminal = ratatui::Terminal::new(backend).inspect_err(|_| give_back())?;
        let mut screen = Screen { terminal: ManuallyDrop::new(terminal), mouse: false };
        screen.take_mouse(true)?;
        Ok(screen)
    }

    /// Draws a frame as one synchronized update.
    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        self.terminal.draw(draw)?;
        queue!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        self.terminal.backend_mut().flush()
    }

    /// Redraws the whole screen with the next frame.
    pub(super) fn forget(&mut self) -> io::Result<()> {
        // Unlike `clear`, this does not query the cursor's position, which some terminals do not answer.
        let area = self.terminal.get_frame().area();
        self.terminal.resize(area)
    }

    /// Restores the terminal, suspends the process for the shell's job control, and takes the terminal over again on
    /// resume.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        stop()?;
        take()?;
        if self.mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        self.forget()
    }

    /// Captures the mouse, or releases it, so that the terminal can select text.
    pub(super) fn take_mouse(&mut self, take: bool) -> io::Result<()> {
        self.mouse = take;
        if take { execute!(io::stdout(), EnableMouseCapture) } else { execute!(io::stdout(), DisableMouseCapture) }
    }

    /// Asks the terminal to copy text to the clipboard. Some ignore it, and none reports that.
    pub(super) fn copy(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout();
        write!(out, "\x1b]52;c;{}\x07", STANDARD.encode(text))?;
        out.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
    }
}

fn take() -> io::Result<()> {
    take_for_screen()?;
    execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste).inspect_err(|_| give_back())
}
