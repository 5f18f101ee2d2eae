//! Memory accesses of a guest, one by one: sites, the log, and the collector that fills it.

mod buffers;
mod checkpoint;
mod chunk;
mod collector;
mod encode;
mod granules;
mod keeping;
mod log;
mod memory_access;
mod noting;
mod page_index;
mod page_ranges;
mod plan;
mod replay;
mod shadow;
mod site;
mod stored;
mod target;
mod touched;
mod travel;
mod values;

pub use buffers::{Buffers, RawRecords};
pub use collector::Collector;
pub use log::{AccessLog, Missing, Segment};
pub use memory_access::MemoryAccess;
pub use site::{Site, SiteKind};
pub use stored::LONG;
pub use target::Target;

pub(super) use touched::TouchedPage;
pub(super) use travel::Way;
