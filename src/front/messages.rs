//! What the console hears of: reports of the session, what was typed, and keys that are signals.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::Sender;

use super::status::{self, Status};
use super::system;
use crate::session::Update;

/// A message to the console.
pub(super) enum Message {
    Update(Update),
    Interrupt,
    /// Ctrl-D, while no line is read yet.
    Quit,
    /// What was typed, or an error.
    Read(rustyline::Result<String>),
}

/// Handles Ctrl-C, and Ctrl-D while nobody reads keys.
pub(super) fn listen(sender: Sender<Message>, is_loading: Arc<AtomicBool>) -> Result<(), Status> {
    // The console outlives that thread unless the program ends.
    let quit = sender.clone();
    let interrupted = move || _ = sender.send(Message::Interrupt);
    let ended = move || is_loading.load(SeqCst) && quit.send(Message::Quit).is_ok();
    let handled = system::handle(interrupted, ended);
    handled.map_err(|error| status::fail(Status::Io, &format!("signals cannot be caught: {error}")))
}
