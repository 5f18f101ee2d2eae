//! Finds pages by their numbers.

/// Pages in a leaf of the directory.
const LEAF: usize = 512;
/// Number of pages that are found without the directory.
const RECENT: usize = 64;

/// The places of pages in a list, by their numbers: a directory of two levels.
#[derive(Debug, Default)]
pub(super) struct PageIndex(
    /// For each page, its place plus one, or 0.
    Vec<Option<Box<[u32; LEAF]>>>,
);

impl PageIndex {
    /// The place of a page, if it is in the list.
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        let (leaf, entry) = split(number);
        let place = self.0.get(leaf)?.as_ref()?[entry];
        (place as usize).checked_sub(1)
    }

    /// Sets the place of a page that was added to the list.
    pub(super) fn add(&mut self, number: u32, place: usize) {
        *self.entry(number) = index(place) + 1;
    }

    /// Forgets a page.
    pub(super) fn remove(&mut self, number: u32) {
        *self.entry(number) = 0;
    }

    fn entry(&mut self, number: u32) -> &mut u32 {
        let (leaf, entry) = split(number);
        if self.0.len() <= leaf {
            self.0.resize_with(leaf + 1, || None);
        }
        &mut self.0[leaf].get_or_insert_with(|| Box::new([0; LEAF]))[entry]
    }
}

/// For each low part of a page number, the page with it that was found last, as number and place. Finding one here takes
/// less time than in an index.
#[derive(Clone, Debug)]
pub(super) struct Recent([(u32, u32); RECENT]);

impl Default for Recent {
    fn default() -> Recent {
        // No page has this number.
        Recent([(u32::MAX, 0); RECENT])
    }
}

impl Recent {
    /// The place of a page, if it is known here.
    #[inline]
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        let (known, place) = self.0[number as usize % RECENT];
        (known == number).then_some(place as usize)
    }

    /// Sets the place of a page.
    pub(super) fn set(&mut self, number: u32, place: usize) {
        self.0[number as usize % RECENT] = (number, index(place));
    }
}

fn split(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / LEAF, number % LEAF)
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a memory has fewer pages")
}
