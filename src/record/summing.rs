//! Sums up what a guest wrote between two boundaries: the written bytes of the pages that it accessed become changes.

use super::access::TouchedPage;
use super::stale::StalePages;
use super::{Actor, Change, Evidence, Image, Mask};

/// Whether there is time to go on copying memory.
pub type Patience<'a> = &'a dyn Fn() -> bool;

/// Minimum number of written runs in a page that are kept as one change with a mask, which is cheaper than many small
/// changes.
const RUNS: usize = 64;
/// Maximum number of bytes in one change. Otherwise a guest that fills its memory would need several times as much.
const LONGEST: usize = 1 << 20;
/// How many pages are copied or compared before time is looked at.
pub(super) const BREATH: usize = 64;

/// How to sum up.
pub(super) struct Summing<'a> {
    /// Whether the values of the bytes are kept.
    pub(super) keeps_values: bool,
    /// The pages for which there was no time.
    pub(super) stale: &'a mut StalePages,
    pub(super) patience: Patience<'a>,
}

impl Summing<'_> {
    /// How much the changes of these pages take at most.
    pub(super) fn most(pages: &[TouchedPage<'_>]) -> u64 {
        pages.iter().map(|page| page.cost() as u64).sum()
    }

    /// Adds the written bytes of pages to the changes, and puts the pages into the image, as they are in `live` memory.
    pub(super) fn sum_up(
        &mut self,
        memory: usize,
        pages: &[TouchedPage<'_>],
        live: &[u8],
        image: &mut Image,
        changes: &mut Vec<Change>,
    ) {
        let mut written = WrittenBytes { memory, changes, addr: 0, old: Vec::new(), new: Vec::new() };
        let mut bare = BareBytes { memory, start: 0, end: 0 };
        let mut is_hurried = false;
        for (place, page) in pages.iter().filter(|page| page.is_written()).enumerate() {
            is_hurried |= place % BREATH == 0 && !(self.patience)();
            let new = if is_hurried { None } else { page.to_shared(live) };
            let is_known = !self.stale.contains(memory, page.number());
            match &new {
                Some(new) if self.keeps_values && is_known => {
                    bare.flush(written.changes);
                    written.add(page, image.page(page.number()), &**new);
                }
                _ => {
                    written.flush();
                    bare.add(page, written.changes);
                }
            }
            match new {
                Some(new) => {
                    image.put_page(page.number(), &new);
                    self.stale.remove(memory, page.number());
                }
                None => self.stale.insert(memory, page.number()),
            }
        }
        written.flush();
        bare.flush(changes);
    }
}

/// Gathers bytes written by the guest into changes; adjacent bytes share one.
struct WrittenBytes<'a> {
    memory: usize,
    changes: &'a mut Vec<Change>,
    /// The gathered range: its address, the old bytes and the new.
    addr: u64,
    old: Vec<u8>,
    new: Vec<u8>,
}

impl WrittenBytes<'_> {
    /// Adds the written bytes of a page, given the whole page before and after.
    fn add(&mut self, page: &TouchedPage<'_>, old: &[u8], new: &[u8]) {
        if page.runs().nth(RUNS).is_some() {
            self.flush();
            let (first, last, mask) = masked(page);
            let (old, new) = (&old[first..last], &new[first..last]);
            let (by, evidence) = (Actor::Guest, Evidence::Written);
            let change = Change::bytes(self.memory, page.addr() + first as u64, old, new, by, evidence);
            self.changes.push(change.with_mask(Some(mask)));
            return;
        }
        for run in page.runs() {
            let run = run.start..run.end.min(old.len());
            let addr = page.addr() + run.start as u64;
            if self.addr + self.old.len() as u64 != addr || self.old.len() >= LONGEST {
                self.flush();
                self.addr = addr;
            }
            self.old.extend_from_slice(&old[run.clone()]);
            self.new.extend_from_slice(&new[run]);
        }
    }

    fn flush(&mut self) {
        if !self.old.is_empty() {
            let (by, evidence) = (Actor::Guest, Evidence::Written);
            self.changes.push(Change::bytes(self.memory, self.addr, &self.old, &self.new, by, evidence));
        }
        self.old.clear();
        self.new.clear();
    }
}

/// Gathers ranges written by the guest whose values are not kept.
struct BareBytes {
    memory: usize,
    /// The gathered range.
    start: u64,
    end: u64,
}

impl BareBytes {
    fn add(&mut self, page: &TouchedPage<'_>, changes: &mut Vec<Change>) {
        if page.runs().nth(RUNS).is_some() {
            self.flush(changes);
            let (first, last, mask) = masked(page);
            let start = page.addr() + first as u64;
            changes.push(self.change(start, start + (last - first) as u64, Some(mask)));
            return;
        }
        for run in page.runs() {
            let (start, end) = (page.addr() + run.start as u64, page.addr() + run.end as u64);
            if self.end != start {
                self.flush(changes);
                self.start = start;
            }
            self.end = end;
        }
    }

    fn flush(&mut self, changes: &mut Vec<Change>) {
        if self.start < self.end {
            changes.push(self.change(self.start, self.end, None));
        }
        self.start = self.end;
    }

    fn change(&self, start: u64, end: u64, mask: Option<Mask>) -> Change {
        let (memory, by, evidence) = (self.memory, Actor::Guest, Evidence::Written);
        Change::Bare { memory, addr: start, len: end - start, by, evidence, mask }
    }
}

/// From the first to the last written byte of a page, and which of them were written.
fn masked(page: &TouchedPage<'_>) -> (usize, usize, Mask) {
    let first = page.runs().next().map_or(0, |run| run.start);
    let last = page.runs().last().map_or(0, |run| run.end);
    (first, last, Mask::new(last - first, |place| page.has(first + place)))
}
