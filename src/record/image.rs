//! A snapshot of a linear memory. Snapshots share their pages until one of them changes.

use std::ops::Range;
use std::sync::Arc;

use super::summing::{BREATH, Patience};

/// Bytes in a page of an [`Image`]: the unit of sharing between snapshots and of comparing with live memory.
pub const PAGE: usize = 4096;

/// Bytes in a WebAssembly page: the unit in which linear memory grows.
pub const WASM_PAGE: u64 = 65_536;

/// Gaps of equal bytes shorter than this become part of a change, which is cheaper than a second change.
const GAP: usize = 32;

/// The bytes of a page.
pub(super) type Page = [u8; PAGE];

static ZEROES: Page = [0; PAGE];

/// Pages in a leaf of the directory: writing to a clone copies one leaf and the list of leaves.
const LEAF: usize = 512;

/// Consecutive pages.
type Leaf = [Option<Arc<Page>>; LEAF];

/// A snapshot of one linear memory.
///
/// A clone costs one reference count; writing to a clone copies only the pages written to. Pages that were always zero
/// take no space.
#[derive(Clone, Debug, Default)]
pub struct Image {
    len: u64,
    /// A leaf of zero pages takes no space either.
    leaves: Arc<Vec<Option<Arc<Leaf>>>>,
}

impl Image {
    /// Creates a memory of `len` zero bytes.
    pub fn zeroed(len: u64) -> Image {
        let mut image = Image::default();
        image.resize(len);
        image
    }

    /// The size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the memory has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Grows with zeroes, or shrinks, to `len` bytes.
    pub fn resize(&mut self, len: u64) {
        if len == self.len {
            return;
        }
        if len < self.len {
            self.clear_from(len);
        }
        let leaves = index(len.div_ceil((PAGE * LEAF) as u64));
        if leaves != self.leaves.len() {
            Arc::make_mut(&mut self.leaves).resize(leaves, None);
        }
        self.len = len;
    }

    /// Zeroes the bytes from `addr` to the end of its leaf.
    fn clear_from(&mut self, addr: u64) {
        let (leaf, first) = split(index(addr.div_ceil(PAGE as u64)));
        if let Some(Some(leaf)) = Arc::make_mut(&mut self.leaves).get_mut(leaf) {
            Arc::make_mut(leaf)[first..].fill(None);
        }
        let tail = index(addr % PAGE as u64);
        if tail > 0 && self.page_at(index(addr / PAGE as u64)).is_some() {
            self.page_mut(index(addr / PAGE as u64))[tail..].fill(0);
        }
    }

    /// The byte at `addr`, or `None` past the end.
    pub fn byte(&self, addr: u64) -> Option<u8> {
        (addr < self.len).then(|| self.page(addr / PAGE as u64)[index(addr % PAGE as u64)])
    }

    /// Copies the bytes at `addr` into `into`, and returns how many there were before the end.
    pub fn read(&self, addr: u64, into: &mut [u8]) -> usize {
        let wanted = index(self.len.saturating_sub(addr).min(into.len() as u64));
        let mut done = 0;
        while done < wanted {
            let at = addr + done as u64;
            let from = index(at % PAGE as u64);
            let count = (PAGE - from).min(wanted - done);
            let page = self.page(at / PAGE as u64);
            into[done..done + count].copy_from_slice(&page[from..from + count]);
            done += count;
        }
        wanted
    }

    /// Writes `bytes` at `addr`. Bytes past the end are dropped.
    pub fn write(&mut self, addr: u64, bytes: &[u8]) {
        let wanted = index(self.len.saturating_sub(addr).min(bytes.len() as u64));
        let mut done = 0;
        while done < wanted {
            let at = addr + done as u64;
            let from = index(at % PAGE as u64);
            let count = (PAGE - from).min(wanted - done);
            let page = self.page_mut(index(at / PAGE as u64));
            page[from..from + count].copy_from_slice(&bytes[done..done + count]);
            done += count;
        }
    }

    /// Updates the image to equal `live`, which must have the same length, and passes each differing range to `found`
    /// as (address, old, new). Ends early where there is no more time, and returns whether it did not.
    ///
    /// A range begins and ends with a differing byte, does not cross a page of [`PAGE`] bytes, and may contain a few
    /// equal bytes. Otherwise a guest that changes every other byte would cost thirty times its memory.
    pub fn absorb(&mut self, live: &[u8], patience: Patience<'_>, found: impl FnMut(u64, &[u8], &[u8])) -> bool {
        self.absorb_numbers(0..live.len().div_ceil(PAGE), live, patience, found)
    }

    /// Like [`Image::absorb`], for a memory that is zero outside these ranges.
    pub(super) fn absorb_pages(
        &mut self,
        live: &[u8],
        ranges: &[Range<u64>],
        patience: Patience<'_>,
        found: impl FnMut(u64, &[u8], &[u8]),
    ) -> bool {
        let inside = ranges.iter().filter(|range| range.start < range.end.min(self.len));
        let pages = inside.flat_map(|range| range.start / PAGE as u64..range.end.min(self.len).div_ceil(PAGE as u64));
        let mut numbers: Vec<_> = pages.chain(self.touched().map(|(number, _)| number)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.absorb_numbers(numbers.into_iter().map(index), live, patience, found)
    }

    /// Like [`Image::absorb`], for a memory that can differ in these ranges only. They are in order.
    pub(super) fn absorb_ranges(
        &mut self,
        live: &[u8],
        ranges: &[Range<u64>],
        patience: Patience<'_>,
        found: impl FnMut(u64, &[u8], &[u8]),
    ) -> bool {
        let len = self.len;
        let pages = |range: &Range<u64>| range.start / PAGE as u64..range.end.min(len).div_ceil(PAGE as u64);
        self.absorb_numbers(ranges.iter().flat_map(pages).map(index), live, patience, found)
    }

    /// Like [`Image::absorb`], for pages of these numbers.
    fn absorb_numbers(
        &mut self,
        numbers: impl Iterator<Item = usize>,
        live: &[u8],
        patience: Patience<'_>,
        mut found: impl FnMut(u64, &[u8], &[u8]),
    ) -> bool {
        numbers.enumerate().all(|(count, number)| {
            let goes_on = count % BREATH != 0 || patience();
            if goes_on {
                self.absorb_page(number, live, &mut found);
            }
            goes_on
        })
    }

    fn absorb_page(&mut self, number: usize, live: &[u8], found: &mut impl FnMut(u64, &[u8], &[u8])) {
        assert_eq!(live.len() as u64, self.len, "the image is resized before it is compared");
        let start = number * PAGE;
        let new = &live[start..live.len().min(start + PAGE)];
        let old: &[u8] = match self.page_at(number) {
            Some(page) => &page[..new.len()],
            None => &ZEROES[..new.len()],
        };
        if old == new {
            return;
        }
        for run in stretches(old, new) {
            found((start + run.start) as u64, &old[run.clone()], &new[run]);
        }
        self.page_mut(number)[..new.len()].copy_from_slice(new);
    }

    /// The pages of [`PAGE`] bytes that are not known to be zero, with their numbers.
    pub fn touched(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        let leaves = (0..).zip(self.leaves.iter()).filter_map(|(number, leaf)| Some((number, leaf.as_ref()?)));
        leaves.flat_map(|(number, leaf)| {
            let first = number * LEAF as u64;
            (first..).zip(leaf.iter()).filter_map(|(number, page)| Some((number, &**page.as_ref()?)))
        })
    }

    /// Whether the page of [`PAGE`] bytes that contains `addr` was always zero.
    pub fn is_untouched(&self, addr: u64) -> bool {
        self.page_at(index(addr / PAGE as u64)).is_none()
    }

    /// Whether the page of [`PAGE`] bytes that contains `addr` is shared with another image, and so unchanged. Pages
    /// that are not shared may still be equal.
    pub fn shares(&self, other: &Image, addr: u64) -> bool {
        let number = index(addr / PAGE as u64);
        match (self.page_at(number), other.page_at(number)) {
            (Some(page), Some(other)) => Arc::ptr_eq(page, other),
            (page, other) => page.is_none() && other.is_none(),
        }
    }

    /// Whether the page of [`PAGE`] bytes that contains `addr` repeats its first `width` bytes.
    pub fn repeats(&self, addr: u64, width: usize) -> bool {
        match self.page_at(index(addr / PAGE as u64)) {
            Some(page) => page[width..] == page[..PAGE - width],
            _ => true,
        }
    }

    /// The page with this number; zeroes past the end.
    pub(super) fn page(&self, number: u64) -> &Page {
        self.page_at(index(number)).map_or(&ZEROES, |page| page)
    }

    /// The page with this number, to be shared. `None` if it is known to be zero.
    pub(super) fn shared_page(&self, number: u64) -> Option<Arc<Page>> {
        self.page_at(index(number)).cloned()
    }

    /// The page with this number, unless it is known to be zero.
    fn page_at(&self, number: usize) -> Option<&Arc<Page>> {
        let (leaf, place) = split(number);
        self.leaves.get(leaf)?.as_ref()?[place].as_ref()
    }

    fn page_mut(&mut self, number: usize) -> &mut Page {
        let page = self.entry_mut(number);
        Arc::make_mut(page.get_or_insert_with(|| Arc::new(ZEROES)))
    }

    /// Replaces a page by a shared one, if it is within the memory.
    pub(super) fn put_page(&mut self, number: u64, page: &Arc<Page>) {
        if number < self.len.div_ceil(PAGE as u64) {
            *self.entry_mut(index(number)) = Some(page.clone());
        }
    }

    /// Copies a page from live memory, if it is within both.
    pub(super) fn copy_page(&mut self, number: u64, live: &[u8]) {
        let start = index(number).saturating_mul(PAGE);
        if let Some(&page) = live.get(start..).and_then(|rest| rest.first_chunk()) {
            self.put_page(number, &Arc::new(page));
        }
    }

    fn entry_mut(&mut self, number: usize) -> &mut Option<Arc<Page>> {
        let (leaf, place) = split(number);
        let leaf = &mut Arc::make_mut(&mut self.leaves)[leaf];
        &mut Arc::make_mut(leaf.get_or_insert_with(|| Arc::new([const { None }; LEAF])))[place]
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Image) -> bool {
        self.len == other.len && (0..self.len.div_ceil((PAGE * LEAF) as u64)).all(|leaf| self.is_equal_in(other, leaf))
    }
}

impl Image {
    /// Whether a leaf has the same pages in another image of the same length.
    fn is_equal_in(&self, other: &Image, leaf: u64) -> bool {
        let leaves = [self, other].map(|image| image.leaves.get(index(leaf)).and_then(Option::as_ref));
        let is_shared = match leaves {
            [Some(leaf), Some(other)] => Arc::ptr_eq(leaf, other),
            [leaf, other] => leaf.is_none() && other.is_none(),
        };
        let first = leaf * LEAF as u64;
        is_shared || (first..first + LEAF as u64).all(|number| self.page(number) == other.page(number))
    }
}

impl Eq for Image {}

/// The ranges that cover all differing bytes of two slices, in order, separated by at least [`GAP`] equal bytes.
fn stretches<'a>(old: &'a [u8], new: &'a [u8]) -> impl Iterator<Item = Range<usize>> + 'a {
    let mut differing = (0..old.len()).filter(|&i| old[i] != new[i]).peekable();
    std::iter::from_fn(move || {
        let start = differing.next()?;
        let mut end = start + 1;
        while let Some(next) = differing.next_if(|&next| next < end + GAP) {
            end = next + 1;
        }
        Some(start..end)
    })
}

/// The leaf of a page, and its index there.
fn split(number: usize) -> (usize, usize) {
    (number / LEAF, number % LEAF)
}

/// An address or a page number as an index. Memories are at most 4 GiB, which every 64-bit host can index.
fn index(n: u64) -> usize {
    usize::try_from(n).expect("linear memory fits the address space")
}
