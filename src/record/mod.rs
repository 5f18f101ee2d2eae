//! What happened to a guest's memory, as plain data: causes, steps, changes, and travel between moments.

mod access;
mod cause;
mod change;
mod count;
mod failure;
mod frame;
mod hex;
mod history;
mod image;
mod recorder;
mod run;
mod stale;
mod stop;
mod summing;
mod trap;
mod trap_detail;
mod value;
mod written;

pub use access::{
    AccessLog, Buffers, Collector, LONG, MemoryAccess, Missing, RawRecords, Segment, Site, SiteKind, Target,
};
pub use cause::{Cause, Known, LinePart, Outcome, Step, StepKind, Traced, Trigger};
pub use change::{Actor, Change, Evidence, MEMORIES, Mask, differ_throughout};
pub use count::{counted, thousands};
pub use failure::{Access, EncodingError, Failure, Limit, is_invisible, plain, unit};
pub use frame::Frame;
pub use hex::Hex;
pub use history::{Found, Position, Touch};
pub use image::{Image, PAGE, WASM_PAGE};
pub use recorder::{FocusTarget, Listener, Live, Recorder, RecorderId, Suspects};
pub use run::{Moment, Run};
pub use stop::{Stop, StopAccess, StopReason};
pub use summing::Patience;
pub use trap::TrapCause;
pub use trap_detail::{Accessed, PanicMessage, PanicSource, TrapAccess, TrapCallee, TrapDetail, TrapSlot};
pub use value::Value;
pub use written::{WrittenRanges, joined};

/// All linear memories of a guest at one moment, in the order of its exports.
pub type Memories = Vec<Image>;
