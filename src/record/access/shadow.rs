//! A shadow of a memory, on which a guest's accesses are replayed: the memory as it was, and the pages accessed since.

use std::ops::Range;
use std::sync::Arc;

use super::page_index::{PageIndex, Recent};
use crate::record::image::Page;
use crate::record::{Image, PAGE};

/// One memory.
#[derive(Debug)]
pub(super) struct Shadow {
    /// The memory at the start.
    base: Image,
    pages: Vec<ShadowPage>,
    index: PageIndex,
    recent: Recent,
}

/// A page that was accessed.
#[derive(Debug)]
struct ShadowPage {
    number: u32,
    is_written: bool,
    /// The current contents.
    bytes: Box<Page>,
}

impl Shadow {
    /// Starts from a memory.
    pub(super) fn new(base: &Image) -> Shadow {
        Shadow { base: base.clone(), pages: Vec::new(), index: PageIndex::default(), recent: Recent::default() }
    }

    /// Sets the length in bytes.
    pub(super) fn resize(&mut self, len: u64) {
        self.base.resize(len);
    }

    /// Stores the low bytes (at most eight) of a number, and returns the previous ones.
    #[inline]
    pub(super) fn store(&mut self, addr: u64, width: usize, value: u64) -> u64 {
        let from = offset(addr);
        if from + 8 > PAGE || width > 8 || width == 0 {
            return self.store_across(addr, width.min(8), value);
        }
        let page = self.page(number(addr));
        page.is_written = true;
        let word: &mut [u8; 8] = page.bytes[from..].first_chunk_mut().expect("eight bytes follow");
        let (old, mask) = (u64::from_le_bytes(*word), u64::MAX >> (64 - 8 * width));
        *word = ((old & !mask) | (value & mask)).to_le_bytes();
        old & mask
    }

    #[cold]
    fn store_across(&mut self, addr: u64, width: usize, value: u64) -> u64 {
        let mut old = [0; 8];
        self.read(addr, &mut old[..width]);
        self.write(addr, &value.to_le_bytes()[..width]);
        u64::from_le_bytes(old)
    }

    /// Returns the bytes (at most 16) at an address, zero-extended.
    #[inline]
    pub(super) fn load(&mut self, addr: u64, width: usize) -> [u64; 2] {
        let from = offset(addr);
        if from + 8 <= PAGE && (1..=8).contains(&width) {
            let page = self.page(number(addr));
            let word: &[u8; 8] = page.bytes[from..].first_chunk().expect("eight bytes follow");
            return [u64::from_le_bytes(*word) & (u64::MAX >> (64 - 8 * width)), 0];
        }
        let mut bytes = [0; 16];
        self.read(addr, &mut bytes[..width.min(16)]);
        let (halves, _) = bytes.as_chunks();
        [u64::from_le_bytes(halves[0]), u64::from_le_bytes(halves[1])]
    }

    /// Writes bytes.
    pub(super) fn write(&mut self, addr: u64, bytes: &[u8]) {
        for (at, range) in pieces(addr, bytes.len()) {
            let page = self.page(number(at));
            page.is_written = true;
            page.bytes[offset(at)..][..range.len()].copy_from_slice(&bytes[range]);
        }
    }

    /// Copies the bytes at an address. Those past the end are zero.
    pub(super) fn read(&self, addr: u64, into: &mut [u8]) {
        for (at, range) in pieces(addr, into.len()) {
            let part = &mut into[range];
            match self.index.find(number(at)) {
                Some(page) => part.copy_from_slice(&self.pages[page].bytes[offset(at)..][..part.len()]),
                None => {
                    let read = self.base.read(at, part);
                    part[read..].fill(0);
                }
            }
        }
    }

    /// The memory as it is now.
    pub(super) fn into_image(self) -> Image {
        let Shadow { mut base, pages, .. } = self;
        for page in pages.into_iter().filter(|page| page.is_written) {
            base.put_page(page.number.into(), &Arc::from(page.bytes));
        }
        base
    }

    #[inline]
    fn page(&mut self, number: u32) -> &mut ShadowPage {
        let place = self.recent.find(number).unwrap_or_else(|| self.find(number));
        &mut self.pages[place]
    }

    #[inline(never)]
    fn find(&mut self, number: u32) -> usize {
        let place = self.index.find(number).unwrap_or_else(|| {
            let bytes = Box::new(*self.base.page(number.into()));
            self.pages.push(ShadowPage { number, is_written: false, bytes });
            self.index.add(number, self.pages.len() - 1);
            self.pages.len() - 1
        });
        self.recent.set(number, place);
        place
    }
}

/// Splits a range at page boundaries: the address of each piece, and its range of indices.
pub(super) fn pieces(addr: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = addr.saturating_add(done as u64);
        let count = (PAGE - offset(at)).min(len - done);
        done += count;
        (count > 0).then_some((at, done - count..done))
    })
}

/// The number of the page that contains an address. Addresses of successful accesses are below 4 GiB.
#[inline]
pub(super) fn number(addr: u64) -> u32 {
    u32::try_from(addr / PAGE as u64).unwrap_or(u32::MAX)
}

/// The offset of an address in its page.
#[inline]
pub(super) fn offset(addr: u64) -> usize {
    usize::try_from(addr % PAGE as u64).expect("less than a page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_return_the_bytes_before_them() {
        let mut base = Image::zeroed(1 << 20);
        base.write(0x5ff0, &[7; 32]);
        let mut shadow = Shadow::new(&base);
        for (addr, width, value) in [(0x5ffe, 4, 0x0403_0201_u64), (3, 1, 9), (4, 8, u64::MAX), (60, 8, 5), (3, 2, 1)] {
            let mut before = [0; 8];
            shadow.read(addr, &mut before[..width]);
            assert_eq!(shadow.store(addr, width, value), u64::from_le_bytes(before));
            base.write(addr, &value.to_le_bytes()[..width]);
        }
        assert_eq!(shadow.load(0x5ffd, 6), [0x0704_0302_0107, 0]);
        assert_eq!(shadow.load(0x5ffc, 16), [0x0707_0403_0201_0707, 0x0707_0707_0707_0707]);
        shadow.write(0xfff, &[3; 0x1001]);
        base.write(0xfff, &[3; 0x1001]);
        assert!(shadow.into_image() == base);
    }
}
