//! The functions of a unit, and the functions inlined into them, by address.

use gimli::{AttributeValue, DwAt, UnitOffset, constants};

use super::is_code;
use super::limits::{Allowance, Limits};
use super::sections::Slice;

/// Maximum number of attributes of an entry. Compilers write about twenty.
pub(super) const ATTRIBUTES: usize = 256;

/// The functions of a unit.
#[derive(Debug, Default)]
pub(super) struct Scopes {
    /// In the order of the unit: nested scopes follow their parents.
    scopes: Vec<Scope>,
    spans: Vec<Span>,
}

/// A function, or an inlined call of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// The offset of its entry in the unit.
    pub(super) entry: UnitOffset,
    /// The call that was inlined: the number of the file, the line and the column. `None` for a function itself.
    pub(super) call: Option<(u32, u32, u32)>,
}

/// An address range of a scope.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    scope: u32,
}

impl Scopes {
    /// Reads the entries of a unit up to its end or the first error.
    pub(super) fn read<'a>(
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &gimli::Unit<Slice<'a>>,
        limits: &Limits,
        code_len: u64,
    ) -> Scopes {
        let mut scopes = Scopes::default();
        // Nothing after an error can be decoded.
        let _ = scopes.read_entries(dwarf, unit, limits, code_len);
        scopes
    }

    fn read_entries<'a>(
        &mut self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &gimli::Unit<Slice<'a>>,
        limits: &Limits,
        code_len: u64,
    ) -> gimli::Result<()> {
        let mut entries = unit.entries_raw(None)?;
        while !entries.is_empty() {
            let entry = entries.next_offset();
            let Some(abbreviation) = entries.read_abbreviation()? else { continue };
            let specs = abbreviation.attributes();
            if specs.len() > ATTRIBUTES || !limits.attributes.spend(specs.len() + 1) {
                return Ok(());
            }
            let is_inlined = abbreviation.tag() == constants::DW_TAG_inlined_subroutine;
            if !is_inlined && abbreviation.tag() != constants::DW_TAG_subprogram {
                entries.skip_attributes(specs)?;
                continue;
            }
            let (mut extent, mut call) = (Extent::default(), (0, 0, 0));
            for &spec in specs {
                let attribute = entries.read_attribute(spec)?;
                let (name, value) = (attribute.name(), attribute.value());
                extent.take(name, value);
                let number = |value: AttributeValue<Slice<'_>>| value.udata_value().and_then(|n| n.try_into().ok());
                match name {
                    constants::DW_AT_call_file => {
                        call.0 = match value {
                            AttributeValue::FileIndex(file) => u32::try_from(file).unwrap_or(0),
                            value => number(value).unwrap_or(0),
                        };
                    }
                    constants::DW_AT_call_line => call.1 = number(value).unwrap_or(0),
                    constants::DW_AT_call_column => call.2 = number(value).unwrap_or(0),
                    _ => (),
                }
            }
            let ranges = extent.ranges(dwarf, unit, &limits.ranges, code_len);
            self.add(Scope { entry, call: is_inlined.then_some(call) }, &ranges);
        }
        Ok(())
    }

    fn add(&mut self, scope: Scope, ranges: &[std::ops::Range<u64>]) {
        let Ok(place) = u32::try_from(self.scopes.len()) else { return };
        let address = |address: u64| u32::try_from(address).unwrap_or(u32::MAX);
        let span =
            |range: &std::ops::Range<u64>| Span { start: address(range.start), end: address(range.end), scope: place };
        if !ranges.is_empty() {
            self.scopes.push(scope);
            self.spans.extend(ranges.iter().map(span));
        }
    }

    /// The function at an address and the functions inlined there, outermost first.
    pub(super) fn at(&self, address: u64) -> Vec<Scope> {
        let Ok(address) = u32::try_from(address) else { return Vec::new() };
        let here = self.spans.iter().filter(|span| (span.start..span.end).contains(&address));
        let mut places: Vec<_> = here.filter_map(|span| usize::try_from(span.scope).ok()).collect();
        places.dedup();
        let scopes: Vec<_> = places.into_iter().filter_map(|place| self.scopes.get(place).copied()).collect();
        let function = scopes.iter().rposition(|scope| scope.call.is_none());
        function.map_or(Vec::new(), |function| scopes[function..].to_vec())
    }

    /// The numbers of the files that contain inlined calls.
    pub(super) fn files(&self) -> impl Iterator<Item = u32> {
        self.scopes.iter().filter_map(|scope| scope.call).map(|(file, ..)| file)
    }
}

/// The address attributes of an entry.
#[derive(Default)]
pub(super) struct Extent<'a> {
    low: Option<AttributeValue<Slice<'a>>>,
    high: Option<AttributeValue<Slice<'a>>>,
    list: Option<AttributeValue<Slice<'a>>>,
}

impl<'a> Extent<'a> {
    /// Keeps an attribute if it is about addresses.
    pub(super) fn take(&mut self, name: DwAt, value: AttributeValue<Slice<'a>>) {
        match name {
            constants::DW_AT_low_pc => self.low = Some(value),
            constants::DW_AT_high_pc => self.high = Some(value),
            constants::DW_AT_ranges => self.list = Some(value),
            _ => (),
        }
    }

    /// The address ranges that cover code.
    pub(super) fn ranges(
        &self,
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &gimli::Unit<Slice<'a>>,
        allowance: &Allowance,
        code_len: u64,
    ) -> Vec<std::ops::Range<u64>> {
        let mut ranges = match self.list {
            Some(list) => Self::listed(dwarf, unit, list, allowance),
            None => self.single(dwarf, unit).into_iter().collect(),
        };
        ranges.retain(|range| is_code(range, code_len));
        ranges
    }

    fn single(&self, dwarf: &gimli::Dwarf<Slice<'a>>, unit: &gimli::Unit<Slice<'a>>) -> Option<std::ops::Range<u64>> {
        let start = dwarf.attr_address(unit, self.low?).ok()??;
        let end = match self.high? {
            // A length, unless its form is an address.
            high @ (AttributeValue::Addr(_) | AttributeValue::DebugAddrIndex(_)) => {
                dwarf.attr_address(unit, high).ok()??
            }
            high => start.checked_add(high.udata_value()?)?,
        };
        Some(start..end)
    }

    fn listed(
        dwarf: &gimli::Dwarf<Slice<'a>>,
        unit: &gimli::Unit<Slice<'a>>,
        list: AttributeValue<Slice<'a>>,
        allowance: &Allowance,
    ) -> Vec<std::ops::Range<u64>> {
        let mut ranges = Vec::new();
        let Ok(Some(mut list)) = dwarf.attr_ranges(unit, list) else { return ranges };
        // One raw entry at a time: `next` would skip any number of empty ranges.
        while let Ok(Some(raw)) = list.next_raw() {
            if !allowance.spend(1) {
                break;
            }
            match list.convert_raw(raw) {
                Ok(Some(range)) => ranges.push(range.begin..range.end),
                Ok(None) => (),
                Err(_) => break,
            }
        }
        ranges
    }
}
