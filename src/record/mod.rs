//! What happened to a guest's memory, as pure data: causes, steps, changes, and travel between moments.

mod cause;
mod change;
mod failure;
mod hex;
mod image;
mod recorder;
mod run;
mod site;
mod trap;
mod value;

pub use cause::{Cause, Outcome, Step, StepKind, Trigger};
pub use change::{Actor, Change, Evidence, MEMORIES};
pub use failure::{Access, EncodingError, Failure, Frame, Limit, plain, unit};
pub use hex::Hex;
pub use image::{Image, PAGE, WASM_PAGE};
pub use recorder::{FocusTarget, Listener, Recorder};
pub use run::{Moment, Run};
pub use site::{Site, SiteKind};
pub use trap::TrapCause;
pub use value::Value;

/// Every linear memory of a guest at one moment, in the order of the guest's exports.
pub type Memories = Vec<Image>;
