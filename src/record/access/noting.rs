//! What the collector notes of each record: which pages and bytes the access touched.

use std::sync::Arc;

use super::chunk::{ACCESS_COST, Chunk};
use super::collector::Collector;
use super::log::AccessLog;
use super::site::SiteKind;
use super::stored::Record;
use super::touched::Listing;

impl Collector {
    /// Notes what the records of the open chunk did, from this one on. Those that were no accesses are removed.
    pub(super) fn note_from(&mut self, first: usize) {
        let Some(chunk) = self.log.chunks.last_mut().map(Arc::make_mut) else { return };
        let bulk_bytes = chunk.bulk_bytes;
        let mut records = std::mem::take(&mut chunk.records);
        let (mut next, mut kept) = (first, first);
        while next < records.len() {
            let count = self.note_frequent(&records[next..]);
            if kept < next {
                records.copy_within(next..next + count, kept);
            }
            (next, kept) = (next + count, kept + count);
            if let Some(&record) = records.get(next) {
                if let Some(record) = self.note_rare(&record, kept) {
                    records[kept] = record;
                    kept += 1;
                }
                next += 1;
            }
        }
        records.truncate(kept);
        let AccessLog { chunks, len, cost, .. } = &mut self.log;
        let Some(chunk) = chunks.last_mut().map(Arc::make_mut) else { return };
        chunk.records = records;
        *cost += (kept - first) * ACCESS_COST + chunk.bulk_bytes - bulk_bytes;
        *len = chunk.end();
    }

    /// Notes what the stores and loads access that come before anything else, and returns how many they are. This runs
    /// for each access of the guest.
    fn note_frequent(&mut self, records: &[Record]) -> usize {
        let Collector { log, touched, plans, .. } = self;
        let Some(chunk) = log.chunks.last_mut().map(Arc::make_mut) else { return 0 };
        let Chunk { first, pages, .. } = chunk;
        for (place, record) in records.iter().enumerate() {
            // There is none for other operations, whose records are long.
            let Some(&plan) = plans.get(record.raw_site()) else { return place };
            let Some(touched) = touched.get_mut(usize::from(plan.memory)) else { return place };
            let mut listing = Listing { chunk: *first, memory: plan.memory.into(), pages };
            match plan.writes {
                true => touched.write(record.addr.into(), plan.width.into(), &mut listing),
                false => touched.read(record.addr.into(), plan.width.into(), &mut listing),
            }
        }
        records.len()
    }

    /// Notes what something other than a store or a load did. Returns its record, for that index of the open chunk, if it
    /// is an access.
    fn note_rare(&mut self, record: &Record, index: usize) -> Option<Record> {
        let AccessLog { sites, chunks, cost, .. } = &mut self.log;
        let (site, chunk) = (sites.get(record.site())?, chunks.last_mut().map(Arc::make_mut)?);
        let memory = site.memory as usize;
        let [low, high] = record.halves();
        match site.kind {
            // The size before is -1 if the memory did not grow.
            SiteKind::Grow if low != u32::MAX && high > 0 => {
                let to = low.saturating_add(high);
                self.growth.push((memory, low.into(), to.into()));
                Some(Record::long(record.site(), 0, low, to))
            }
            SiteKind::Copy => {
                let (source, len) = (site.source as usize, u64::from(low));
                chunk.sources.push((u32::try_from(index).unwrap_or(u32::MAX), high));
                *cost += size_of::<(u32, u32)>();
                let mut listing = Listing { chunk: chunk.first, memory: source, pages: &mut chunk.pages };
                if let Some(touched) = self.touched.get_mut(source).filter(|_| len > 0) {
                    touched.read(high.into(), low as usize, &mut listing);
                }
                self.note_bulk(record.addr, low, memory, index);
                Some(Record::long(record.site(), record.addr, low, 0))
            }
            SiteKind::Fill => {
                self.note_bulk(record.addr, low, memory, index);
                Some(Record::long(record.site(), record.addr, low, high & 0xff))
            }
            // A `memory.init` is reported separately, with its bytes: see `take_init`.
            _ => None,
        }
    }

    /// Notes what a bulk operation wrote to a memory, whose record gets that index of the open chunk. Returns whether its
    /// bytes are kept.
    pub(super) fn note_bulk(&mut self, addr: u32, len: u32, memory: usize, index: usize) -> bool {
        let is_kept = self.keeps_bytes(len.into());
        let chunk = self.log.chunks.last_mut().map(Arc::make_mut);
        let (Some(chunk), Some(touched)) = (chunk, self.touched.get_mut(memory)) else { return is_kept };
        match is_kept {
            true => chunk.bulk_bytes += 2 * len as usize,
            false => self.log.unkept.push(chunk.first + index as u64),
        }
        let mut listing = Listing { chunk: chunk.first, memory, pages: &mut chunk.pages };
        touched.write_range(addr.into(), len as usize, &mut listing);
        is_kept
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::super::{Image, LONG, Traced};
    use super::super::Site;
    use super::*;

    /// Growth by no page is no access: however often that happens, nothing is kept of it.
    #[test]
    fn records_that_are_no_accesses_take_no_memory() {
        let kinds = [(SiteKind::Grow, 0), (SiteKind::Store, 4)];
        let sites = kinds.map(|(kind, width)| Site {
            func: 0,
            offset: 9,
            kind,
            width,
            memory: 0,
            source: 0,
            displacement: 0,
            joined: false,
        });
        let mut collector = Collector::new(Arc::from(sites), Traced::default(), 1 << 20);
        collector.go_on(&vec![Image::zeroed(1 << 16)]);
        let raw = |site: u32| [&site.to_le_bytes()[..], &[0; 4], &1_u64.to_le_bytes()].concat();
        for _ in 0..100 {
            let mut batch = collector.buffers().take_raw();
            batch.append(&raw(LONG).repeat(9000));
            collector.take_all(batch);
            collector.take(&raw(LONG).repeat(9));
        }
        assert!(collector.log.chunks.len() <= 1 && collector.log.len == 0 && collector.growth.is_empty());
        let before = collector.log.cost;
        let mut batch = collector.buffers().take_raw();
        batch.append(&[raw(LONG), raw(1), raw(LONG), raw(1)].concat());
        collector.take_all(batch);
        assert_eq!((collector.log.len, collector.log.cost - before), (2, 2 * ACCESS_COST));
    }
}
