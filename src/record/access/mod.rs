//! Memory accesses of a guest, one by one: sites, the log, and the collector that fills it.

mod collector;
mod encode;
mod granules;
mod log;
mod raw;
mod shadow;
mod site;
mod stored;

pub use collector::Collector;
pub use log::{AccessLog, MemoryAccess, Missing, Segment, Target};
pub use site::{Site, SiteKind};

pub(super) use log::Way;
pub(super) use shadow::TouchedPage;
