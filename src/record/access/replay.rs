//! Replays the accesses of a log on copies of the memories, which tells what each of them found there.

use std::borrow::Cow;
use std::ops::Range;

use super::super::{Memories, WASM_PAGE};
use super::chunk::Chunk;
use super::shadow::Shadow;
use super::site::{Site, SiteKind};
use super::values::Values;

/// Memories on which accesses are replayed.
#[derive(Debug)]
pub(super) struct Replay {
    shadows: Vec<Shadow>,
}

impl Replay {
    /// Starts from the memories before an access.
    pub(super) fn new(memories: &Memories) -> Replay {
        Replay { shadows: memories.iter().map(Shadow::new).collect() }
    }

    /// The memories after the accesses.
    pub(super) fn into_memories(self) -> Memories {
        self.shadows.into_iter().map(Shadow::into_image).collect()
    }

    /// Makes the accesses of a chunk with these indices. What they find is added to `values`, where that is given, but
    /// for the bytes of the bulk operations with the `unkept` numbers.
    pub(super) fn make(
        &mut self,
        (sites, unkept): (&[Site], &[u64]),
        chunk: &Chunk,
        places: Range<usize>,
        mut values: Option<&mut Values>,
    ) {
        for place in places {
            let record = &chunk.records[place];
            let Some(site) = sites.get(record.site()) else { continue };
            let Some(shadow) = self.shadows.get_mut(site.memory as usize) else { continue };
            let (addr, width) = (u64::from(record.addr), usize::from(site.width));
            let old = match site.kind {
                SiteKind::Store | SiteKind::Exchange => shadow.store(addr, width, u64::from_le_bytes(record.value)),
                SiteKind::Load if width > 8 => {
                    if let Some(values) = &mut values {
                        values.push_wide(shadow.load(addr, width));
                    }
                    continue;
                }
                SiteKind::Load | SiteKind::Compare if values.is_none() => continue,
                SiteKind::Load | SiteKind::Compare => shadow.load(addr, width)[0],
                SiteKind::Grow => {
                    shadow.resize(record.high() * WASM_PAGE);
                    0
                }
                SiteKind::Copy | SiteKind::Fill | SiteKind::Init => {
                    let is_kept = values.is_some() && unkept.binary_search(&(chunk.first + place as u64)).is_err();
                    let bytes = self.bulk(site, chunk, place, is_kept);
                    if let Some(values) = &mut values {
                        values.push_bulk(bytes);
                    }
                    continue;
                }
            };
            if let Some(values) = &mut values {
                values.push(old);
            }
        }
    }

    /// Makes a bulk operation. Returns the bytes before, then those after, if they `are_kept`.
    fn bulk(&mut self, site: &Site, chunk: &Chunk, place: usize, are_kept: bool) -> Option<Box<[u8]>> {
        let record = &chunk.records[place];
        let (addr, len) = (u64::from(record.addr), usize::try_from(record.low()).ok()?);
        let known = chunk.bulk(place).map(|bytes| &bytes[len..]).or(chunk.init(place));
        let new: Cow<'_, [u8]> = match (known, site.kind) {
            (Some(bytes), _) => bytes.into(),
            (None, SiteKind::Copy) => {
                let mut bytes = vec![0; len];
                self.shadows.get(site.source as usize)?.read(chunk.source(place)?, &mut bytes);
                bytes.into()
            }
            (None, SiteKind::Fill) => vec![record.value[4]; len].into(),
            (None, _) => return None,
        };
        let shadow = &mut self.shadows[site.memory as usize];
        let old_then_new = are_kept.then(|| {
            let mut bytes = vec![0; 2 * len];
            let (old, after) = bytes.split_at_mut(len);
            shadow.read(addr, old);
            after.copy_from_slice(&new);
            bytes.into()
        });
        shadow.write(addr, &new);
        old_then_new
    }
}
