//! The pages of a memory that a guest accessed since a boundary, and which of their bytes it wrote.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::page_key;
use super::page_index::{PageIndex, Recent};
use super::page_ranges::PageRanges;
use super::shadow::{number, offset, pieces};
use crate::record::image::Page;
use crate::record::{Change, PAGE};

/// 64-bit words in a page's bitmap.
const WORDS: usize = PAGE / 64;

/// A page's bitmap has one bit per byte: whether it was written.
type Bitmap = [u64; WORDS];

/// Bitmaps of pages of which nothing was written, and all.
static NOTHING: Bitmap = [0; WORDS];
static ALL: Bitmap = [u64::MAX; WORDS];

/// In place of the number of a bitmap: the page was not written.
const UNWRITTEN: usize = usize::MAX;
/// The number of the bitmap of all pages that were written as a whole: a guest may fill very many, again and again.
const WHOLE: usize = 0;
/// How many pages at once are many.
const MANY: usize = 8;

/// The accessed pages of one memory.
#[derive(Debug)]
pub(super) struct Touched {
    pages: Vec<Noted>,
    /// The bitmaps of pages that were written.
    bitmaps: Vec<Bitmap>,
    index: PageIndex,
    /// Pages that were written and read while the same chunk was open, with their bitmaps. Nothing of those is left to
    /// note but the bytes.
    recently_written: Recent,
    recently_read: Recent,
    /// The same of many pages at once: those that were written as a whole, and those that were read.
    written_ranges: PageRanges,
    read_ranges: PageRanges,
}

/// What is noted of a page that was accessed.
#[derive(Debug)]
struct Noted {
    number: u32,
    /// The number of its bitmap.
    bitmap: usize,
    /// The last chunk of the log that lists this page.
    chunk: u64,
    /// Whether it was written since the last checkpoint.
    is_fresh: bool,
}

/// A page that was accessed.
#[derive(Clone, Copy, Debug)]
pub(in crate::record) struct TouchedPage<'a> {
    number: u32,
    written: &'a Bitmap,
}

/// Where accesses are noted: the chunk number and the chunk's page list.
pub(super) struct Listing<'a> {
    pub(super) chunk: u64,
    pub(super) memory: usize,
    pub(super) pages: &'a mut Vec<u32>,
}

impl Default for Touched {
    fn default() -> Touched {
        Touched {
            pages: Vec::new(),
            bitmaps: vec![ALL],
            index: PageIndex::default(),
            recently_written: Recent::default(),
            recently_read: Recent::default(),
            written_ranges: PageRanges::default(),
            read_ranges: PageRanges::default(),
        }
    }
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
        let before = (PAGE - offset(addr)) % PAGE;
        if len < before {
            return self.mark_pieces(addr, len, listing);
        }
        let end = addr + len as u64;
        let whole = number(addr + before as u64)..number(end);
        self.mark_pieces(addr, before, listing);
        self.mark_pieces(end - offset(end) as u64, offset(end), listing);
        if whole.len() < MANY {
            return whole.for_each(|number| self.write_page(number, listing));
        }
        let missing = self.written_ranges.add(whole);
        missing.into_iter().flatten().for_each(|number| self.write_page(number, listing));
    }

    /// Notes that bytes of a few pages were written.
    fn mark_pieces(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        for (at, range) in pieces(addr, len) {
            mark(self.written(number(at), listing), offset(at), range.len());
        }
    }

    /// Notes that all of a page was written.
    fn write_page(&mut self, number: u32, listing: &mut Listing<'_>) {
        if self.recently_written.find(number) == Some(WHOLE) {
            return;
        }
        let place = self.note(number, listing);
        let page = &mut self.pages[place];
        (page.bitmap, page.is_fresh) = (WHOLE, true);
        self.recently_written.set(number, WHOLE);
    }

    /// Notes that bytes were read.
    #[inline]
    pub(super) fn read(&mut self, addr: u64, len: usize, listing: &mut Listing<'_>) {
        let (first, last) = (number(addr), number(addr.saturating_add(len.max(1) as u64 - 1)));
        if first != last || self.recently_read.find(first).is_none() {
            self.read_pages(first..last.saturating_add(1), listing);
        }
    }

    #[inline(never)]
    fn read_pages(&mut self, numbers: Range<u32>, listing: &mut Listing<'_>) {
        if numbers.len() < MANY {
            return numbers.for_each(|number| self.read_page(number, listing));
        }
        let missing = self.read_ranges.add(numbers);
        missing.into_iter().flatten().for_each(|number| self.read_page(number, listing));
    }

    fn read_page(&mut self, number: u32, listing: &mut Listing<'_>) {
        let place = self.note(number, listing);
        self.recently_read.set(number, place);
    }

    /// The pages, in order.
    pub(super) fn pages(&self) -> Vec<TouchedPage<'_>> {
        let mut pages: Vec<_> = self.pages.iter().map(|page| self.page(page)).collect();
        pages.sort_unstable_by_key(|page| page.number);
        pages
    }

    /// The pages, in no particular order, each with whether it was written since the last checkpoint.
    pub(super) fn since_checkpoint(&self) -> impl Iterator<Item = (TouchedPage<'_>, bool)> {
        self.pages.iter().map(|page| (self.page(page), page.is_fresh))
    }

    fn page(&self, page: &Noted) -> TouchedPage<'_> {
        let written = match page.bitmap {
            UNWRITTEN => &NOTHING,
            WHOLE => &ALL,
            bitmap => &self.bitmaps[bitmap],
        };
        TouchedPage { number: page.number, written }
    }

    /// Notes that a checkpoint was made.
    pub(super) fn begin_checkpoint(&mut self) {
        self.pages.iter_mut().for_each(|page| page.is_fresh = false);
        self.begin_chunk();
    }

    /// Notes that another chunk was begun.
    pub(super) fn begin_chunk(&mut self) {
        (self.recently_written, self.recently_read) = (Recent::default(), Recent::default());
        self.written_ranges.clear();
        self.read_ranges.clear();
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
            self.bitmaps.truncate(1);
            self.begin_chunk();
        }
    }

    /// The bitmap of a page that is written.
    #[inline]
    fn written(&mut self, number: u32, listing: &mut Listing<'_>) -> &mut Bitmap {
        let bitmap = self.recently_written.find(number).unwrap_or_else(|| self.note_written(number, listing));
        &mut self.bitmaps[bitmap]
    }

    #[inline(never)]
    fn note_written(&mut self, number: u32, listing: &mut Listing<'_>) -> usize {
        let place = self.note(number, listing);
        let page = &mut self.pages[place];
        page.is_fresh = true;
        if page.bitmap == UNWRITTEN {
            page.bitmap = self.bitmaps.len();
            self.bitmaps.push(NOTHING);
        }
        let bitmap = page.bitmap;
        self.recently_written.set(number, bitmap);
        bitmap
    }

    /// Notes a page and lists it in the chunk. Returns its place.
    fn note(&mut self, number: u32, listing: &mut Listing<'_>) -> usize {
        let place = self.index.find(number).unwrap_or_else(|| {
            self.pages.push(Noted { number, bitmap: UNWRITTEN, chunk: u64::MAX, is_fresh: false });
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

fn mark(written: &mut Bitmap, from: usize, count: usize) {
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
            let end = if self.is_whole() { PAGE } else { self.find(start, false).unwrap_or(PAGE) };
            at = end;
            Some(start..end)
        })
    }

    /// How much a change of its written bytes takes at most, in bytes.
    pub(in crate::record) fn cost(&self) -> usize {
        if self.is_whole() {
            return 2 * PAGE + size_of::<Change>();
        }
        let runs = self.runs().count();
        let bytes: u32 = self.written.iter().map(|word| word.count_ones()).sum();
        (2 * bytes as usize + runs * size_of::<Change>()).min(2 * PAGE + PAGE / 8 + size_of::<Change>())
    }

    /// Whether it is known that all bytes were written. Nothing takes longer for very many such pages.
    fn is_whole(&self) -> bool {
        std::ptr::eq(self.written, &ALL)
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

    #[test]
    fn pages_written_as_a_whole_share_a_bitmap_and_are_noted_once() {
        let mut touched = Touched::default();
        let mut listed = Vec::new();
        let mut listing = Listing { chunk: 1, memory: 0, pages: &mut listed };
        for _ in 0..3 {
            touched.write_range(5, 1000 * PAGE, &mut listing);
            touched.read(0, 2000 * PAGE, &mut listing);
            touched.write(PAGE as u64 + 9, 4, &mut listing);
        }
        assert_eq!((listed.len(), touched.len()), (2000, 2000));
        // That of the first and the last page, and the one for all.
        assert_eq!(touched.bitmaps.len(), 3);
        let pages = touched.pages();
        for (page, written) in [(0, 5..PAGE), (1, 0..PAGE), (1000, 0..5)] {
            assert!(pages[page].runs().eq(std::iter::once(written)), "page {page}");
        }
        assert!(pages[1001..].iter().all(|page| !page.is_written()));
    }
}
