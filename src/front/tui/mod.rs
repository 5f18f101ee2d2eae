//! The full screen: memory before and after, the steps, the transcript and the input line.
//!
//! One loop receives messages from three threads (terminal events, the guest's reports, signals), updates the state,
//! and draws it once per batch of messages.

mod draw;
mod full_screen;
mod input;
mod offscreen;
mod state;
mod terminal;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use crossterm::event::Event;

pub use self::offscreen::Offscreen;
pub(super) use self::offscreen::picture;

use self::draw::theme::Theme;
use self::full_screen::FullScreen;
use self::state::app::App;
use self::state::effect::Request;
use self::terminal::Screen;
use super::history::History;
use super::status::{self, Status};
use super::system::{self, Signal};
use crate::cli::Cli;
use crate::session::{OpenError, Options, Session, Source, Update};

/// How often memory is shown again while a call is under way.
const REFRESH: Duration = Duration::from_millis(33);
/// How long to wait for the guest before opening the screen. A guest that fails immediately is reported on the plain
/// terminal.
const PATIENCE: Duration = Duration::from_millis(40);

enum Message {
    Terminal(Event),
    /// The terminal was closed.
    Hangup,
    Session(Update),
    Signal(Signal),
}

/// Why the screen was left.
enum Left {
    Quit,
    With(Status),
    /// The guest could not be opened.
    NoGuest(OpenError),
    Failed(io::Error),
}

impl Left {
    /// Reports the error on the plain terminal.
    fn status(self, name: &str) -> Status {
        match self {
            Left::Quit => Status::Answered,
            Left::With(status) => status,
            Left::NoGuest(error) => status::fail_open(name, &error),
            Left::Failed(error) => status::fail(Status::Io, &format!("terminal error: {error}")),
        }
    }
}

/// Runs the full screen to its end.
pub(super) fn run(source: Source, options: Options, cli: &Cli) -> Status {
    system::end_the_program();
    let name = source.name.clone();
    let (sender, messages) = channel();
    let to_loop = sender.clone();
    let session = Session::start(source, options, move |update| {
        // The loop outlives this thread unless the program ends.
        let _ = to_loop.send(Message::Session(update));
    });
    let mut full = FullScreen::new(App::new(session, history(cli)), Theme::new(cli.settings.color));
    full.app.settings = cli.settings.clone();
    if let Err(error) = first_reports(&mut full, &messages) {
        return status::fail_open(&name, &error);
    }
    let left = in_screen(&mut full, &messages, sender);
    if let Some(trouble) = full.app.line.history_trouble() {
        status::fail(Status::Answered, &trouble);
    }
    left.status(&name)
}

/// Opens a saved session.
pub(super) fn replay(session: Session, cli: &Cli) -> Status {
    system::end_the_program();
    let (sender, messages) = channel();
    let mut full = FullScreen::new(App::new(session, history(cli)), Theme::new(cli.settings.color));
    full.app.settings = cli.settings.clone();
    full.app.follow();
    in_screen(&mut full, &messages, sender).status("the saved session")
}

fn history(cli: &Cli) -> History {
    if cli.settings.history { History::load() } else { History::none() }
}

/// Waits a moment for the guest.
fn first_reports(full: &mut FullScreen, messages: &Receiver<Message>) -> Result<(), OpenError> {
    let due = Instant::now() + PATIENCE;
    while full.app.time.selection.is_none() {
        match messages.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(Message::Session(update)) => {
                full.report(update)?;
            }
            Ok(_) => (),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// Runs the loop with the terminal taken over, and restores the terminal.
fn in_screen(full: &mut FullScreen, messages: &Receiver<Message>, sender: Sender<Message>) -> Left {
    let left = Screen::enter().and_then(|mut screen| {
        listen(sender)?;
        screen.draw(|frame| full.draw(frame))?;
        full.app.script.in_pieces();
        loop {
            let first = match full.app.is_looking() {
                true => messages.try_recv().ok(),
                false if full.app.session.shows_progress() => match messages.recv_timeout(REFRESH) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => {
                        full.app.session.refresh();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return Ok(Left::Quit),
                },
                false => match messages.recv() {
                    Ok(message) => Some(message),
                    Err(_) => return Ok(Left::Quit),
                },
            };
            let mut requests = if first.is_none() { full.go_on() } else { Vec::new() };
            for message in first.into_iter().chain(messages.try_iter()) {
                match taken_in(full, message) {
                    Ok(more) => requests.extend(more),
                    Err(left) => return Ok(left),
                }
                if requests.contains(&Request::Quit) {
                    break;
                }
            }
            for request in requests {
                match request {
                    Request::Quit => return Ok(Left::Quit),
                    Request::Interrupt => return Ok(Left::With(Status::Signal(2))),
                    Request::Suspend => screen.suspend()?,
                    Request::Redraw => screen.forget()?,
                    Request::Mouse { take } => screen.take_mouse(take)?,
                    Request::Copy(text) => screen.copy(&text)?,
                }
            }
            screen.draw(|frame| full.draw(frame))?;
        }
    });
    left.unwrap_or_else(Left::Failed)
}

/// Handles a message, and returns requests for the terminal.
///
/// # Errors
/// Why to leave the screen.
fn taken_in(full: &mut FullScreen, message: Message) -> Result<Vec<Request>, Left> {
    match message {
        Message::Terminal(event) => Ok(full.event(event)),
        Message::Hangup => Err(Left::With(Status::Signal(1))),
        Message::Signal(Signal::Suspend) => Ok(vec![Request::Suspend]),
        Message::Signal(Signal::Continue) => Ok(vec![Request::Redraw]),
        Message::Signal(Signal::Interrupt) => Err(Left::With(Status::Signal(2))),
        Message::Signal(Signal::End(number)) => Err(Left::With(Status::Signal(number))),
        Message::Session(update) => full.report(update).map_err(Left::NoGuest),
    }
}

/// Starts the threads that wait for keys and for signals.
fn listen(sender: Sender<Message>) -> io::Result<()> {
    let to_loop = sender.clone();
    system::listen(move |signal| to_loop.send(Message::Signal(signal)).is_ok())?;
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if sender.send(Message::Terminal(event)).is_err() {
                return;
            }
        }
        // The loop may have ended.
        let _ = sender.send(Message::Hangup);
    });
    Ok(())
}
