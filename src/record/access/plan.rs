//! What the collector does with the records of each site.

use super::site::{Site, SiteKind};

/// What a record of a site needs, in few bytes: this is looked up for each record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) memory: u16,
    pub(super) width: u8,
    pub(super) writes: bool,
}

impl Plan {
    /// The plan for a store or a load. Other sites are looked at one by one.
    pub(super) fn new(site: &Site) -> Plan {
        // A module that the engine accepts has fewer memories.
        let memory = u16::try_from(site.memory).unwrap_or(u16::MAX);
        Plan { memory, width: site.width, writes: matches!(site.kind, SiteKind::Store | SiteKind::Exchange) }
    }
}
