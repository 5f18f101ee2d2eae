//! Which bytes of a memory were written since that was last asked, page by page.

use std::ops::Range;

use crate::record::PAGE;

/// Pages in a leaf of the directory.
const LEAF: usize = 512;
/// Words of 64 bits in the map of a page.
const WORDS: usize = PAGE / 64;

/// The pages of one memory that were accessed, with the bytes in them that were written.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// For each page, its place in `pages` plus one, or 0.
    directory: Vec<Option<Box<[u32; LEAF]>>>,
    pages: Vec<TouchedPage>,
}

/// A page that was accessed.
#[derive(Clone, Debug)]
pub(in crate::record) struct TouchedPage {
    pub(super) number: u32,
    /// Which chunk of the log lists it already.
    chunk: u64,
    /// Whether it was written since the last checkpoint.
    pub(super) is_fresh: bool,
    /// A bit for each byte.
    written: [u64; WORDS],
}

impl Touched {
    /// Notes that bytes were written. Pages that the chunk of that number does not list yet are handed to `list`.
    #[inline]
    pub(super) fn write(&mut self, addr: u64, len: u64, chunk: u64, mut list: impl FnMut(u32)) {
        let (mut at, end) = (addr, addr.saturating_add(len));
        while at < end {
            let page = self.page(number(at), chunk, &mut list);
            let from = place(at);
            let count = (PAGE - from).min(usize::try_from(end - at).unwrap_or(PAGE));
            page.mark(from, count);
            at += count as u64;
        }
    }

    /// Notes that bytes were read.
    #[inline]
    pub(super) fn read(&mut self, addr: u64, len: u64, chunk: u64, mut list: impl FnMut(u32)) {
        let first = number(addr);
        let last = number(addr.saturating_add(len.max(1) - 1));
        (first..=last).for_each(|page| {
            self.page(page, chunk, &mut list);
        });
    }

    /// The pages, in no order.
    pub(super) fn pages_mut(&mut self) -> &mut [TouchedPage] {
        &mut self.pages
    }

    /// Forgets all pages, and returns them in order.
    pub(super) fn take(&mut self) -> Vec<TouchedPage> {
        for page in &self.pages {
            let (leaf, entry) = split(page.number);
            if let Some(Some(leaf)) = self.directory.get_mut(leaf) {
                leaf[entry] = 0;
            }
        }
        let mut pages = std::mem::take(&mut self.pages);
        pages.sort_unstable_by_key(|page| page.number);
        pages
    }

    #[inline]
    fn page(&mut self, number: u32, chunk: u64, list: &mut impl FnMut(u32)) -> &mut TouchedPage {
        let (leaf, entry) = split(number);
        let known = match self.directory.get(leaf) {
            Some(Some(leaf)) => leaf[entry],
            _ => 0,
        };
        let place = if known == 0 { self.add(number) } else { known as usize - 1 };
        let page = &mut self.pages[place];
        if page.chunk != chunk {
            page.chunk = chunk;
            list(number);
        }
        page
    }

    #[cold]
    fn add(&mut self, number: u32) -> usize {
        let (leaf, entry) = split(number);
        if self.directory.len() <= leaf {
            self.directory.resize_with(leaf + 1, || None);
        }
        self.pages.push(TouchedPage { number, chunk: u64::MAX, is_fresh: false, written: [0; WORDS] });
        let place = self.pages.len();
        let leaf = self.directory[leaf].get_or_insert_with(|| Box::new([0; LEAF]));
        leaf[entry] = u32::try_from(place).expect("a memory has fewer pages");
        place - 1
    }
}

impl TouchedPage {
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

    /// The address of its first byte.
    pub(in crate::record) fn addr(&self) -> u64 {
        u64::from(self.number) * PAGE as u64
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

    /// Whether the byte at that offset was written.
    pub(in crate::record) fn has(&self, place: usize) -> bool {
        self.written[place / 64] >> (place % 64) & 1 == 1
    }

    /// The first byte from `at` on that was written, or was not.
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

/// As many low bits, of 64 at most and one at least.
#[inline]
fn bits(count: usize) -> u64 {
    u64::MAX >> (64 - count)
}

#[inline]
fn split(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / LEAF, number % LEAF)
}

/// The number of the page that holds an address. Accesses that were made lie below 4 GiB.
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
        let mut touched = Touched::default();
        let mut listed = Vec::new();
        for (addr, len) in [(0x5ffe, 4), (3, 1), (4, 8), (60, 8), (0x1000, 0x1000), (0x9000_0000, 2), (3, 2)] {
            touched.write(addr, len, 1, |page| listed.push(page));
        }
        touched.read(0x7fff, 2, 1, |page| listed.push(page));
        assert_eq!(listed, [5, 6, 0, 1, 0x90000, 7, 8], "each page is listed once");
        let runs: Vec<_> = touched
            .take()
            .iter()
            .flat_map(|page| page.runs().map(|run| (page.addr() + run.start as u64, run.len())).collect::<Vec<_>>())
            .collect();
        assert_eq!(runs, [(3, 9), (60, 8), (0x1000, 0x1000), (0x5ffe, 2), (0x6000, 2), (0x9000_0000, 2)]);
        assert!(touched.take().is_empty());
        touched.write(0, 1, 1, |page| listed.push(page));
        assert_eq!(touched.take().len(), 1, "a page can be written again");
    }
}
