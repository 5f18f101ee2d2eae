//! Regions that a module defines: data segments with their names, and symbols that compilers export, from which stack
//! and heap are derived.

use std::collections::HashMap;
use std::sync::Arc;

use super::region::{Region, RegionKind, region};
use super::visible;
use crate::guest::{Interface, Segment};
use crate::record::{Actor, Change, Run};

/// Linker-defined symbols.
const SYMBOLS: &[&str] = &[
    "__heap_base",
    "__heap_end",
    "__data_end",
    "__global_base",
    "__memory_base",
    "__stack_pointer",
    "__stack_low",
    "__stack_high",
    "__rtti_base",
    "__dso_handle",
];

/// The module's data segments in one memory with their names, in module order.
pub(super) fn segments(interface: &Interface, memory: usize) -> Vec<(String, &Segment)> {
    let mut names: HashMap<String, usize> = HashMap::new();
    let segments = interface.segments.iter().filter(|segment| usize::try_from(segment.memory) == Ok(memory));
    let named = segments.zip(1..).map(|(segment, number)| {
        let own = segment.name.as_ref().filter(|name| !name.is_empty());
        let name = own.map_or_else(|| format!("data{number}"), |name| visible(name.as_bytes()));
        if segment.addr.is_none() || segment.len == 0 {
            return (name, segment);
        }
        let again = names.entry(name.clone()).or_default();
        *again += 1;
        (if *again == 1 { name } else { format!("{name}#{again}") }, segment)
    });
    named.collect()
}

/// The module's data segments in one memory, sorted by address.
pub(super) fn data(interface: &Interface, memory: usize) -> Arc<[Region]> {
    let mut found = Vec::new();
    for ((name, segment), number) in segments(interface, memory).into_iter().zip(1..) {
        let Some(start) = segment.addr.filter(|_| segment.len > 0) else { continue };
        let range = (start, start.saturating_add(segment.len));
        found.push(region(&name, range, RegionKind::Data, format!("the module's data segment {number}")));
    }
    found.sort_by_key(|region| region.start);
    found.into()
}

/// Maximum number of initial ranges to name.
const STRETCHES: usize = 64;

/// The ranges that the module initialized, as observed, if its segments or their addresses are unknown.
pub(super) fn changed(run: &Run, memory: usize) -> Arc<[Region]> {
    let changes = run.cause(0).into_iter().flat_map(|cause| &cause.changes);
    let stretches = changes.filter_map(|change| match change {
        Change::Bytes { memory: of, addr, old_then_new, by: Actor::Module, .. } if *of == memory => {
            Some((*addr, addr.saturating_add(old_then_new.len() as u64 / 2)))
        }
        _ => None,
    });
    let why = "bytes that were not zero when the module was instantiated";
    let numbered = (1..=STRETCHES).zip(stretches);
    numbered.map(|(number, range)| region(&format!("data{number}"), range, RegionKind::Data, why.to_owned())).collect()
}

/// Stack, heap and symbols in a memory of `len` bytes. Only what follows from the module is claimed.
pub(super) fn layout(interface: &Interface, data: &[Region], len: u64) -> Vec<Region> {
    // AssemblyScript's symbols have a path prefix: `~lib/memory/__heap_base`.
    let plain = |name: &str| name.rsplit('/').next().unwrap_or_default().to_owned();
    let known = interface.globals.iter().filter_map(|global| Some((plain(&global.name), global.start?)));
    let known: HashMap<String, u64> =
        known.filter(|(name, addr)| SYMBOLS.contains(&name.as_str()) && *addr <= len).collect();
    let at = |name: &str| known.get(name).copied();
    let stack = stack(&at, data).map(|(range, why)| region("stack", range, RegionKind::Stack, why));
    let heap = at("__heap_base").map(|base| {
        let end = at("__heap_end").filter(|&end| end > base).unwrap_or(len);
        region("heap", (base, end.max(base)), RegionKind::Heap, "from __heap_base on".to_owned())
    });
    let symbols = SYMBOLS.iter().filter_map(|name| Some((name, at(name)?)));
    let symbols = symbols.map(|(name, addr)| {
        region(name, (addr, addr), RegionKind::Symbol, "a global of the module, with its initial value".to_owned())
    });
    stack
        .into_iter()
        .chain(heap)
        .chain(symbols)
        .filter(|region| region.kind == RegionKind::Symbol || !region.is_empty())
        .collect()
}

/// The stack grows down from the initial `__stack_pointer`. It ends at 0 if the data is above it, else at the end of
/// the data.
fn stack(at: &impl Fn(&str) -> Option<u64>, data: &[Region]) -> Option<((u64, u64), String)> {
    let told = at("__stack_low").zip(at("__stack_high"));
    if let Some(range) = told {
        return Some((range, "between __stack_low and __stack_high".to_owned()));
    }
    let top = at("__stack_pointer")?;
    if let Some(end) = at("__data_end").filter(|&end| end <= top) {
        return Some(((end, top), "between __data_end and the initial __stack_pointer".to_owned()));
    }
    let below = data.iter().filter(|region| region.end <= top).map(|region| region.end).max();
    match below {
        None if !data.is_empty() || at("__data_end").is_some_and(|end| end > top) => {
            Some(((0, top), "below the initial __stack_pointer, before the data".to_owned()))
        }
        None => None,
        Some(end) => Some(((end, top), "at most from the end of the data to the initial __stack_pointer".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guest::Variable;

    fn interface(globals: &[(&str, u64)], segments: &[(u64, u64, Option<&str>)]) -> Interface {
        let globals = globals.iter().map(|(name, start)| Variable { name: (*name).to_owned(), start: Some(*start) });
        let segments = segments.iter().map(|&(addr, len, name)| Segment {
            memory: 0,
            addr: Some(addr),
            len,
            name: name.map(str::to_owned),
        });
        Interface { globals: globals.collect(), segments: segments.collect(), ..Interface::default() }
    }

    fn laid_out(interface: &Interface, len: u64) -> Vec<(String, u64, u64)> {
        let found = layout(interface, &data(interface, 0), len).into_iter();
        let ranges = found.filter(|region| region.kind != RegionKind::Symbol);
        ranges.map(|region| (region.name, region.start, region.end)).collect()
    }

    #[test]
    fn the_stack_lies_before_the_data_or_behind_it() {
        let stack = |from, to| ("stack".to_owned(), from, to);
        let heap = |from, to| ("heap".to_owned(), from, to);
        // The layout of Rust, and formerly of C.
        let first = interface(
            &[("__stack_pointer", 0x10_0000), ("__data_end", 0x10_0040), ("__heap_base", 0x10_0050)],
            &[(0x10_0000, 0x40, None)],
        );
        assert_eq!(laid_out(&first, 0x11_0000), [stack(0, 0x10_0000), heap(0x10_0050, 0x11_0000)]);
        let last = interface(
            &[("__stack_pointer", 0x1_1000), ("__data_end", 0x1000), ("__heap_base", 0x1_1000)],
            &[(0x400, 0x20, None)],
        );
        assert_eq!(laid_out(&last, 0x2_0000), [stack(0x1000, 0x1_1000), heap(0x1_1000, 0x2_0000)]);
        // Without __data_end nothing is claimed about it.
        assert_eq!(laid_out(&interface(&[("__stack_pointer", 0x1000)], &[]), 0x1_0000), []);
        let most = interface(&[("__stack_pointer", 0x1000)], &[(0x400, 0x20, None)]);
        assert_eq!(laid_out(&most, 0x1_0000), [stack(0x420, 0x1000)]);
        let told = interface(&[("__stack_low", 0x10), ("__stack_high", 0x20), ("~lib/memory/__heap_base", 0x40)], &[]);
        assert_eq!(laid_out(&told, 0x1_0000), [stack(0x10, 0x20), heap(0x40, 0x1_0000)]);
        // Numbers outside the memory are not addresses.
        assert_eq!(laid_out(&interface(&[("__heap_base", u64::MAX), ("__stack_pointer", 1 << 40)], &[]), 0x1_0000), []);
    }

    #[test]
    fn segments_have_their_names_or_numbers() {
        let module =
            interface(&[], &[(0x800, 4, Some(".data")), (0x400, 8, None), (0x900, 1, Some(".data")), (5, 0, None)]);
        let found: Vec<_> = data(&module, 0).iter().map(|region| (region.name.clone(), region.start)).collect();
        assert_eq!(found, [("data2".to_owned(), 0x400), (".data".to_owned(), 0x800), (".data#2".to_owned(), 0x900)]);
        assert!(data(&module, 1).is_empty());
    }
}
