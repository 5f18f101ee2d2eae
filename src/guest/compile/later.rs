//! Optimised code that another process compiles behind quick code.

use std::sync::mpsc::{Receiver, Sender, TryRecvError};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::protocol::Frame;
use super::request::Keeping;

/// How often it is looked for between lines.
const PACE: Duration = Duration::from_millis(100);

/// Optimised code that may come later. The process that compiles it ends when this is dropped, unless it keeps the code.
pub(in crate::guest) struct Later(Mutex<Waiting>);

struct Waiting {
    frames: Receiver<Frame>,
    /// Keeps the pipe to the process open.
    keep_open: Option<Sender<()>>,
    /// Where the code is kept, if it is.
    keeping: Option<Keeping>,
    /// When it was looked for last.
    looked: Instant,
}

/// Optimised code that came.
pub(in crate::guest) enum Came {
    /// It is kept there.
    Kept(Keeping),
    /// The code as bytes.
    Artifact(Vec<u8>),
}

impl Later {
    pub(super) fn new(frames: Receiver<Frame>, keep_open: Sender<()>, keeping: Option<Keeping>) -> Later {
        Later(Mutex::new(Waiting { frames, keep_open: Some(keep_open), keeping, looked: Instant::now() }))
    }

    /// Whether to look for it between lines.
    pub(in crate::guest) fn is_due(&self) -> bool {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = waiting.looked.elapsed() >= PACE;
        if is_due {
            waiting.looked = Instant::now();
        }
        is_due
    }

    /// The code, if it came. What is kept may come from another process that compiles the same.
    pub(in crate::guest) fn look(&self) -> Option<Came> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match waiting.frames.try_recv() {
                Ok(Frame::Artifact(bytes)) => return Some(Came::Artifact(bytes)),
                Ok(_) => (),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    waiting.keep_open = None;
                    break;
                }
            }
        }
        waiting.keeping.as_ref().filter(|keeping| keeping.cache.has(&keeping.key)).cloned().map(Came::Kept)
    }
}
