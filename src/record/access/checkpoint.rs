//! The pages of a guest's memories as they were between two accesses: where replaying can start.

use std::sync::Arc;

use super::super::image::Page;
use super::super::{Image, Memories, PAGE};
use super::chunk::key_page;

/// Memories as they were before an access. One at the start of a segment has the pages that the segment touched; a later
/// one has the pages that the segment wrote before it, and applies to the memories at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Checkpoint {
    /// The number of the access.
    pub(super) at: u64,
    /// The pages, sorted by key. A page that is zero may be missing.
    pub(super) pages: Vec<(u32, Arc<Page>)>,
    /// The sizes of the memories in bytes.
    pub(super) lens: Vec<u64>,
    /// Memory cost in bytes, without the pages of an earlier checkpoint that it shares.
    pub(super) cost: usize,
}

impl Checkpoint {
    /// Creates a checkpoint of pages in any order, so many of which are its own.
    pub(super) fn new(at: u64, mut pages: Vec<(u32, Arc<Page>)>, lens: Vec<u64>, own: usize) -> Checkpoint {
        pages.sort_unstable_by_key(|&(key, _)| key);
        let cost = own * PAGE + pages.len() * size_of::<(u32, Arc<Page>)>();
        Checkpoint { at, pages, lens, cost }
    }

    /// The number of the access that it precedes.
    pub(in super::super) fn at(&self) -> u64 {
        self.at
    }

    /// Takes memories from the start of the segment to this checkpoint.
    pub(in super::super) fn apply(&self, memories: &mut Memories) {
        memories.iter_mut().zip(&self.lens).for_each(|(memory, &len)| memory.resize(len));
        for (key, page) in &self.pages {
            let (memory, number) = key_page(*key);
            if let Some(memory) = memories.get_mut(memory) {
                memory.put_page(number, page);
            }
        }
    }

    /// The memories at the start of a segment, as far as the segment touches them.
    pub(super) fn memories(&self) -> Memories {
        let mut memories = self.lens.iter().map(|&len| Image::zeroed(len)).collect();
        self.apply(&mut memories);
        memories
    }

    /// The page with this key.
    pub(super) fn page(&self, key: u32) -> Option<&Arc<Page>> {
        let place = self.pages.binary_search_by_key(&key, |&(key, _)| key).ok()?;
        Some(&self.pages[place].1)
    }
}
