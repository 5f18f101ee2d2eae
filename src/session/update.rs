//! What the guest's thread reports to its session.

use std::sync::Arc;

use super::{About, GuestOp, OpenError};
use crate::check::Finding;
use crate::guest::{CompileProgress, Global, Paused};
use crate::record::{Cause, Memories};

/// A report of the guest's thread to its session.
pub enum Update {
    /// A guest's module is being compiled: how far that is.
    Compiling(CompileProgress),
    /// A guest is loaded, and about to start.
    Ready(Box<About>),
    /// The guest emitted a message during an exchange. The message is also a step of the resulting cause.
    Said(Vec<u8>),
    /// A watched file changed: the operation to run, with its command text.
    Rebuilt(String, GuestOp),
    /// A cause has ended; with the memories and exported globals after it, and what is wrong with it.
    Settled(Arc<Cause>, Memories, Vec<Global>, Vec<Finding>),
    /// A call is not over, and this happened so far: the guest stopped, or was asked.
    Paused(Box<Paused>),
    /// A request failed without changing the guest; with the reason.
    Refused(String),
    /// The guest could not be loaded or started. This is the last update.
    Failed(OpenError),
}
