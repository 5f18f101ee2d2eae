//! What rewriting added to a module, as bytes: kept with the compiled code, so that neither has to be made again.

use super::offset_map::OffsetMap;
use super::{AddedExports, Instrumentation, Points, TraceExports};
use crate::guest::bytes::{Reader, count, put, put_option, put_text};
use crate::record::{Site, SiteKind};

/// How many bytes a site takes.
const SITE: usize = 24;

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

impl Instrumentation {
    /// Appends it to `out`.
    pub(in crate::guest) fn put(&self, out: &mut Vec<u8>) {
        self.added.put(out);
        self.offsets.put(out);
        put(count(self.sites.len()), out);
        self.sites.iter().for_each(|site| put_site(site, out));
        put(count(self.points.len()), out);
        (0..self.points.len()).filter_map(|number| self.points.offset(number)).for_each(|offset| put(offset, out));
        put(self.memories, out);
        put(self.tables, out);
    }

    /// Reads what [`Instrumentation::put`] appended.
    pub(in crate::guest) fn read(from: &mut Reader<'_>) -> Option<Instrumentation> {
        let added = AddedExports::read(from)?;
        let offsets = OffsetMap::read(from)?;
        let sites = (0..from.count(SITE)?).map(|_| read_site(from)).collect::<Option<_>>()?;
        let points: Vec<_> = (0..from.count(4)?).map(|_| from.number()).collect::<Option<_>>()?;
        let points = Points::new(&points);
        Some(Instrumentation { added, offsets, sites, points, memories: from.number()?, tables: from.number()? })
    }
}

impl AddedExports {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(&self.flag, out);
        put_option(self.start.as_deref(), out, put_text);
        put_option(self.stack.as_deref(), out, put_text);
        put(count(self.memories.len()), out);
        self.memories.iter().for_each(|name| put_text(name, out));
        put_option(self.trace.as_ref(), out, |trace, out| {
            [&trace.buffer, &trace.cursor, &trace.hook].into_iter().for_each(|name| put_text(name, out));
            put_option(trace.depth.as_deref(), out, put_text);
        });
    }

    fn read(from: &mut Reader<'_>) -> Option<AddedExports> {
        let flag = from.text()?;
        let (start, stack) = (from.option(Reader::text)?, from.option(Reader::text)?);
        let memories = (0..from.count(4)?).map(|_| from.text()).collect::<Option<_>>()?;
        let trace = from.option(|from| {
            let (buffer, cursor, hook) = (from.text()?, from.text()?, from.text()?);
            Some(TraceExports { buffer, cursor, hook, depth: from.option(Reader::text)? })
        })?;
        Some(AddedExports { flag, start, stack, memories, trace })
    }
}

fn put_site(site: &Site, out: &mut Vec<u8>) {
    let Site { func, offset, kind, width, memory, source, displacement, joined } = *site;
    let kind = KINDS.iter().position(|&other| other == kind).unwrap_or(KINDS.len());
    let small = count(kind) | u32::from(joined) << 8 | u32::from(width) << 16;
    [func, offset, small, memory, source, displacement].into_iter().for_each(|number| put(number, out));
}

fn read_site(from: &mut Reader<'_>) -> Option<Site> {
    let (func, offset, small) = (from.number()?, from.number()?, from.number()?);
    let [kind, joined, width, _] = small.to_le_bytes();
    let (memory, source, displacement) = (from.number()?, from.number()?, from.number()?);
    let kind = *KINDS.get(usize::from(kind))?;
    Some(Site { func, offset, kind, width, memory, source, displacement, joined: joined == 1 })
}

#[cfg(test)]
mod tests {
    use super::super::{Instrumented, Passes, PointRequest};
    use super::*;
    use crate::guest::Cancellation;

    const MODULE: &str = r#"(module (memory 1) (memory 2) (table 1 funcref) (global (mut i32) (i32.const 1)) (start $start)
        (func $start (loop (call $other (i32.const 0)) (br_if 0 (i32.const 0))))
        (func $other (param i32)
            (i32.store8 offset=7 (local.get 0) (i32.const 1))
            (memory.copy 1 0 (i32.const 0) (i32.const 0) (i32.const 9))
            (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
            (v128.store (local.get 0) (v128.const i64x2 0 0))))"#;

    fn instrumentation(passes: Passes) -> Instrumentation {
        let binary = wat::parse_str(MODULE).expect("it is a module");
        let instrumented = Instrumented::new(&binary, passes, &PointRequest::default(), &Cancellation::default());
        instrumented.expect("it is valid").parts
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        for (loads, pauses) in [(false, false), (true, false), (true, true)] {
            for stores in [false, true] {
                let parts = instrumentation(Passes { stores, loads, pauses });
                let (mut bytes, mut again) = (Vec::new(), Vec::new());
                parts.put(&mut bytes);
                let mut reader = Reader::new(&bytes);
                let read = Instrumentation::read(&mut reader).expect("it is whole");
                assert_eq!(reader.end(), Some(()));
                read.put(&mut again);
                assert!(bytes == again && read.sites == parts.sites && read.points.len() == parts.points.len());
                let offsets = |parts: &Instrumentation| -> Vec<_> {
                    (0..3)
                        .flat_map(|func| (0..200).map(move |at| (func, at)))
                        .map(|(func, at)| parts.offsets.original(func, at))
                        .collect()
                };
                assert_eq!(offsets(&read), offsets(&parts));
            }
        }
    }

    #[test]
    fn what_is_damaged_is_read_as_nothing_or_something_but_never_panics() {
        let mut bytes = Vec::new();
        instrumentation(Passes { stores: true, loads: true, pauses: true }).put(&mut bytes);
        for len in 0..bytes.len() {
            assert!(Instrumentation::read(&mut Reader::new(&bytes[..len])).is_none(), "{len} bytes");
        }
        for at in 0..bytes.len() {
            for value in [0, 0x7f, 0xff] {
                let before = std::mem::replace(&mut bytes[at], value);
                if let Some(parts) = Instrumentation::read(&mut Reader::new(&bytes)) {
                    (0..3).for_each(|func| drop(parts.offsets.original(func, 50).map(|offset| offset.to_string())));
                }
                bytes[at] = before;
            }
        }
    }
}
