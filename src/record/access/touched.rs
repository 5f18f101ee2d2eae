//! The pages of a memory that a guest accessed since a boundary, and which of their bytes it wrote.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use super::chunk::page_key;
use super::page_index::PageIndex;
use super::shadow::{number, offset, pieces};
use crate::record::PAGE;
use crate::record::image::Page;

/// 64-bit words in a page's bitmap.
const WORDS: usize = PAGE / 64;

/// The accessed pages of one memory.
#[derive(Debug, Default)]
pub(super) struct Touched {
    pages: Vec<TouchedPage>,
    index: PageIndex,
}

/// A page that was accessed.
#[derive(Clone, Debug)]
pub(in crate::record) struct TouchedPage {
    number: u32,
    /// The last chunk of the log that lists this page.
    chunk: u64,
    /// Whether it was written since the last checkpoint.
    pub(super) is_fresh: bool,
    /// One bit per byte: whether it was written.
    written: [u64; WORDS],
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
        let page = self.page(number(addr), listing);
        page.is_fresh = true;
        let (word, bit) = (from / 64, from % 64);
        if bit + width <= 64 {
            let (word, mask) = (&mut page.written[word], bits(width) << bit);
            // Most bytes were written before. To wait for what was stored a moment ago would take longer.
            if *word & mask != mask {
                *word |= mask;
            }
        } else {
            page.mark(from, width);
        }
    }

    /// Notes that bytes were written.
    #[inline(never)]
    pub(super) fn write_range(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        for (at, range) in pieces(addr, len) {
            let page = self.page(number(at), listing);
            page.is_fresh = true;
            page.mark(offset(at), range.len());
        }
    }

    /// Notes that bytes were read.
    #[inline]
    pub(super) fn read(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        let (first, last) = (number(addr), number(addr.saturating_add(len.max(1) as u64 - 1)));
        self.page(first, listing);
        if last != first {
            self.read_pages(first + 1..=last, listing);
        }
    }

    #[inline(never)]
    fn read_pages(&mut self, numbers: RangeInclusive<u32>, listing: &mut Listing<'_>) {
        numbers.for_each(|number| {
            self.page(number, listing);
        });
    }

    /// The pages, in order.
    pub(super) fn pages(&self) -> Vec<&TouchedPage> {
        let mut pages: Vec<_> = self.pages.iter().collect();
        pages.sort_unstable_by_key(|page| page.number);
        pages
    }

    /// The pages, in no particular order.
    pub(super) fn pages_mut(&mut self) -> impl Iterator<Item = &mut TouchedPage> {
        self.pages.iter_mut()
    }

    /// How many pages there are.
    pub(super) fn len(&self) -> usize {
        self.pages.len()
    }

    /// Forgets all pages.
    pub(super) fn clear(&mut self) {
        self.index.clear(self.pages.iter().map(|page| page.number));
        self.pages.clear();
    }

    #[inline]
    fn page(&mut self, number: u32, listing: &mut Listing<'_>) -> &mut TouchedPage {
        let Touched { pages, index } = self;
        let place = index.find_or_add(number, || {
            pages.push(TouchedPage { number, chunk: u64::MAX, is_fresh: false, written: [0; WORDS] });
            pages.len() - 1
        });
        let page = &mut pages[place];
        if page.chunk != listing.chunk {
            page.chunk = listing.chunk;
            listing.pages.push(page_key(listing.memory, number));
        }
        page
    }
}

impl TouchedPage {
    fn mark(&mut self, from: usize, count: usize) {
        let (mut at, end) = (from, from + count);
        while at < end {
            let bit = at % 64;
            let here = (64 - bit).min(end - at);
            self.written[at / 64] |= bits(here) << bit;
            at += here;
        }
    }

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
    pub(in crate::record) fn to_shared(&self, memory: &[u8]) -> Option<Arc<Page>> {
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
