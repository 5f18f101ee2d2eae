//! An access as a log stores it.

use super::site::{Site, SiteKind};

/// Bytes in a record, as a guest writes it: 4 for the site, 4 for the address, 8 for the value.
pub(super) const RECORD: usize = 16;

/// Flag in the site of a record, which every bulk operation and growth has: its length is not the site's width.
pub const LONG: u32 = 1 << 31;

/// A stored access: what a guest told of it. What the access found in memory follows from the records before it: see
/// [`super::values::Values`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// The site number, possibly with [`LONG`] set.
    site: u32,
    /// The first address; 0 for growth.
    pub(super) addr: u32,
    /// Of a store, the bytes that it wrote, then anything. Of a bulk operation, its length, then for a fill the byte. Of
    /// growth, the pages before and after. Of a load, anything.
    pub(super) value: [u8; 8],
}

impl Record {
    /// A record of an access as wide as its site says.
    #[inline]
    pub(super) fn new(site: u32, addr: u32, value: u64) -> Record {
        Record { site, addr, value: value.to_le_bytes() }
    }

    /// A record as a guest wrote it.
    #[inline]
    pub(super) fn read(bytes: &[u8; RECORD]) -> Record {
        let ((words, _), (halves, _)) = (bytes.as_chunks(), bytes.as_chunks());
        let [site, addr] = [words[0], words[1]].map(u32::from_le_bytes);
        Record { site, addr, value: halves[1] }
    }

    /// A record of a bulk operation or of growth.
    pub(super) fn long(site: usize, addr: u32, low: u32, high: u32) -> Record {
        let site = u32::try_from(site).unwrap_or(u32::MAX);
        Record::new(site | LONG, addr, u64::from(low) | u64::from(high) << 32)
    }

    /// The index of its site.
    #[inline]
    pub(super) fn site(&self) -> usize {
        (self.site & !LONG) as usize
    }

    /// The index of its site, unless it is long.
    #[inline]
    pub(super) fn raw_site(&self) -> usize {
        self.site as usize
    }

    /// The low and the high half of its value.
    pub(super) fn halves(&self) -> [u32; 2] {
        let [a, b, c, d, e, f, g, h] = self.value;
        [u32::from_le_bytes([a, b, c, d]), u32::from_le_bytes([e, f, g, h])]
    }

    /// Whether its length differs from the site's width.
    #[inline]
    pub(super) fn is_long(&self) -> bool {
        self.site & LONG != 0
    }

    /// How many bytes it accessed; 0 for growth.
    #[inline]
    pub(super) fn len(&self, site: &Site) -> u64 {
        match site.kind {
            SiteKind::Grow => 0,
            kind if kind.is_bulk() => self.low(),
            _ => site.width.into(),
        }
    }

    /// The low half of the value: the length of a bulk operation, or the pages before growth.
    pub(super) fn low(&self) -> u64 {
        self.halves()[0].into()
    }

    /// The high half of the value: the byte of a fill, or the pages after growth.
    pub(super) fn high(&self) -> u64 {
        self.halves()[1].into()
    }
}
