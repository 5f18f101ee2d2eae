//! The full screen: memory before and after, the steps, the transcript and the input line.
//!
//! One loop takes messages from three threads (the terminal's events, the guest's reports, signals), lets the
//! app change its state, and draws the newest state once.

mod draw;
mod input;
mod offscreen;
mod state;
mod terminal;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crossterm::event::Event;
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

pub use self::offscreen::Offscreen;
pub(super) use self::offscreen::picture;

use self::draw::theme::Theme;
use self::state::app::{App, LoopControl};
use self::terminal::Screen;
use super::history::History;
use super::panics;
use super::status::{self, Status};
use crate::cli::Cli;
use crate::session::{Options, Session, Source, Update};

/// How long the screen waits for the guest before it opens without it: a guest that fails at once is told of on
/// the plain terminal.
const PATIENCE: Duration = Duration::from_millis(300);

enum Message {
    Terminal(Event),
    /// The terminal is gone.
    Hangup,
    Session(Update),
    Signal(i32),
}

/// Why the screen is left.
enum Left {
    Quit,
    With(Status),
    Failed(io::Error),
}

/// Runs the full screen to its end.
pub(super) fn run(source: Source, options: Options, cli: &Cli) -> Status {
    panics::end_the_program(terminal::give_back);
    let name = source.name.clone();
    let (sender, messages) = channel();
    let to_loop = sender.clone();
    let session = Session::start(source, options, move |update| {
        // The loop is gone only when the program ends.
        let _ = to_loop.send(Message::Session(update));
    });
    let mut app = App::new(session, Theme::new(cli.color), history(cli));
    if let Err(status) = first_reports(&mut app, &messages, &name) {
        return status;
    }
    let left = in_screen(&mut app, &messages, sender, &name);
    if let Some(words) = app.input.history_trouble() {
        status::fail(Status::Answered, &words);
    }
    match left {
        Left::Quit => Status::Answered,
        Left::With(status) => status,
        Left::Failed(error) => status::fail(Status::Io, &format!("the terminal failed: {error}")),
    }
}

/// Looks at a session from a file.
pub(super) fn replay(session: Session, cli: &Cli) -> Status {
    panics::end_the_program(terminal::give_back);
    let (sender, messages) = channel();
    let mut app = App::new(session, Theme::new(cli.color), history(cli));
    app.follow();
    match in_screen(&mut app, &messages, sender, "the saved session") {
        Left::Quit => Status::Answered,
        Left::With(status) => status,
        Left::Failed(error) => status::fail(Status::Io, &format!("the terminal failed: {error}")),
    }
}

fn history(cli: &Cli) -> History {
    if cli.no_history { History::none() } else { History::load() }
}

/// Waits for the guest for a moment.
fn first_reports(app: &mut App, messages: &Receiver<Message>, name: &str) -> Result<(), Status> {
    while app.selection.is_none() {
        match messages.recv_timeout(PATIENCE) {
            Ok(Message::Session(update)) => {
                app.report(update).map_err(|error| status::fail_open(name, &error))?;
            }
            Ok(_) => (),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// The loop, with the terminal taken over; it is given back before this returns.
fn in_screen(app: &mut App, messages: &Receiver<Message>, sender: Sender<Message>, name: &str) -> Left {
    let mut failed = None;
    let left = Screen::enter().and_then(|mut screen| {
        listen(sender)?;
        screen.draw(|frame| app.draw(frame))?;
        app.script.in_pieces();
        loop {
            let first = match app.is_looking() {
                true => messages.try_recv().ok(),
                false => match messages.recv() {
                    Ok(message) => Some(message),
                    Err(_) => return Ok(Left::Quit),
                },
            };
            if first.is_none() && leaves(app.go_on_looking(), &mut screen)? {
                return Ok(Left::Quit);
            }
            for message in first.into_iter().chain(messages.try_iter()) {
                let next = match message {
                    Message::Terminal(event) => app.event(event),
                    Message::Hangup => return Ok(Left::With(Status::Signal(1))),
                    Message::Signal(SIGTSTP) => LoopControl::Suspend,
                    Message::Signal(SIGCONT) => LoopControl::Redraw,
                    Message::Signal(number) => {
                        return Ok(Left::With(Status::Signal(u8::try_from(number).unwrap_or(15))));
                    }
                    Message::Session(update) => match app.report(update) {
                        Ok(next) => next,
                        Err(error) => {
                            failed = Some(error);
                            return Ok(Left::Quit);
                        }
                    },
                };
                if leaves(next, &mut screen)? {
                    return Ok(Left::Quit);
                }
            }
            if let Some(text) = app.copied.take() {
                screen.copy(&text)?;
            }
            screen.draw(|frame| app.draw(frame))?;
        }
    });
    match (failed, left) {
        (Some(error), _) => Left::With(status::fail_open(name, &error)),
        (None, Ok(left)) => left,
        (None, Err(error)) => Left::Failed(error),
    }
}

/// Does what the app wants of the screen; true where it is to be left.
fn leaves(next: LoopControl, screen: &mut Screen) -> io::Result<bool> {
    match next {
        LoopControl::Continue => (),
        LoopControl::Quit => return Ok(true),
        LoopControl::Suspend => screen.suspend()?,
        LoopControl::Redraw => screen.forget()?,
        LoopControl::Mouse => screen.toggle_mouse()?,
    }
    Ok(false)
}

/// Starts the threads that wait for keys and for signals.
fn listen(sender: Sender<Message>) -> io::Result<()> {
    let mut signals = Signals::new([SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT])?;
    let to_loop = sender.clone();
    std::thread::spawn(move || signals.forever().try_for_each(|signal| to_loop.send(Message::Signal(signal))));
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if sender.send(Message::Terminal(event)).is_err() {
                return;
            }
        }
        // The loop may be gone already.
        let _ = sender.send(Message::Hangup);
    });
    Ok(())
}
