//! What a guest did to its memories, access by access: the sites, the log, and the collector that makes it.

mod collector;
mod encode;
mod log;
mod shadow;
mod site;

pub use collector::Collector;
pub use log::{AccessLog, MemoryAccess, Segment, Target};
pub use site::{Site, SiteKind};

pub(super) use log::Way;
pub(super) use shadow::TouchedPage;
