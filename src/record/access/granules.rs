//! A summary of the addresses that a chunk of records touches: a search skips chunks that cannot have what it looks for.

use std::ops::Range;
use std::sync::OnceLock;

use super::stored::Record;

/// Bytes in a granule.
const GRANULE: u64 = 16;
/// Number of bits. Granules that are so many apart share one.
const BITS: u64 = 1 << 15;
/// Longest range that is looked up granule by granule.
const LONGEST: u64 = 64 * GRANULE;
/// Bytes of a summary.
const SIZE: usize = (BITS / 8) as usize;
/// How many records have one. Fewer are looked at as fast, and take less memory than a summary of them.
const MANY: usize = SIZE / size_of::<Record>();

/// A bit for each granule that is touched, made when it is first needed.
#[derive(Clone, Debug, Default)]
pub(super) struct Granules(OnceLock<Box<[u64]>>);

impl Granules {
    /// Whether one of the records may touch a byte of `range`, in some memory. The records are always the same, and so
    /// are the sources of copies, by the indices of their records.
    pub(super) fn may_touch(&self, records: &[Record], sources: &[(u32, u32)], range: &Range<u64>) -> bool {
        if range.end.saturating_sub(range.start) > LONGEST || records.len() < MANY {
            return true;
        }
        let bits = self.0.get_or_init(|| summary(records, sources));
        (range.start / GRANULE..=range.end.saturating_sub(1) / GRANULE).any(|granule| {
            let (word, bit) = split(granule);
            bits[word] >> bit & 1 == 1
        })
    }
}

/// What the summary of that many records costs, whether it was needed yet or not.
pub(super) fn cost(records: usize) -> usize {
    if records < MANY { 0 } else { SIZE }
}

/// It follows from the records.
impl PartialEq for Granules {
    fn eq(&self, _: &Granules) -> bool {
        true
    }
}

impl Eq for Granules {}

fn summary(records: &[Record], sources: &[(u32, u32)]) -> Box<[u64]> {
    let mut bits = vec![0_u64; split(BITS - 1).0 + 1];
    let mut set = |granule: u64| {
        let (word, bit) = split(granule);
        bits[word] |= 1 << bit;
    };
    for record in records {
        let first = u64::from(record.addr) / GRANULE;
        if !record.is_long() {
            // An access touches at most as many bytes as a granule has, and so two granules.
            set(first);
            set(first + 1);
        } else {
            let last = u64::from(record.addr).saturating_add(record.low()) / GRANULE;
            (first..=last).take(1 << 15).for_each(&mut set);
        }
    }
    for &(index, source) in sources {
        let len = records.get(index as usize).map_or(0, Record::low);
        let last = u64::from(source).saturating_add(len) / GRANULE;
        (u64::from(source) / GRANULE..=last).take(1 << 15).for_each(&mut set);
    }
    bits.into()
}

/// The word and the bit of a granule.
fn split(granule: u64) -> (usize, u32) {
    let bit = u32::try_from(granule % BITS).expect("fewer than 2^32 bits");
    ((bit / 64) as usize, bit % 64)
}
