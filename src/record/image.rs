//! A linear memory at one moment, in pages that moments share until one of them changes.

use std::sync::Arc;

/// Bytes in a page of an [`Image`]: the unit that is shared between moments and compared with the live memory.
pub const PAGE: usize = 4096;

/// Bytes in a WebAssembly page: the unit in which linear memory grows.
pub const WASM_PAGE: u64 = 65_536;

/// Fewer equal bytes than this between two differing ones are remembered with them: it costs less than a second
/// change would.
const GAP: usize = 32;

type Page = [u8; PAGE];

static ZEROES: Page = [0; PAGE];

/// The bytes of one linear memory at one moment.
///
/// A clone costs one reference count; writing to a clone copies only the pages written to. A page that was
/// never anything but zero takes no room.
#[derive(Clone, Debug, Default)]
pub struct Image {
    len: u64,
    pages: Arc<Vec<Option<Arc<Page>>>>,
}

impl Image {
    /// A memory of `len` zero bytes.
    pub fn zeroed(len: u64) -> Image {
        let mut image = Image::default();
        image.resize(len);
        image
    }

    /// The size in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the memory has no bytes at all.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Grows with zeroes, or shrinks, to `len` bytes.
    pub fn resize(&mut self, len: u64) {
        if len == self.len {
            return;
        }
        let pages = Arc::make_mut(&mut self.pages);
        pages.resize(index(len.div_ceil(PAGE as u64)), None);
        let tail = index(len % PAGE as u64);
        if let (true, Some(Some(last))) = (tail > 0, pages.last_mut()) {
            Arc::make_mut(last)[tail..].fill(0);
        }
        self.len = len;
    }

    /// The byte at `addr`, or `None` past the end.
    pub fn byte(&self, addr: u64) -> Option<u8> {
        (addr < self.len).then(|| self.page(addr / PAGE as u64)[index(addr % PAGE as u64)])
    }

    /// Copies the bytes from `addr` on into `into`, and returns how many there were before the end.
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

    /// Puts `bytes` at `addr`. What would lie past the end is dropped.
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

    /// Takes over what differs in `live`, which must be as long as this image, and hands each stretch of
    /// difference to `found` as (address, old, new).
    ///
    /// A stretch begins and ends with a byte that differs, lies inside one page of [`PAGE`] bytes, and may hold
    /// a few equal bytes in between: a guest that changes every other byte would else cost thirty times its
    /// memory to remember.
    pub fn absorb(&mut self, live: &[u8], mut found: impl FnMut(u64, &[u8], &[u8])) {
        assert_eq!(live.len() as u64, self.len, "the image is resized before it is compared");
        for (number, new) in live.chunks(PAGE).enumerate() {
            let old: &[u8] = match &self.pages[number] {
                Some(page) => &page[..new.len()],
                None => &ZEROES[..new.len()],
            };
            if old == new {
                continue;
            }
            for run in stretches(old, new) {
                found((number * PAGE + run.start) as u64, &old[run.clone()], &new[run]);
            }
            self.page_mut(number)[..new.len()].copy_from_slice(new);
        }
    }

    /// The pages of [`PAGE`] bytes that are not known to be all zero, each with its number.
    pub fn touched(&self) -> impl Iterator<Item = (u64, &[u8; PAGE])> {
        (0..).zip(self.pages.iter()).filter_map(|(number, page)| Some((number, &**page.as_ref()?)))
    }

    /// Whether the page of [`PAGE`] bytes that holds `addr` was never anything but zero.
    pub fn is_untouched(&self, addr: u64) -> bool {
        self.pages.get(index(addr / PAGE as u64)).is_none_or(Option::is_none)
    }

    /// Whether the page of [`PAGE`] bytes that holds `addr` is one and the same in another image: then it has not
    /// changed. A page that is not may be equal still.
    pub fn shares(&self, other: &Image, addr: u64) -> bool {
        let number = index(addr / PAGE as u64);
        match (self.pages.get(number).unwrap_or(&None), other.pages.get(number).unwrap_or(&None)) {
            (Some(page), Some(other)) => Arc::ptr_eq(page, other),
            (page, other) => page.is_none() && other.is_none(),
        }
    }

    /// Whether all stretches of `width` bytes are equal in the page of [`PAGE`] bytes that holds `addr`.
    pub fn repeats(&self, addr: u64, width: usize) -> bool {
        match self.pages.get(index(addr / PAGE as u64)) {
            Some(Some(page)) => page[width..] == page[..PAGE - width],
            _ => true,
        }
    }

    fn page(&self, number: u64) -> &Page {
        self.pages[index(number)].as_deref().unwrap_or(&ZEROES)
    }

    fn page_mut(&mut self, number: usize) -> &mut Page {
        let page = &mut Arc::make_mut(&mut self.pages)[number];
        Arc::make_mut(page.get_or_insert_with(|| Arc::new(ZEROES)))
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Image) -> bool {
        self.len == other.len && (0..self.pages.len() as u64).all(|number| self.page(number) == other.page(number))
    }
}

impl Eq for Image {}

/// The ranges that cover all bytes in which two slices differ, in order, with [`GAP`] equal bytes or more
/// between them.
fn stretches<'a>(old: &'a [u8], new: &'a [u8]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
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

/// An address or a page number as an index. Memories are at most 4 GiB, which every 64-bit host can index.
fn index(n: u64) -> usize {
    usize::try_from(n).expect("linear memory fits the address space")
}
