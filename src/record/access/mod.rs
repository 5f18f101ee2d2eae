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
mod page_index;
mod plan;
mod replay;
mod shadow;
mod site;
mod stored;
mod touched;
mod values;

pub use collector::Collector;
pub use log::{AccessLog, Missing, Segment, Target};
pub use memory_access::MemoryAccess;
pub use site::{Site, SiteKind};
pub use stored::LONG;

pub(super) use log::Way;
pub(super) use touched::TouchedPage;
