//! What a guest did with a line in a trial, as its memory accesses show.

use std::ops::Range;

use crate::record::{AccessLog, joined};

/// How many bytes of a line, and how many writes, are looked at.
const LONGEST: usize = 1 << 16;

/// What the transform read and wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// How many bytes the host wrote for the line.
    pub(super) line: usize,
    /// How many of them the transform read.
    pub(super) read: usize,
    /// Whether the transform also read the byte after them: it looks for a zero byte.
    pub(super) reads_on: bool,
    /// The ranges that the guest wrote during the transform, in order of address.
    pub(super) written: Vec<Range<u64>>,
}

impl Seen {
    /// What is seen in the accesses of a call, where the host had written the line there.
    pub(super) fn of(accesses: &AccessLog, line: &Range<u64>, memory: usize) -> Seen {
        let mut read = vec![false; usize::try_from(line.end - line.start).unwrap_or(0).min(LONGEST)];
        let (mut written, mut reads_on) = (Vec::new(), false);
        for access in accesses.iter() {
            if access.site.kind.writes() && access.site.memory as usize == memory && written.len() < LONGEST {
                written.push(access.addr..access.addr + access.len);
            }
            let reads = access.site.kind.reads().then_some((access.site.memory, access.addr));
            let copies = access.source.map(|source| (access.site.source, source));
            if let Some((_, addr)) = reads.or(copies).filter(|(from, _)| *from as usize == memory) {
                let range = addr..addr.saturating_add(access.len);
                reads_on |= range.contains(&line.end);
                mark(&mut read, line, range);
            }
        }
        let count = read.iter().filter(|is_read| **is_read).count();
        Seen { line: read.len(), read: count, reads_on, written: joined(written) }
    }

    /// Whether the transform read the whole line. The guest need not read a zero byte at its end.
    pub(super) fn reads_all(&self) -> bool {
        self.read > 0 && self.read + 2 >= self.line
    }

    /// Whether the guest wrote all of a range during the transform.
    pub(super) fn wrote(&self, range: &Range<u64>) -> bool {
        let before = self.written.partition_point(|written| written.start <= range.start);
        before.checked_sub(1).is_some_and(|place| self.written[place].end >= range.end)
    }
}

/// Marks the bytes of `whole` that are in `part`.
fn mark(marks: &mut [bool], whole: &Range<u64>, part: Range<u64>) {
    let (start, end) = (part.start.max(whole.start), part.end.min(whole.end));
    if start < end {
        let at = |addr: u64| usize::try_from(addr - whole.start).unwrap_or(marks.len());
        let (start, end) = (at(start).min(marks.len()), at(end).min(marks.len()));
        marks[start..end].fill(true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_joined_and_marked() {
        assert_eq!(joined(vec![8..9, 0..4, 4..6, 2..3]), [0..6, 8..9]);
        let seen = Seen { line: 5, read: 5, reads_on: false, written: vec![0..6, 8..9] };
        assert!(seen.wrote(&(1..6)) && !seen.wrote(&(5..9)) && !seen.wrote(&(6..7)));
        let mut marks = [false; 4];
        mark(&mut marks, &(10..14), 12..20);
        assert_eq!(marks, [false, false, true, true]);
    }
}
