//! How to get from one moment among a log's accesses to another, and what each of them found in memory.

use std::ops::Range;
use std::sync::Arc;

use super::super::{Memories, WASM_PAGE};
use super::checkpoint::Checkpoint;
use super::chunk::Chunk;
use super::log::{AccessLog, Segment};
use super::replay::Replay;
use super::site::SiteKind;
use super::stored::Record;
use super::values::Values;

/// How to reach the state between two accesses.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Way<'a> {
    /// Forward from the beginning of the segment.
    Start,
    /// From a checkpoint, in either direction.
    Checkpoint(&'a Checkpoint),
    /// Back from the end of the segment.
    End,
}

impl AccessLog {
    /// Redoes these accesses in `memories`, which must be in the state before the first.
    pub(in super::super) fn redo(&self, range: Range<u64>, memories: &mut Memories) {
        if range.is_empty() {
            return;
        }
        let mut replay = Replay::new(memories);
        for chunk in self.chunks_of(&range) {
            replay.make((&self.sites, &self.unkept), chunk, chunk.clamp(&range), None);
        }
        *memories = replay.into_memories();
    }

    /// Undoes these accesses in `memories`, which must be in the state after the last.
    pub(in super::super) fn undo(&self, range: Range<u64>, memories: &mut Memories) {
        if range.is_empty() {
            return;
        }
        for chunk in self.chunks_of(&range).iter().rev() {
            let Some(values) = self.values(chunk) else { return };
            for place in chunk.clamp(&range).rev() {
                self.unmake(&chunk.records[place], (values, place), memories);
            }
        }
    }

    /// The starting point from which the state before `access` takes the fewest steps to reach: the segment's start, a
    /// checkpoint, or the segment's end. `None` if every way has dropped accesses. No way leads back over accesses
    /// whose bytes have yet to be worked out.
    pub(in super::super) fn way_to(&self, segment: &Segment, access: u64) -> Option<Way<'_>> {
        let (start, end) = (segment.accesses.start, segment.accesses.end);
        let inside = |checkpoint: &&Arc<Checkpoint>| segment.accesses.contains(&checkpoint.at);
        let marks =
            self.checkpoints.iter().filter(inside).map(|checkpoint| (checkpoint.at, Way::Checkpoint(checkpoint)));
        let ways = marks.chain([(start, Way::Start), (end, Way::End)]);
        let is_known = |at| self.chunks_of(&(access..at)).iter().all(|chunk| chunk.values.get().is_some());
        let is_open = |at| self.keeps(access.min(at)..access.max(at)) && (at <= access || is_known(at));
        ways.filter(|&(at, _)| is_open(at)).min_by_key(|&(at, _)| at.abs_diff(access)).map(|(_, way)| way)
    }

    /// The last checkpoint after the start of a segment that is not after an access.
    pub(super) fn checkpoint_before(&self, start: u64, access: u64) -> Option<&Arc<Checkpoint>> {
        let after = self.checkpoints.partition_point(|checkpoint| checkpoint.at <= access);
        self.checkpoints[..after].last().filter(|checkpoint| checkpoint.at > start)
    }

    fn unmake(&self, record: &Record, (values, place): (&Values, usize), memories: &mut Memories) {
        let Some(site) = self.site(record) else { return };
        let Some(memory) = memories.get_mut(site.memory as usize) else { return };
        match site.kind {
            SiteKind::Load | SiteKind::Compare => (),
            SiteKind::Grow => memory.resize(record.low() * WASM_PAGE),
            SiteKind::Store | SiteKind::Exchange => {
                memory.write(record.addr.into(), &values.old[place][..usize::from(site.width).min(8)]);
            }
            SiteKind::Copy | SiteKind::Fill | SiteKind::Init => {
                if let Some(bytes) = values.bulk(place) {
                    memory.write(record.addr.into(), &bytes[..bytes.len() / 2]);
                }
            }
        }
    }

    /// What the accesses of a chunk found in memory. It is worked out when it is first wanted. `None` if that is
    /// impossible: what was before them is not kept.
    pub(super) fn values<'a>(&self, chunk: &'a Chunk) -> Option<&'a Values> {
        if chunk.values.get().is_none() {
            self.work_out(chunk.first);
        }
        chunk.values.get()
    }

    /// Works out what the accesses of the chunk found that begins with this access, and the chunks before it from the
    /// last checkpoint on.
    fn work_out(&self, first: u64) -> Option<()> {
        let segment = self.segment_of(first)?;
        let base = self.bases.binary_search_by_key(&segment.accesses.start, |base| base.at).ok()?;
        let mut memories = self.bases[base].memories();
        let mut start = segment.accesses.start;
        if let Some(checkpoint) = self.checkpoint_before(start, first) {
            checkpoint.apply(&mut memories);
            start = checkpoint.at;
        }
        if !self.keeps(start..first) {
            return None;
        }
        let mut replay = Replay::new(&memories);
        for chunk in self.chunks_of(&(start..first + 1)) {
            let places = chunk.clamp(&(start..chunk.end()));
            if chunk.values.get().is_some() {
                replay.make((&self.sites, &self.unkept), chunk, places, None);
            } else {
                let mut values = Values::default();
                replay.make((&self.sites, &self.unkept), chunk, places, Some(&mut values));
                // Another thread may have been faster.
                let _ = chunk.values.set(values);
            }
        }
        Some(())
    }
}
