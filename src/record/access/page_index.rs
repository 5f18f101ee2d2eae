//! Finds pages by their numbers: a directory of two levels.

/// Pages in a leaf of the directory.
const LEAF: usize = 512;
/// Number of pages that are found without the directory.
const RECENT: usize = 64;
/// No page has this number.
const NONE: (u32, u32) = (u32::MAX, 0);

/// The places of pages in a list, by their numbers.
#[derive(Debug)]
pub(super) struct PageIndex {
    /// For each page, its place plus one, or 0.
    leaves: Vec<Option<Box<[u32; LEAF]>>>,
    /// For each low part of a page number, the page with it that was found last, as number and place.
    recent: [(u32, u32); RECENT],
}

impl Default for PageIndex {
    fn default() -> PageIndex {
        PageIndex { leaves: Vec::new(), recent: [NONE; RECENT] }
    }
}

impl PageIndex {
    /// The place of a page; `add` adds it to the list if it is not there, and returns its place.
    #[inline]
    pub(super) fn find_or_add(&mut self, number: u32, add: impl FnOnce() -> usize) -> usize {
        match self.recent[number as usize % RECENT] {
            (recent, place) if recent == number => place as usize,
            _ => self.find_slowly(number, add),
        }
    }

    #[inline(never)]
    fn find_slowly(&mut self, number: u32, add: impl FnOnce() -> usize) -> usize {
        let place = self.find(number).unwrap_or_else(|| {
            let place = add();
            *self.entry(number) = index(place) + 1;
            place
        });
        self.recent[number as usize % RECENT] = (number, index(place));
        place
    }

    /// The place of a page, if it is in the list.
    pub(super) fn find(&self, number: u32) -> Option<usize> {
        let (leaf, entry) = split(number);
        let place = self.leaves.get(leaf)?.as_ref()?[entry];
        (place as usize).checked_sub(1)
    }

    /// Forgets these pages, which are all that the list has.
    pub(super) fn clear(&mut self, numbers: impl Iterator<Item = u32>) {
        numbers.for_each(|number| *self.entry(number) = 0);
        self.recent = [NONE; RECENT];
    }

    fn entry(&mut self, number: u32) -> &mut u32 {
        let (leaf, entry) = split(number);
        if self.leaves.len() <= leaf {
            self.leaves.resize_with(leaf + 1, || None);
        }
        &mut self.leaves[leaf].get_or_insert_with(|| Box::new([0; LEAF]))[entry]
    }
}

fn split(number: u32) -> (usize, usize) {
    let number = number as usize;
    (number / LEAF, number % LEAF)
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("a memory has fewer pages")
}
