//! Raw records, as a guest writes them, and what is to be done with those of each site.

use super::site::{Site, SiteKind};

/// Bytes in a raw record: 4 for the site, 4 for the address, 8 for the value.
pub(super) const RECORD: usize = 16;

/// What a record of a site needs, in few bytes: this is looked up for each record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) displacement: u32,
    pub(super) memory: u16,
    pub(super) width: u8,
    pub(super) kind: PlanKind,
}

/// What to do with a record.
#[derive(Clone, Copy, Debug)]
pub(super) enum PlanKind {
    /// Write the value.
    Store,
    /// Look at what is there.
    Load,
    /// Something else, which is rare.
    Rare,
}

impl Plan {
    pub(super) fn new(site: &Site) -> Plan {
        let kind = match site.kind {
            SiteKind::Store | SiteKind::Exchange => PlanKind::Store,
            SiteKind::Load | SiteKind::Compare => PlanKind::Load,
            _ => PlanKind::Rare,
        };
        // A module that the engine accepts has fewer memories.
        let memory = u16::try_from(site.memory).unwrap_or(u16::MAX);
        Plan { displacement: site.displacement, memory, width: site.width, kind }
    }
}

/// A raw record, as the guest wrote it.
pub(super) struct Raw {
    pub(super) site: u32,
    pub(super) addr: u32,
    pub(super) value: u64,
}

impl Raw {
    #[inline]
    pub(super) fn read(bytes: &[u8; RECORD]) -> Raw {
        let [a, b, c, d, e, f, g, h, value @ ..] = *bytes;
        let (site, addr) = (u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h]));
        Raw { site, addr, value: u64::from_le_bytes(value) }
    }

    /// The low half of the value.
    pub(super) fn low(&self) -> u32 {
        u32::try_from(self.value & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    }

    /// The high half of the value.
    pub(super) fn high(&self) -> u32 {
        u32::try_from(self.value >> 32).unwrap_or(u32::MAX)
    }
}
