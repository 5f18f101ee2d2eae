//! What a collector keeps: the memories from which accesses can be replayed, and no more records than the budget allows.

use std::ops::Range;
use std::sync::Arc;

use super::super::{Image, PAGE};
use super::checkpoint::Checkpoint;
use super::chunk::{ACCESS_COST, Chunk};
use super::collector::Collector;
use super::touched::{Touched, TouchedPage};

/// Minimum number of accesses between two checkpoints that nobody needs at once.
const CHECKPOINT: u64 = 1 << 19;
/// Such a checkpoint costs at most this part of what the accesses before it cost.
const CHECKPOINT_SHARE: usize = 4;
/// Number of such checkpoints in a log that fills the budget.
const CHECKPOINTS: usize = 16;
/// How many times a log that fills the budget has as many records as a guest may be ahead.
const LEADS: usize = 8;

impl Collector {
    /// Number of accesses after which a checkpoint is considered.
    pub(super) fn interval(&self) -> u64 {
        CHECKPOINT.min((self.budget / ACCESS_COST / CHECKPOINTS) as u64)
    }

    /// How many records a guest may be ahead: only when it learns that a checkpoint is due can one be made, and what is
    /// between two checkpoints can only be dropped as a whole.
    pub fn lead(&self) -> usize {
        self.budget / ACCESS_COST / LEADS
    }

    /// Whether a checkpoint is to be made as soon as the guest waits.
    pub fn is_checkpoint_due(&self) -> bool {
        self.is_checkpoint_due
    }

    /// Decides whether it is time for a checkpoint.
    pub(super) fn consider_checkpoint(&mut self) {
        if self.log.len < self.next_checkpoint {
            return;
        }
        let last = self.log.checkpoint_before(self.since_boundary, self.log.len);
        let since = last.map_or(self.since_boundary, |last| last.at);
        let records = usize::try_from(self.log.len - since).unwrap_or(usize::MAX).saturating_mul(ACCESS_COST);
        let pages = self.touched.iter().flat_map(Touched::since_checkpoint);
        let fresh = pages.filter(|&(_, is_fresh)| is_fresh).count();
        self.is_checkpoint_due |= fresh * PAGE <= records / CHECKPOINT_SHARE;
        self.next_checkpoint = self.log.len + self.interval();
    }

    /// Makes a checkpoint after the accesses so far. `live` are the guest's memories, which are as those left them.
    pub fn checkpoint<'a>(&mut self, live: impl Fn(usize) -> &'a [u8]) {
        self.is_checkpoint_due = false;
        if self.log.len == self.since_boundary {
            return;
        }
        match self.is_long {
            true => self.close(),
            false => self.begin_long_segment(),
        }
        let last = self.log.checkpoint_before(self.since_boundary, self.log.len).cloned();
        let (mut pages, mut own, mut lens) = (Vec::new(), 0, Vec::new());
        for (memory, touched) in self.touched.iter_mut().enumerate() {
            let bytes = live(memory);
            lens.push(bytes.len() as u64);
            for (page, is_fresh) in touched.since_checkpoint() {
                let key = page.key(memory);
                let shared = match is_fresh {
                    true => page.to_shared(bytes),
                    false => last.as_ref().and_then(|last| last.page(key).cloned()),
                };
                own += usize::from(is_fresh);
                pages.extend(shared.map(|page| (key, page)));
            }
            touched.begin_checkpoint();
        }
        let checkpoint = Checkpoint::new(self.log.len, pages, lens, own);
        self.log.cost += checkpoint.cost;
        self.log.checkpoints.push(Arc::new(checkpoint));
        self.next_checkpoint = self.log.len + self.interval();
    }

    /// The pages accessed since the last boundary as they were then.
    pub(super) fn base_checkpoint(&self) -> Checkpoint {
        let of_memory = |(memory, image): (usize, &Image)| {
            let touched = self.touched.get(memory).into_iter().flat_map(|touched| touched.pages());
            let shared = |page: TouchedPage<'_>| Some((page.key(memory), image.shared_page(page.number())?));
            touched.filter_map(shared).collect::<Vec<_>>()
        };
        let pages: Vec<_> = self.base.iter().enumerate().flat_map(of_memory).collect();
        let (lens, own) = (self.base.iter().map(Image::len).collect(), pages.len());
        Checkpoint::new(self.since_boundary, pages, lens, own)
    }

    /// Keeps what is needed to work out what these accesses, a whole segment, found in memory. If that costs more than
    /// they do, it is worked out now instead.
    pub(super) fn keep_base(&mut self, accesses: &Range<u64>) {
        let base = Arc::new(self.base_checkpoint());
        let kept: usize = self.log.chunks_of(accesses).iter().map(|chunk| chunk.clamp(accesses).len()).sum();
        // What the accesses found is worked out on copies of the pages.
        let takes_much = base.cost > kept * ACCESS_COST && self.touched() * PAGE > self.budget / 2;
        if base.cost > self.budget || takes_much {
            return self.drop_from(accesses.start);
        }
        self.log.bases.push(base.clone());
        let chunks = self.log.chunks_of(accesses);
        if base.cost > kept * ACCESS_COST {
            chunks.iter().for_each(|chunk| _ = self.log.values(chunk));
            self.log.bases.pop();
        } else {
            self.log.cost += base.cost;
        }
        self.trim();
    }

    /// Drops chunks in the middle of the log until it fits. What is left of the accesses after them can be replayed.
    pub(super) fn trim(&mut self) {
        // At the end of the segment its pages are kept as they were at its start.
        let base = if self.is_long { (self.touched() * PAGE).min(self.budget / 4) } else { 0 };
        while self.log.cost + base > self.budget {
            let head = *self.head.get_or_insert_with(|| {
                let mut cost = 0;
                let fits = |chunk: &&Arc<Chunk>| {
                    cost += chunk.cost();
                    cost <= self.budget / 2
                };
                self.log.chunks.iter().take_while(fits).count()
            });
            let later = head + 1..self.log.chunks.len();
            let Some(next) = later.into_iter().find(|&place| self.can_begin(&self.log.chunks[place])) else {
                // A checkpoint of very many pages would take more than it frees.
                if self.touched() * PAGE > self.budget / 2 && head < self.log.chunks.len() {
                    // What comes after them can no longer be worked out from the start of the segment.
                    if !self.is_long {
                        self.begin_long_segment();
                        continue;
                    }
                    self.drop_chunks(head..self.log.chunks.len());
                    continue;
                }
                self.is_checkpoint_due = self.is_long;
                return;
            };
            self.drop_chunks(head..next);
        }
    }

    /// Drops all accesses from this one on, or from earlier ones that were dropped: those that are dropped are one range.
    fn drop_from(&mut self, access: u64) {
        let first = access.min(self.log.dropped().start);
        let place = self.log.chunks.partition_point(|chunk| chunk.end() <= first);
        if place < self.log.chunks.len() {
            self.head = Some(place);
            self.drop_chunks(place..self.log.chunks.len());
        }
    }

    /// Whether what the accesses of a chunk found can be worked out without the chunk before.
    fn can_begin(&self, chunk: &Chunk) -> bool {
        let (start, is_long) = match self.log.segment_of(chunk.first).filter(|it| it.accesses.contains(&chunk.first)) {
            Some(segment) => {
                let start = segment.accesses.start;
                (start, self.log.bases.binary_search_by_key(&start, |base| base.at).is_ok())
            }
            None => (self.since_boundary, self.is_long),
        };
        // Of a short segment that is not over, what its accesses find is not worked out yet.
        let is_over = self.is_long || chunk.first <= self.since_boundary;
        let is_marked = self.log.checkpoints.binary_search_by_key(&chunk.first, |checkpoint| checkpoint.at).is_ok();
        is_over && (chunk.first == start || is_marked || (!is_long && chunk.is_worked_out()))
    }

    fn drop_chunks(&mut self, places: Range<usize>) {
        let log = &mut self.log;
        self.is_closed |= places.end == log.chunks.len();
        let gone = log.chunks[places.start].first..log.chunks.get(places.end).map_or(log.len, |next| next.first);
        for chunk in log.chunks.drain(places) {
            log.cost = log.cost.saturating_sub(chunk.cost());
        }
        log.unkept.retain(|number| !gone.contains(number));
        log.lost.retain(|number| !gone.contains(number));
        let mut costs = 0;
        log.checkpoints.retain(|checkpoint| {
            costs += if gone.contains(&checkpoint.at) { checkpoint.cost } else { 0 };
            !gone.contains(&checkpoint.at)
        });
        let is_gone = |at: u64| {
            gone.contains(&at) && log.segments.iter().any(|it| it.accesses.start == at && it.accesses.end <= gone.end)
        };
        log.bases.retain(|base| {
            let is_gone = is_gone(base.at);
            costs += if is_gone { base.cost } else { 0 };
            !is_gone
        });
        log.cost = log.cost.saturating_sub(costs);
    }
}
