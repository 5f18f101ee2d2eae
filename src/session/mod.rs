//! A session: a guest, its convention and its timeline.
//!
//! [`Live`] is a running guest, on the thread that created it. [`Session`] is a front end's handle to a `Live` on its
//! own thread, and keeps the timeline. [`Source`] says where a guest comes from.

mod about;
mod bookmarks;
mod call;
mod control;
mod driving;
mod factory;
mod facts;
mod infer;
mod inspect;
mod live;
mod options;
mod perform;
mod poison;
mod queue;
mod rebuilt;
mod replace;
mod request;
mod resend;
mod saved;
mod selected;
mod settle;
mod source;
mod stops;
mod structs;
mod thread;
mod update;
mod whole_file;
mod worker;

pub use crate::guest::Watchdog;
pub use about::{About, PastRun};
pub use bookmarks::{Bookmark, Bookmarks};
pub use control::Means;
pub use factory::OpenError;
pub use infer::Inference;
pub use inspect::{Inspection, inspect};
pub use live::{GATHER, Live};
pub use options::{Batching, Options, Resend, Watched};
pub use request::{GuestOp, Request};
pub use resend::Reload;
pub use saved::{Saved, SessionFileError, load, load_within, save};
pub use source::{BUILT_IN, Source, SourceError};
pub use stops::{BreakPlace, Breakpoint, Stops};
pub use structs::{Placed, Structs};
pub use update::Update;
pub use whole_file::{remove_drafts, write_whole};
pub use worker::{Session, State};
