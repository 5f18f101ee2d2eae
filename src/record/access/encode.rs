//! Encodes a log as bytes, in parts: a header, then one part per chunk. Numbers have variable length.

use std::ops::Range;
use std::sync::Arc;

use super::super::MEMORIES;
use super::buffers::CHUNK;
use super::chunk::{Chunk, page_keys};
use super::log::{AccessLog, Segment};
use super::site::{Site, SiteKind};
use super::stored::Record;
use super::values::Values;

/// The version of this encoding.
const VERSION: u64 = 3;
/// The last version without the addresses that copies copied from.
const WITHOUT_SOURCES: u64 = 1;
/// The last version without the offsets in data segments that `memory.init` copied from.
const WITHOUT_INIT_SOURCES: u64 = 2;
/// Maximum number of pages in a memory.
const PAGES: u64 = 65_536;

/// Maximum number of [`super::super::PAGE`]-sized pages that a chunk lists: those of two full memories.
const MOST_PAGES: usize = 2 << 20;

const KINDS: [SiteKind; 8] = [
    SiteKind::Load,
    SiteKind::Store,
    SiteKind::Exchange,
    SiteKind::Compare,
    SiteKind::Copy,
    SiteKind::Fill,
    SiteKind::Init,
    SiteKind::Grow,
];

impl AccessLog {
    /// Encodes the log in parts, the header first. [`AccessLog::decode`] reverses this.
    pub fn encode(&self) -> impl Iterator<Item = Vec<u8>> {
        let parts = self.chunks.iter().filter_map(|chunk| Some(self.part(chunk, self.values(chunk)?)));
        std::iter::once_with(|| self.head()).chain(parts)
    }

    /// Number of parts.
    pub fn parts(&self) -> usize {
        1 + self.chunks.iter().filter(|chunk| self.values(chunk).is_some()).count()
    }

    /// Decodes the parts that [`AccessLog::encode`] made. The parts are untrusted: returns `None` if they are invalid
    /// or the log would take more than about `most` bytes.
    pub fn decode<'a>(parts: impl IntoIterator<Item = &'a [u8]>, most: usize) -> Option<AccessLog> {
        let mut parts = parts.into_iter();
        let (mut log, version) = AccessLog::from_head(parts.next()?)?;
        for part in parts {
            log.add_part(part, version)?;
            log.cost += log.chunks.last().map_or(0, |chunk| chunk.cost());
            if log.cost > most {
                return None;
            }
        }
        // What these did follows from nothing else.
        log.lost.clone_from(&log.unkept);
        let end = log.chunks.last().map_or(0, |chunk| chunk.end());
        (end <= log.len).then_some(log)
    }

    fn head(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, VERSION);
        put(&mut out, self.sites.len() as u64);
        for site in self.sites.iter() {
            let Site { func, offset, kind, width, memory, source, displacement, joined } = *site;
            let kind = KINDS.iter().position(|&known| known == kind).unwrap_or(0) as u64;
            let numbers = [func, offset, width.into(), memory, source, displacement, joined.into()];
            put(&mut out, kind);
            numbers.iter().for_each(|&number| put(&mut out, number.into()));
        }
        put(&mut out, self.len);
        put(&mut out, self.segments.len() as u64);
        for Segment { accesses, changes } in &self.segments {
            let numbers = [accesses.start, accesses.end, changes.start as u64, changes.end as u64];
            numbers.iter().for_each(|&number| put(&mut out, number));
        }
        out
    }

    fn from_head(part: &[u8]) -> Option<(AccessLog, u64)> {
        let mut input = part;
        let (version, count) = (get(&mut input)?, get(&mut input)?);
        if !(WITHOUT_SOURCES..=VERSION).contains(&version) {
            return None;
        }
        // Each site takes at least eight bytes.
        let mut sites = Vec::with_capacity(usize::try_from(count).ok()?.min(part.len() / 8));
        for _ in 0..count {
            sites.push(get_site(&mut input)?);
        }
        let (len, count) = (get(&mut input)?, get(&mut input)?);
        let mut segments = Vec::new();
        let (mut access, mut change) = (0, 0);
        for _ in 0..count {
            let accesses = get_range(&mut input, access)?;
            let changes = get_range(&mut input, change)?;
            (access, change) = (accesses.end, changes.end);
            let changes = usize::try_from(changes.start).ok()?..usize::try_from(changes.end).ok()?;
            segments.push(Segment { accesses, changes });
        }
        let is_sound = access <= len && input.is_empty();
        is_sound.then(|| (AccessLog { sites: Arc::from(sites), len, segments, ..AccessLog::default() }, version))
    }

    fn part(&self, chunk: &Chunk, values: &Values) -> Vec<u8> {
        let mut out = Vec::with_capacity(chunk.records.len() * 10);
        put(&mut out, chunk.first);
        put(&mut out, chunk.records.len() as u64);
        let (mut site, mut addr) = (0, 0);
        for (place, record) in chunk.records.iter().enumerate() {
            let number = u32::try_from(record.site()).unwrap_or(u32::MAX);
            put_difference(&mut out, site, number);
            put_difference(&mut out, addr, record.addr);
            (site, addr) = (number, record.addr);
            let Some(site) = self.sites.get(record.site()) else { continue };
            if site.kind.is_bulk() {
                if has_source(site.kind, VERSION) {
                    // 0 for an unknown address.
                    put(&mut out, chunk.source(place).map_or(0, |source| source + 1));
                }
                let bytes = values.bulk(place);
                put(&mut out, record.low() << 1 | u64::from(bytes.is_some()));
                out.extend_from_slice(bytes.unwrap_or(&[]));
            } else {
                let [old, new] = numbers(site, record, values, place);
                put(&mut out, old);
                put(&mut out, new ^ old);
            }
        }
        out
    }

    fn add_part(&mut self, part: &[u8], version: u64) -> Option<()> {
        let mut input = part;
        let (first, count) = (get(&mut input)?, get(&mut input)?);
        let count = usize::try_from(count).ok().filter(|&count| count <= CHUNK && count <= part.len())?;
        if first < self.chunks.last().map_or(0, |chunk| chunk.end()) {
            return None;
        }
        let mut chunk = Chunk { first, records: Vec::with_capacity(count).into(), ..Chunk::default() };
        let mut values = Values::default();
        let (mut number, mut addr) = (0, 0);
        for place in 0..count as u64 {
            number = get_difference(&mut input, number)?;
            addr = get_difference(&mut input, addr)?;
            let site = self.sites.get(number as usize).copied()?;
            let source = match has_source(site.kind, version) {
                true => get(&mut input)?.checked_sub(1),
                false => None,
            };
            let record = get_record(&mut input, (number, site), addr, &mut values)?;
            if site.kind.is_bulk() {
                match values.bulk(chunk.records.len()) {
                    Some(bytes) => chunk.bulk_bytes += bytes.len(),
                    None => self.unkept.push(first.checked_add(place)?),
                }
            }
            if let Some(source) = source {
                let source = u32::try_from(source).ok()?;
                if site.kind == SiteKind::Copy {
                    list_pages((site.source, source, record.len(&site)), &mut chunk.pages)?;
                }
                chunk.sources.push((u32::try_from(place).ok()?, source));
            }
            list_pages((site.memory, record.addr, record.len(&site)), &mut chunk.pages)?;
            chunk.records.push(record);
        }
        chunk.values = values.into();
        chunk.seal();
        self.chunks.push(Arc::new(chunk));
        input.is_empty().then_some(())
    }

    /// Whether the log refers only to changes below this number.
    pub fn fits(&self, changes: usize) -> bool {
        self.segments.last().is_none_or(|segment| segment.changes.end <= changes)
    }
}

/// Whether a file of that version says where an access of that kind copied from.
fn has_source(kind: SiteKind, version: u64) -> bool {
    match kind {
        SiteKind::Copy => version > WITHOUT_SOURCES,
        SiteKind::Init => version > WITHOUT_INIT_SOURCES,
        _ => false,
    }
}

/// The two numbers that stand for an access which is no bulk operation.
fn numbers(site: &Site, record: &Record, values: &Values, place: usize) -> [u64; 2] {
    let old = values.old.get(place).copied().map_or(0, u64::from_le_bytes);
    match site.kind {
        SiteKind::Grow => [record.low(), record.high()],
        SiteKind::Load | SiteKind::Compare => {
            let upper = values.wide(place).and_then(|bytes| bytes.last_chunk().copied());
            [old, upper.map_or(old, u64::from_le_bytes)]
        }
        _ => {
            let mask = u64::MAX >> (64 - 8 * u32::from(site.width.clamp(1, 8)));
            [old, u64::from_le_bytes(record.value) & mask]
        }
    }
}

fn get_record(input: &mut &[u8], (number, site): (u32, Site), addr: u32, values: &mut Values) -> Option<Record> {
    if !site.kind.is_bulk() {
        let old = get(input)?;
        let new = get(input)? ^ old;
        if site.kind == SiteKind::Grow {
            values.push(0);
            let pages = |pages: u64| u32::try_from(pages).ok().filter(|&pages| u64::from(pages) <= PAGES);
            return Some(Record::long(number as usize, addr, pages(old)?, pages(new)?));
        }
        match site.width > 8 {
            true => values.push_wide([old, new]),
            false => values.push(old),
        }
        let is_read = matches!(site.kind, SiteKind::Load | SiteKind::Compare);
        return Some(Record::new(number, addr, if is_read { 0 } else { new }));
    }
    let (len, is_kept) = (get(input)?, |len: u64| len & 1 == 1);
    let (len, is_kept) = (len >> 1, is_kept(len));
    if u64::from(addr) + len > PAGES << 16 {
        return None;
    }
    let bytes = match is_kept {
        true => {
            let (bytes, rest) = input.split_at_checked(usize::try_from(len).ok()?.checked_mul(2)?)?;
            *input = rest;
            Some(bytes)
        }
        false => None,
    };
    values.push_bulk(bytes.map(Box::from));
    // The byte of a fill is the last of those after it.
    let byte = bytes.and_then(|bytes| bytes.last()).filter(|_| site.kind == SiteKind::Fill);
    Some(Record::long(number as usize, addr, u32::try_from(len).ok()?, byte.copied().map_or(0, u32::from)))
}

/// Adds the pages that bytes touch to the chunk's list. `None` if they exceed the maximum.
fn list_pages((memory, addr, len): (u32, u32, u64), pages: &mut Vec<u32>) -> Option<()> {
    if len > PAGES << 16 {
        return None;
    }
    pages.extend(page_keys(memory as usize, addr, len));
    if pages.len() > MOST_PAGES {
        pages.sort_unstable();
        pages.dedup();
    }
    (pages.len() <= MOST_PAGES).then_some(())
}

fn get_site(input: &mut &[u8]) -> Option<Site> {
    let kind = *KINDS.get(usize::try_from(get(input)?).ok()?)?;
    let mut numbers = [0; 7];
    for number in &mut numbers {
        *number = u32::try_from(get(input)?).ok()?;
    }
    let [func, offset, width, memory, source, displacement, joined] = numbers;
    let width = u8::try_from(width).ok()?;
    let most = if kind == SiteKind::Load { 16 } else { 8 };
    let is_sound = width <= most && (memory.max(source) as usize) < MEMORIES && joined <= 1;
    is_sound.then_some(Site { func, offset, kind, width, memory, source, displacement, joined: joined == 1 })
}

/// Reads a range that begins at `least` or later.
fn get_range(input: &mut &[u8], least: u64) -> Option<Range<u64>> {
    let (start, end) = (get(input)?, get(input)?);
    (least <= start && start <= end).then_some(start..end)
}

/// Writes a number in LEB128: seven bits per byte, lowest first.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

fn get(input: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = input.split_first()?;
        *input = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        number |= bits << shift;
        if byte < 0x80 {
            return Some(number);
        }
    }
    None
}

/// Writes the signed difference between a number and the previous one.
fn put_difference(out: &mut Vec<u8>, before: u32, number: u32) {
    let difference = i64::from(number) - i64::from(before);
    put(out, (difference << 1 ^ difference >> 63).cast_unsigned());
}

fn get_difference(input: &mut &[u8], before: u32) -> Option<u32> {
    let folded = get(input)?;
    let difference = (folded >> 1).cast_signed() ^ -(folded & 1).cast_signed();
    u32::try_from(i64::from(before).checked_add(difference)?).ok()
}

#[cfg(test)]
mod tests {
    use super::super::{Collector, LONG, MemoryAccess};
    use super::*;
    use crate::record::{Image, Traced};

    fn site(kind: SiteKind, width: u8) -> Site {
        Site { func: 3, offset: 300, kind, width, memory: 1, source: 0, displacement: 8, joined: false }
    }

    fn raw(site: u32, addr: u32, value: u64) -> Vec<u8> {
        [&site.to_le_bytes()[..], &addr.to_le_bytes(), &value.to_le_bytes()].concat()
    }

    /// A log with accesses of all kinds, in several chunks.
    fn log() -> AccessLog {
        let kinds =
            [(SiteKind::Store, 4), (SiteKind::Load, 16), (SiteKind::Copy, 0), (SiteKind::Grow, 0), (SiteKind::Init, 0)];
        let sites = kinds.map(|(kind, width)| site(kind, width));
        let mut collector = Collector::new(Arc::from(sites), Traced::default(), 2 << 20);
        collector.go_on(&vec![Image::zeroed(8 << 20), Image::zeroed(1 << 16)]);
        let many: Vec<u8> = (0..40_000)
            .flat_map(|number| raw(number % 2, number % 1000 * 37, u64::MAX - u64::from(number % 3)))
            .collect();
        collector.take(&many);
        collector.take(&raw(2 | LONG, 0xff0, 20 | 0x100 << 32));
        collector.take(&raw(2 | LONG, 0, 300_000));
        collector.take_init((4, 77, 3), b"from a segment");
        collector.take(&raw(3 | LONG, 0, 1 | 4 << 32));
        collector.set_boundary(2..7);
        collector.take(&many[..16 * 9]);
        collector.set_boundary(7..8);
        collector.take_log()
    }

    /// What is known of an access.
    #[derive(Debug, PartialEq)]
    struct Shown<'a>(u64, Site, u64, u64, Option<u64>, [Option<&'a [u8]>; 2], Option<(u64, u64)>);

    impl<'a> Shown<'a> {
        fn of(access: MemoryAccess<'a>) -> Shown<'a> {
            let MemoryAccess { number, site, addr, len, source, .. } = access;
            Shown(number, *site, addr, len, source, [access.old(), access.new_bytes()], access.growth())
        }
    }

    #[test]
    fn a_log_comes_back_as_it_was() {
        let log = log();
        let parts: Vec<_> = log.encode().collect();
        assert_eq!(parts.len(), log.parts());
        let read = AccessLog::decode(parts.iter().map(Vec::as_slice), usize::MAX).expect("it is sound");
        assert_eq!((read.len, &read.segments, &read.sites), (log.len, &log.segments, &log.sites));
        assert_eq!(read.unkept, log.unkept);
        assert!(read.iter().map(Shown::of).eq(log.iter().map(Shown::of)) && read.fits(8) && !read.fits(7));
        let bytes: usize = parts.iter().map(Vec::len).sum();
        assert!(bytes < 24 * 40_000 * 3 / 4, "{bytes}");
    }

    #[test]
    fn damage_is_noticed_or_harmless() {
        let parts: Vec<_> = log().encode().collect();
        for (part, bytes) in parts.iter().enumerate() {
            for place in (0..bytes.len()).step_by(bytes.len() / 50 + 1) {
                let mut damaged = parts.clone();
                damaged[part][place] ^= 0x81;
                // Must neither panic nor allocate more than the input justifies.
                if let Some(log) = AccessLog::decode(damaged.iter().map(Vec::as_slice), 4 << 20) {
                    assert!(log.cost() < 4 << 20);
                    (0..log.len().min(100_000)).for_each(|number| _ = log.get(number));
                }
                let cut = parts[part][..place].to_vec();
                let others = parts.iter().enumerate().map(|(at, bytes)| if at == part { &cut } else { bytes });
                assert!(
                    AccessLog::decode(others.map(Vec::as_slice), usize::MAX).is_none(),
                    "part {part} cut at {place}"
                );
            }
        }
    }
}
