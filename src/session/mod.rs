//! A session: a guest, its convention and its timeline.
//!
//! [`Live`] is a running guest, on the thread that created it. [`Session`] is a front end's handle to a `Live` on its
//! own thread, and keeps the timeline. [`Source`] says where a guest comes from.

mod about;
mod bookmarks;
mod control;
mod inspect;
mod live;
mod poison;
mod rebuilt;
mod request;
mod resend;
mod saved;
mod source;
mod stops;
mod thread;
mod worker;

pub use crate::guest::Watchdog;
pub use about::{About, PastRun};
pub use bookmarks::{Bookmark, Bookmarks};
pub use control::Means;
pub use inspect::{Inspection, inspect};
pub use live::{GATHER, Live, OpenError, Options};
pub use rebuilt::Watched;
pub use request::{GuestOp, Request};
pub use resend::{Reload, Resend};
pub use saved::{Saved, SessionFileError, load, save};
pub use source::{BUILT_IN, Source, SourceError};
pub use stops::{BreakPlace, Breakpoint, Stops};
pub use worker::{Session, State, Update};
