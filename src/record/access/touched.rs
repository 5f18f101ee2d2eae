//! The pages of a memory that a guest accessed since a boundary, and which of their bytes it wrote.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::chunk::page_key;
use super::page_index::{PageIndex, Recent};
use super::shadow::{number, offset, pieces};
use crate::record::image::Page;
use crate::record::{Change, PAGE};

/// 64-bit words in a page's bitmap.
const WORDS: usize = PAGE / 64;

/// The accessed pages of one memory.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pages: Vec<Noted>,
    /// For each page, one bit per byte: whether it was written.
    written: Vec<[u64; WORDS]>,
    index: PageIndex,
    /// Pages that were written and read while the same chunk was open. Nothing of those is left to note but the bytes.
    recently_written: Recent,
    recently_read: Recent,
}

/// What is noted of a page that was accessed.
#[derive(Debug)]
struct Noted {
    number: u32,
    /// The last chunk of the log that lists this page.
    chunk: u64,
    /// Whether it was written since the last checkpoint.
    is_fresh: bool,
    /// Whether it is known that all its bytes were written. A guest may write very many pages as a whole, again and again.
    is_whole: bool,
}

/// A page that was accessed.
#[derive(Clone, Copy, Debug)]
pub(in crate::record) struct TouchedPage<'a> {
    number: u32,
    written: &'a [u64; WORDS],
}

/// Where accesses are noted: the chunk number and the chunk's page list.
pub(super) struct Listing<'a> {
    pub(super) chunk: u64,
    pub(super) memory: usize,
    pub(super) pages: &'a mut Vec<u32>,
}

impl Touched {
    /// Notes that a few bytes were written.
    #[inline]
    pub(super) fn write(&mut self, addr: u64, width: usize, listing: &mut Listing<'_>) {
        let from = offset(addr);
        if from + width > PAGE {
            return self.write_range(addr, width, listing);
        }
        let written = self.written(number(addr), listing);
        let (word, bit) = (from / 64, from % 64);
        if bit + width <= 64 {
            let (word, mask) = (&mut written[word], bits(width) << bit);
            // Most bytes were written before. To wait for what was stored a moment ago would take longer.
            if *word & mask != mask {
                *word |= mask;
            }
        } else {
            mark(written, from, width);
        }
    }

    /// Notes that bytes were written.
    #[inline(never)]
    pub(super) fn write_range(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        for (at, range) in pieces(addr, len) {
            match range.len() == PAGE {
                true => self.write_page(number(at), listing),
                false => mark(self.written(number(at), listing), offset(at), range.len()),
            }
        }
    }

    /// Notes that all of a page was written.
    fn write_page(&mut self, number: u32, listing: &mut Listing<'_>) {
        let place = self.recently_written.find(number).unwrap_or_else(|| self.note_written(number, listing));
        if !std::mem::replace(&mut self.pages[place].is_whole, true) {
            self.written[place] = [u64::MAX; WORDS];
        }
    }

    /// Notes that bytes were read.
    #[inline]
    pub(super) fn read(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        let (first, last) = (number(addr), number(addr.saturating_add(len.max(1) as u64 - 1)));
        if first != last || self.recently_read.find(first).is_none() {
            self.read_pages(first..=last, listing);
        }
    }

    #[inline(never)]
    fn read_pages(&mut self, numbers: RangeInclusive<u32>, listing: &mut Listing<'_>) {
        for number in numbers {
            let place = self.note(number, listing);
            self.recently_read.set(number, place);
        }
    }

    /// The pages, in order.
    pub(super) fn pages(&self) -> Vec<TouchedPage<'_>> {
        let page = |(page, written): (&Noted, _)| TouchedPage { number: page.number, written };
        let mut pages: Vec<_> = self.pages.iter().zip(&self.written).map(page).collect();
        pages.sort_unstable_by_key(|page| page.number);
        pages
    }

    /// The pages, in no particular order, each with whether it was written since the last checkpoint.
    pub(super) fn since_checkpoint(&self) -> impl Iterator<Item = (TouchedPage<'_>, bool)> {
        let page = |(page, written): (&Noted, _)| (TouchedPage { number: page.number, written }, page.is_fresh);
        self.pages.iter().zip(&self.written).map(page)
    }

    /// Notes that a checkpoint was made.
    pub(super) fn begin_checkpoint(&mut self) {
        self.pages.iter_mut().for_each(|page| page.is_fresh = false);
        self.begin_chunk();
    }

    /// Notes that another chunk was begun.
    pub(super) fn begin_chunk(&mut self) {
        (self.recently_written, self.recently_read) = (Recent::default(), Recent::default());
    }

    /// How many pages there are.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Forgets all pages.
    pub(super) fn clear(&mut self) {
        if !self.pages.is_empty() {
            self.pages.iter().for_each(|page| self.index.remove(page.number));
            self.pages.clear();
            self.written.clear();
            self.begin_chunk();
        }
    }

    /// The bitmap of a page that is written.
    #[inline]
    fn written(&mut self, number: u32, listing: &mut Listing<'_>) -> &mut [u64; WORDS] {
        let place = self.recently_written.find(number).unwrap_or_else(|| self.note_written(number, listing));
        &mut self.written[place]
    }

    #[inline(never)]
    fn note_written(&mut self, number: u32, listing: &mut Listing<'_>) -> usize {
        let place = self.note(number, listing);
        self.pages[place].is_fresh = true;
        self.recently_written.set(number, place);
        place
    }

    /// Notes a page and lists it in the chunk. Returns its place.
    fn note(&mut self, number: u32, listing: &mut Listing<'_>) -> usize {
        let place = self.index.find(number).unwrap_or_else(|| {
            self.pages.push(Noted { number, chunk: u64::MAX, is_fresh: false, is_whole: false });
            self.written.push([0; WORDS]);
            self.index.add(number, self.pages.len() - 1);
            self.pages.len() - 1
        });
        let page = &mut self.pages[place];
        if page.chunk != listing.chunk {
            page.chunk = listing.chunk;
            listing.pages.push(page_key(listing.memory, number));
        }
        place
    }
}

fn mark(written: &mut [u64; WORDS], from: usize, count: usize) {
    let (mut at, end) = (from, from + count);
    while at < end {
        let bit = at % 64;
        let here = (64 - bit).min(end - at);
        written[at / 64] |= bits(here) << bit;
        at += here;
    }
}

impl TouchedPage<'_> {
    /// The page number.
    pub(in crate::record) fn number(&self) -> u64 {
        self.number.into()
    }

    /// The page as the number that a log refers to it by.
    pub(super) fn key(&self, memory: usize) -> u32 {
        page_key(memory, self.number)
    }

    /// The address of its first byte.
    pub(in crate::record) fn addr(&self) -> u64 {
        u64::from(self.number) * PAGE as u64
    }

    /// Its contents in a memory, to be shared. `None` if the memory ends before.
    pub(in crate::record) fn to_shared(self, memory: &[u8]) -> Option<Arc<Page>> {
        memory.as_chunks().0.get(self.number as usize).map(|&page| Arc::new(page))
    }

    /// The runs of written bytes, as offsets in the page.
    pub(in crate::record) fn runs(&self) -> impl Iterator<Item = Range<usize>> + '_ {
        let mut at = 0;
        std::iter::from_fn(move || {
            let start = self.find(at, true)?;
            let end = self.find(start, false).unwrap_or(PAGE);
            at = end;
            Some(start..end)
        })
    }

    /// How much a change of its written bytes takes at most, in bytes.
    pub(in crate::record) fn cost(&self) -> usize {
        let runs = self.runs().count();
        let bytes: u32 = self.written.iter().map(|word| word.count_ones()).sum();
        (2 * bytes as usize + runs * size_of::<Change>()).min(2 * PAGE + PAGE / 8 + size_of::<Change>())
    }

    /// Whether any byte was written.
    pub(in crate::record) fn is_written(&self) -> bool {
        self.written.iter().any(|&word| word != 0)
    }

    /// Whether the byte at this offset was written.
    pub(in crate::record) fn has(&self, place: usize) -> bool {
        self.written[place / 64] >> (place % 64) & 1 == 1
    }

    /// The first byte at or after `at` that was written, or that was not.
    fn find(&self, at: usize, written: bool) -> Option<usize> {
        let mut at = at;
        while at < PAGE {
            let word = if written { self.written[at / 64] } else { !self.written[at / 64] };
            let rest = word >> (at % 64);
            if rest != 0 {
                return Some(at + rest.trailing_zeros() as usize);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    }
}

/// A mask of so many low bits, at most 64.
#[inline]
fn bits(count: usize) -> u64 {
    if count == 0 { 0 } else { u64::MAX >> (64 - count) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_bytes_are_found_as_runs_in_order() {
        let mut touched = Touched::default();
        let mut listed = Vec::new();
        let mut listing = Listing { chunk: 1, memory: 0, pages: &mut listed };
        for (addr, width) in [(0x5ffe, 4), (3, 1), (4, 8), (60, 8), (3, 2)] {
            touched.write(addr, width, &mut listing);
        }
        touched.write_range(0x1000, 0x1000, &mut listing);
        touched.read(0x2ffd, 6, &mut listing);
        assert_eq!(listed, [5, 6, 0, 1, 2, 3], "each page is listed once");
        let pages = touched.pages();
        let runs = pages.iter().flat_map(|page| page.runs().map(|run| (page.addr() + run.start as u64, run.len())));
        assert_eq!(runs.collect::<Vec<_>>(), [(3, 9), (60, 8), (0x1000, 0x1000), (0x5ffe, 2), (0x6000, 2)]);
        assert_eq!(pages.iter().filter(|page| page.is_written()).count(), 4);
        touched.clear();
        touched.read(0, 4, &mut Listing { chunk: 2, memory: 0, pages: &mut listed });
        assert!(touched.pages().iter().all(|page| !page.is_written()), "a page that is touched again is clean");
    }
}
