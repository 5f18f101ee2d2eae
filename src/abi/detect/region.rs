//! Where a module's memory is free, for modules that export no allocator.

use crate::guest::{Extern, Interface};

/// Memory at address 0 is used only if the module's data begins at this address or above.
const PLENTY: u64 = 64 << 10;

/// Where to place a region.
pub(super) enum Place {
    /// At the exported global `__heap_base`.
    Base,
    Address(i64),
}

/// The address of a region, as a number.
pub(crate) fn region_address(interface: &Interface) -> u64 {
    match region(interface).0 {
        Place::Address(addr) => addr.cast_unsigned(),
        Place::Base => {
            let base = interface.globals.iter().find(|global| global.name == "__heap_base");
            base.and_then(|base| base.start).unwrap_or(0)
        }
    }
}

/// An address after everything that the compiler placed in memory, as far as the module says, and the reason for it.
pub(super) fn region(interface: &Interface) -> (Place, String) {
    let is_base =
        |export: &&crate::guest::Export| export.name == "__heap_base" && matches!(export.what, Extern::Global(_));
    if interface.exports.iter().find(is_base).is_some() {
        return (Place::Base, "__heap_base is where free memory begins".to_owned());
    }
    let unknown = interface.segments.iter().any(|segment| segment.addr.is_none());
    let low = interface.segments.iter().filter_map(|segment| segment.addr).min();
    match low {
        None if !unknown => (Place::Address(0), "there is no data at address 0".to_owned()),
        Some(low) if low >= PLENTY && !unknown => {
            (Place::Address(0), format!("the module's data begins at {low:#x}, and memory below it is free"))
        }
        _ => {
            let ends = interface.segments.iter().filter_map(|segment| segment.addr?.checked_add(segment.len));
            let end = ends.max().unwrap_or(0).checked_next_multiple_of(16).unwrap_or(0);
            let addr = i64::try_from(end).unwrap_or(0);
            (Place::Address(addr), format!("the module's data ends before {end:#x}"))
        }
    }
}
