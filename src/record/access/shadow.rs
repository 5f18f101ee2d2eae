//! A shadow memory, reconstructed from a guest's records: the pages accessed since the last boundary, and which of
//! their bytes were written.

use std::ops::Range;
use std::sync::Arc;

use crate::record::image::Page;
use crate::record::{Image, PAGE};

/// Pages in a leaf of the directory.
const LEAF: usize = 512;
/// 64-bit words in a page's bitmap.
const WORDS: usize = PAGE / 64;
/// Maximum number of pages kept for reuse.
const SPARE: usize = 1024;

/// One memory.
#[derive(Debug, Default)]
pub(super) struct Shadow {
    /// The memory at the last boundary.
    base: Image,
    /// For each page, its index in `pages` plus one, or 0.
    directory: Vec<Option<Box<[u32; LEAF]>>>,
    pages: Vec<Box<TouchedPage>>,
    /// For each low part of a page number, the page with it that was accessed last, as number and index.
    recent: Recent,
    spare: Vec<Box<TouchedPage>>,
}

/// Number of entries in [`Recent`].
const RECENT: usize = 64;

/// Pages that were accessed recently: finding one here takes less time than in the directory.
#[derive(Debug)]
struct Recent([(u32, u32); RECENT]);

impl Default for Recent {
    fn default() -> Recent {
        // No page has this number.
        Recent([(u32::MAX, 0); RECENT])
    }
}

/// A page that was accessed.
#[derive(Clone, Debug)]
pub(in crate::record) struct TouchedPage {
    pub(super) number: u32,
    /// The last chunk of the log that lists this page.
    chunk: u64,
    /// Whether it was written since the last checkpoint.
    pub(super) is_fresh: bool,
    /// One bit per byte: whether it was written.
    written: [u64; WORDS],
    /// The current contents.
    bytes: Page,
}

/// Where accesses are noted: the chunk number and the chunk's page list.
pub(super) struct Listing<'a> {
    pub(super) chunk: u64,
    pub(super) memory: usize,
    pub(super) pages: &'a mut Vec<u32>,
}

impl Shadow {
    /// Starts over from the memory at a boundary.
    pub(super) fn rebase(&mut self, base: &Image) {
        if !self.pages.is_empty() {
            let pages = self.take();
            self.recycle(pages);
        }
        self.base = base.clone();
    }

    /// Sets the length in bytes.
    pub(super) fn resize(&mut self, len: u64) {
        self.base.resize(len);
    }

    /// The size in bytes.
    pub(super) fn len(&self) -> u64 {
        self.base.len()
    }

    /// Stores the low bytes (at most eight) of a number, and returns the previous ones.
    #[inline]
    pub(super) fn store(&mut self, addr: u64, width: usize, value: u64, listing: &mut Listing<'_>) -> u64 {
        let from = place(addr);
        if from + 8 > PAGE || width > 8 || width == 0 {
            return self.store_across(addr, width.min(8), value, listing);
        }
        let page = self.page(number(addr), listing);
        page.mark(from, width);
        let word: &mut [u8; 8] = page.bytes[from..].first_chunk_mut().expect("eight bytes follow");
        let (old, mask) = (u64::from_le_bytes(*word), u64::MAX >> (64 - 8 * width));
        *word = ((old & !mask) | (value & mask)).to_le_bytes();
        old & mask
    }

    #[cold]
    fn store_across(&mut self, addr: u64, width: usize, value: u64, listing: &mut Listing<'_>) -> u64 {
        let mut old = [0; 8];
        self.read(addr, &mut old[..width]);
        self.write(addr, &value.to_le_bytes()[..width], listing);
        u64::from_le_bytes(old)
    }

    /// Returns the bytes (at most 16) at an address, zero-extended.
    #[inline]
    pub(super) fn load(&mut self, addr: u64, width: usize, listing: &mut Listing<'_>) -> [u64; 2] {
        let from = place(addr);
        if from + 8 <= PAGE && (1..=8).contains(&width) {
            let page = self.page(number(addr), listing);
            let word: &[u8; 8] = page.bytes[from..].first_chunk().expect("eight bytes follow");
            return [u64::from_le_bytes(*word) & (u64::MAX >> (64 - 8 * width)), 0];
        }
        self.load_across(addr, width, listing)
    }

    #[cold]
    fn load_across(&mut self, addr: u64, width: usize, listing: &mut Listing<'_>) -> [u64; 2] {
        let last = addr.saturating_add(width.max(1) as u64 - 1);
        (number(addr)..=number(last)).for_each(|number| {
            self.page(number, listing);
        });
        let mut bytes = [0; 16];
        self.read(addr, &mut bytes[..width.min(16)]);
        let (halves, _) = bytes.as_chunks();
        [u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])]
    }

    /// Writes bytes.
    pub(super) fn write(&mut self, addr: u64, bytes: &[u8], listing: &mut Listing<'_>) {
        for (at, range) in pieces(addr, bytes.len()) {
            let page = self.page(number(at), listing);
            let from = place(at);
            page.mark(from, range.len());
            page.bytes[from..from + range.len()].copy_from_slice(&bytes[range]);
        }
    }

    /// Copies the bytes at an address.
    pub(super) fn read(&self, addr: u64, into: &mut [u8]) {
        for (at, range) in pieces(addr, into.len()) {
            let part = &mut into[range];
            match self.known(number(at)) {
                Some(page) => part.copy_from_slice(&self.pages[page].bytes[place(at)..][..part.len()]),
                None => {
                    let read = self.base.read(at, part);
                    part[read..].fill(0);
                }
            }
        }
    }

    /// The pages, in no particular order.
    pub(super) fn pages_mut(&mut self) -> impl Iterator<Item = &mut TouchedPage> {
        self.pages.iter_mut().map(|page| &mut **page)
    }

    /// Removes all pages and returns them in order.
    pub(super) fn take(&mut self) -> Vec<Box<TouchedPage>> {
        for page in &self.pages {
            let (leaf, entry) = split(page.number);
            if let Some(Some(leaf)) = self.directory.get_mut(leaf) {
                leaf[entry] = 0;
            }
        }
        self.recent = Recent::default();
        let mut pages = std::mem::take(&mut self.pages);
        pages.sort_unstable_by_key(|page| page.number);
        pages
    }

    /// Takes back pages that are no longer needed, for reuse.
    pub(super) fn recycle(&mut self, pages: Vec<Box<TouchedPage>>) {
        let room = SPARE.saturating_sub(self.spare.len());
        self.spare.extend(pages.into_iter().take(room));
    }

    /// The index of a page, if it was accessed.
    #[inline]
    fn known(&self, number: u32) -> Option<usize> {
        let (leaf, entry) = split(number);
        let place = self.directory.get(leaf)?.as_ref()?[entry];
        (place as usize).checked_sub(1)
    }

    #[inline]
    fn page(&mut self, number: u32, listing: &mut Listing<'_>) -> &mut TouchedPage {
        let recent = self.recent.0[number as usize % RECENT];
        let place = if recent.0 == number { recent.1 as usize } else { self.find_page(number) };
        let page = &mut *self.pages[place];
        if page.chunk != listing.chunk {
            page.chunk = listing.chunk;
            listing.pages.push(super::log::page_key(listing.memory, number));
        }
        page
    }

    /// The index of a page that is not the most recent one with its low part.
    #[inline(never)]
    fn find_page(&mut self, number: u32) -> usize {
        let place = self.known(number).unwrap_or_else(|| self.add(number));
        self.recent.0[number as usize % RECENT] = (number, u32::try_from(place).expect("a memory has fewer pages"));
        place
    }

    #[cold]
    fn add(&mut self, number: u32) -> usize {
        let (leaf, entry) = split(number);
        if self.directory.len() <= leaf {
            self.directory.resize_with(leaf + 1, || None);
        }
        let mut page = self.spare.pop().unwrap_or_else(|| Box::new(TouchedPage::new()));
        page.number = number;
        (page.chunk, page.is_fresh, page.written) = (u64::MAX, false, [0; WORDS]);
        let read = self.base.read(page.addr(), &mut page.bytes);
        page.bytes[read..].fill(0);
        self.pages.push(page);
        let place = self.pages.len();
        let leaf = self.directory[leaf].get_or_insert_with(|| Box::new([0; LEAF]));
        leaf[entry] = u32::try_from(place).expect("a memory has fewer pages");
        place - 1
    }
}

impl TouchedPage {
    fn new() -> TouchedPage {
        TouchedPage { number: 0, chunk: u64::MAX, is_fresh: false, written: [0; WORDS], bytes: [0; PAGE] }
    }

    #[inline]
    fn mark(&mut self, from: usize, count: usize) {
        self.is_fresh = true;
        let (word, bit) = (from / 64, from % 64);
        if bit + count <= 64 {
            self.written[word] |= bits(count) << bit;
        } else {
            self.mark_words(from, count);
        }
    }

    fn mark_words(&mut self, from: usize, count: usize) {
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

    /// The address of its first byte.
    pub(in crate::record) fn addr(&self) -> u64 {
        u64::from(self.number) * PAGE as u64
    }

    /// The current contents.
    pub(in crate::record) fn bytes(&self) -> &Page {
        &self.bytes
    }

    /// The current contents, as a shared page.
    pub(in crate::record) fn to_shared(&self) -> Arc<Page> {
        Arc::new(self.bytes)
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

/// Splits a range at page boundaries: the address of each piece, and its range of indices.
fn pieces(addr: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = addr.saturating_add(done as u64);
        let count = (PAGE - place(at)).min(len - done);
        done += count;
        (count > 0).then_some((at, done - count..done))
    })
}

/// A mask of the low bits, 1 to 64.
#[inline]
fn bits(count: usize) -> u64 {
    u64::MAX >> (64 - count)
}

#[inline]
fn split(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / LEAF, number % LEAF)
}

/// The number of the page that contains an address. Addresses of successful accesses are below 4 GiB.
#[inline]
fn number(addr: u64) -> u32 {
    u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX)
}

#[inline]
fn place(addr: u64) -> usize {
    usize::try_from(addr % PAGE as u64).expect("less than a page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_bytes_are_found_as_runs_in_order() {
        let mut shadow = Shadow::default();
        let mut base = Image::zeroed(1 << 20);
        base.write(0x5ff0, &[7; 32]);
        shadow.rebase(&base);
        let mut listed = Vec::new();
        let mut listing = Listing { chunk: 1, memory: 0, pages: &mut listed };
        for (addr, width, value) in [(0x5ffe, 4, 0x0403_0201_u64), (3, 1, 9), (4, 8, u64::MAX), (60, 8, 5), (3, 2, 1)] {
            let mut before = [0; 8];
            shadow.read(addr, &mut before[..width]);
            assert_eq!(shadow.store(addr, width, value, &mut listing), u64::from_le_bytes(before));
        }
        shadow.write(0x1000, &[3; 0x1000], &mut listing);
        assert_eq!(shadow.load(0x5ffd, 6, &mut listing), [0x0704_0302_0107, 0]);
        assert_eq!(listed, [5, 6, 0, 1], "each page is listed once");
        let pages = shadow.take();
        let runs = pages.iter().flat_map(|page| page.runs().map(|run| (page.addr() + run.start as u64, run.len())));
        assert_eq!(runs.collect::<Vec<_>>(), [(3, 9), (60, 8), (0x1000, 0x1000), (0x5ffe, 2), (0x6000, 2)]);
        shadow.recycle(pages);
        assert_eq!(shadow.load(0, 4, &mut Listing { chunk: 2, memory: 0, pages: &mut listed }), [0, 0]);
        assert!(shadow.take().iter().all(|page| !page.is_written()), "a page that is used again is clean");
    }
}
