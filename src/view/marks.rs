//! Which bytes a part of the timeline changed, and who last changed each.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::record::{Actor, Change, Evidence, Image, Memories, PAGE, differ_throughout};

/// What happened to one byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mark {
    /// Nothing known.
    #[default]
    None,
    /// It has another value now.
    Changed(Actor),
    /// It was written with its old value.
    Rewritten(Actor),
}

impl Mark {
    /// Who is known to have written the byte.
    pub fn actor(self) -> Option<Actor> {
        match self {
            Mark::None => None,
            Mark::Changed(by) | Mark::Rewritten(by) => Some(by),
        }
    }
}

/// The marks of one page of memory.
#[derive(Clone, Debug)]
struct Page {
    marks: Cells,
    /// Number of ranges of changed bytes that begin before this page.
    ranges_before: usize,
    /// Number of ranges that begin in it.
    ranges: usize,
    /// Whether all of its bytes were changed, by one actor.
    full: bool,
}

impl Page {
    /// The offsets of the rows that contain a mark, in order.
    fn rows(&self, width: usize) -> impl Iterator<Item = usize> + '_ {
        let mut from = 0;
        std::iter::from_fn(move || {
            let row = self.marks.next(from)? / width * width;
            from = row + width;
            Some(row)
        })
    }
}

/// The marks of a page's bytes. Guests that fill or move much memory leave many pages with a single mark.
#[derive(Clone, Debug)]
enum Cells {
    All(Mark),
    /// Those that are marked, by their places in order; the others are not.
    Few(Vec<(u16, Mark)>),
    Each(Box<[Mark; PAGE]>),
}

/// Maximum number of marks that are kept one by one: fewer bytes than one for each place.
const FEW: usize = 256;

impl Cells {
    fn at(&self, place: usize) -> Mark {
        match self {
            Cells::All(mark) => *mark,
            Cells::Few(marks) => {
                marks.binary_search_by_key(&place, |(at, _)| (*at).into()).map_or(Mark::None, |found| marks[found].1)
            }
            Cells::Each(marks) => marks[place],
        }
    }

    fn each(&mut self) -> &mut [Mark; PAGE] {
        let cells = match self {
            Cells::All(mark) => Some([*mark; PAGE]),
            Cells::Few(marks) => {
                let mut cells = [Mark::None; PAGE];
                marks.iter().for_each(|&(place, mark)| cells[usize::from(place)] = mark);
                Some(cells)
            }
            Cells::Each(_) => None,
        };
        if let Some(cells) = cells {
            *self = Cells::Each(Box::new(cells));
        }
        match self {
            Cells::Each(marks) => marks,
            _ => unreachable!("it was made so"),
        }
    }

    /// Marks a range of the page's bytes.
    fn mark(&mut self, range: Range<usize>, mark: Mark) {
        if range.len() == PAGE {
            *self = Cells::All(mark);
            return;
        }
        if matches!(self, Cells::All(Mark::None)) {
            *self = Cells::Few(Vec::new());
        }
        if let Cells::Few(marks) = self
            && marks.len() + range.len() <= FEW
        {
            let inside = |end: usize| marks.partition_point(|(place, _)| usize::from(*place) < end);
            let replaced = inside(range.start)..inside(range.end);
            marks.splice(replaced, range.filter_map(|place| Some((u16::try_from(place).ok()?, mark))));
            return;
        }
        self.each()[range].fill(mark);
    }

    /// The first marked place at or after this one.
    fn next(&self, from: usize) -> Option<usize> {
        match self {
            Cells::All(Mark::None) => None,
            Cells::All(_) => (from < PAGE).then_some(from),
            Cells::Few(marks) => {
                let found = marks.partition_point(|(place, _)| usize::from(*place) < from);
                marks.get(found).map(|(place, _)| usize::from(*place))
            }
            Cells::Each(marks) => (from..PAGE).find(|&place| marks[place] != Mark::None),
        }
    }

    /// The marked places, in order.
    fn marked(&self) -> impl Iterator<Item = usize> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let place = self.next(from)?;
            from = place + 1;
            Some(place)
        })
    }

    /// The places with their marks, in order, to be changed. Those that are not marked may be left out.
    fn places(&mut self) -> Box<dyn Iterator<Item = (usize, &mut Mark)> + '_> {
        match self {
            Cells::Few(marks) => Box::new(marks.iter_mut().map(|(place, mark)| (usize::from(*place), mark))),
            other => Box::new(other.each().iter_mut().enumerate()),
        }
    }

    /// Takes less memory if few bytes are marked.
    fn shrink(&mut self) {
        let Cells::Each(marks) = self else { return };
        let marked = (0..).zip(marks.iter()).filter(|(_, mark)| **mark != Mark::None);
        let few: Vec<(u16, Mark)> = marked.take(FEW + 1).map(|(place, &mark)| (place, mark)).collect();
        if few.len() <= FEW {
            *self = Cells::Few(few);
        }
    }
}

/// The marks of one memory, for the part of the timeline between two moments.
///
/// Only written pages take memory, and the time of a look-up does not depend on their number.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    pages: BTreeMap<u64, Page>,
    grown: Option<(u64, u64)>,
    /// Who made it grow first.
    grown_by: Option<Actor>,
    /// For each actor, whether any of its changes were found by comparing.
    compared: [bool; 3],
    /// For each actor, whether values of any of its changes are not kept.
    bare: [bool; 3],
    /// For each actor, the bytes that it changed, and those that it is known to have written, a superset.
    changed: [Extent; 3],
    written: [Extent; 3],
    ranges: usize,
}

/// The number and extent of a set of bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many bytes.
    pub bytes: usize,
    /// Number of contiguous ranges.
    pub ranges: usize,
    /// From the first byte to the address after the last.
    pub span: Option<(u64, u64)>,
}

impl Extent {
    /// Adds bytes at an address after all those counted before.
    fn count(&mut self, addr: u64, len: usize) {
        let (first, last) = self.span.unwrap_or((addr, u64::MAX));
        self.bytes += len;
        self.ranges += usize::from(last != addr);
        self.span = Some((first, addr + len as u64));
    }
}

impl Marks {
    /// Marks the effect of `changes`, in this order, on a memory that went from `before` to `after`.
    pub fn new(memory: usize, changes: &[Change], before: &Memories, after: &Memories) -> Marks {
        let empty = Image::default();
        let mut marks = Marks::default();
        changes.iter().for_each(|change| marks.paint(memory, change));
        marks.settle(before.get(memory).unwrap_or(&empty), after.get(memory).unwrap_or(&empty));
        marks
    }

    /// What happened to the byte at `addr`.
    pub fn at(&self, addr: u64) -> Mark {
        self.pages.get(&(addr / PAGE as u64)).map_or(Mark::None, |page| page.marks.at(place(addr)))
    }

    /// The bytes that this actor changed.
    pub fn changed_by(&self, actor: Actor) -> Extent {
        self.changed[actor as usize]
    }

    /// The bytes that this actor is known to have written last, changed or not.
    pub fn written_by(&self, actor: Actor) -> Extent {
        self.written[actor as usize]
    }

    /// Number of changed bytes.
    pub fn changed(&self) -> usize {
        self.changed.iter().map(|extent| extent.bytes).sum()
    }

    /// Number of bytes known to be written, changed or not.
    pub fn written(&self) -> usize {
        self.written.iter().map(|extent| extent.bytes).sum()
    }

    /// Whether any writes of an actor were found by comparing: it may have written bytes that have no mark.
    pub fn compared_by(&self, actor: Actor) -> bool {
        self.compared[actor as usize]
    }

    /// Whether values of an actor's changes are not kept, so that bytes that it wrote may have changed.
    pub fn bare_by(&self, actor: Actor) -> bool {
        self.bare[actor as usize]
    }

    /// Number of ranges of changed bytes: contiguous, and changed by one actor.
    pub fn ranges(&self) -> usize {
        self.ranges
    }

    /// Whether the memory did not grow and nothing is known to be written.
    pub fn is_empty(&self) -> bool {
        self.written() == 0 && self.grown.is_none()
    }

    /// If the memory grew, its size before and after in WebAssembly pages.
    pub fn grown(&self) -> Option<(u64, u64)> {
        self.grown
    }

    /// Whether the memory began here, which is recorded as growth from nothing.
    pub fn begins(&self) -> bool {
        self.grown_by == Some(Actor::Module) && self.grown.is_some_and(|(from, _)| from == 0)
    }

    /// The addresses of the rows of `width` bytes that contain a mark, in order.
    pub fn rows(&self, width: usize) -> impl Iterator<Item = u64> + '_ {
        self.pages
            .iter()
            .flat_map(move |(number, page)| page.rows(width).map(move |row| number * PAGE as u64 + row as u64))
    }

    /// The number of these rows. The time that counting takes depends on the number of pages only, where whole pages are
    /// marked.
    pub fn count_rows(&self, width: usize) -> usize {
        let of_page = |page: &Page| match page.marks {
            Cells::All(Mark::None) => 0,
            Cells::All(_) => PAGE.div_ceil(width),
            _ => page.rows(width).count(),
        };
        self.pages.values().map(of_page).sum()
    }

    /// The first marked address at or after `from`.
    pub fn next(&self, from: u64) -> Option<u64> {
        self.pages.range(from / PAGE as u64..).find_map(|(number, page)| {
            let base = number * PAGE as u64;
            let first = if from > base { place(from) } else { 0 };
            page.marks.next(first).map(|place| base + place as u64)
        })
    }

    /// Whether any of the `len` bytes at `addr`, all in one page of [`PAGE`] bytes, is marked.
    pub fn touch(&self, addr: u64, len: usize) -> bool {
        let marked = |page: &Page| page.marks.next(place(addr)).is_some_and(|at| at < place(addr) + len);
        self.pages.get(&(addr / PAGE as u64)).is_some_and(marked)
    }

    /// The address of the first page of [`PAGE`] bytes at or after `addr` that has marks.
    pub fn next_page(&self, addr: u64) -> Option<u64> {
        self.pages.range(addr / PAGE as u64..).next().map(|(number, _)| number * PAGE as u64)
    }

    /// The address of the last page of [`PAGE`] bytes at or before `addr` that has marks.
    pub fn previous_page(&self, addr: u64) -> Option<u64> {
        self.pages.range(..=addr / PAGE as u64).next_back().map(|(number, _)| number * PAGE as u64)
    }

    /// The ranges of bytes changed by one actor that begin at or after `from`, in order, as start and end (exclusive).
    pub fn ranges_from(&self, from: u64) -> impl Iterator<Item = (u64, u64)> + '_ {
        let pages = self.pages.range(from / PAGE as u64..).filter(|(_, page)| page.ranges > 0);
        let starts = pages.flat_map(|(number, page)| self.starts(*number, page));
        starts.filter(move |&start| start >= from).map(|start| (start, self.range_end(start)))
    }

    /// The last range of changed bytes that begins before `addr`.
    pub fn range_before(&self, addr: u64) -> Option<(u64, u64)> {
        let pages = self.pages.range(..=addr / PAGE as u64).rev().filter(|(_, page)| page.ranges > 0);
        let start =
            pages.filter_map(|(number, page)| self.starts(*number, page).filter(|&at| at < addr).last()).next()?;
        Some((start, self.range_end(start)))
    }

    /// The number, from 1, of the range of changed bytes that contains or precedes `addr`.
    pub fn range_number(&self, addr: u64) -> usize {
        let Some((number, page)) = self.pages.range(..=addr / PAGE as u64).next_back() else { return 0 };
        page.ranges_before + self.starts(*number, page).filter(|&start| start <= addr).count()
    }

    /// The addresses in a page where ranges of changed bytes begin.
    fn starts<'a>(&'a self, number: u64, page: &'a Page) -> impl Iterator<Item = u64> + 'a {
        let base = number * PAGE as u64;
        let begins = move |place: &usize| {
            let before = match place.checked_sub(1) {
                Some(before) => page.marks.at(before),
                None => base.checked_sub(1).map_or(Mark::None, |before| self.at(before)),
            };
            let mark = page.marks.at(*place);
            matches!(mark, Mark::Changed(_)) && mark != before
        };
        // In a page where every byte changed, only the first can begin a range.
        let most = if page.full { 1 } else { PAGE };
        page.marks.marked().take_while(move |&place| place < most).filter(begins).map(move |place| base + place as u64)
    }

    fn range_end(&self, start: u64) -> u64 {
        let (mut end, mark) = (start, self.at(start));
        while let Some(page) = self.pages.get(&(end / PAGE as u64)) {
            let first = place(end);
            let differs = |place: &usize| page.marks.at(*place) != mark;
            let places = if page.full { first..first + 1 } else { first..PAGE };
            if let Some(place) = places.into_iter().find(differs) {
                return end + (place - first) as u64;
            }
            end += (PAGE - first) as u64;
        }
        end
    }

    fn paint(&mut self, memory: usize, change: &Change) {
        if let &Change::Growth { memory: of, from, to, by } = change
            && of == memory
        {
            self.grown = Some((self.grown.map_or(from, |(first, _)| first), to));
            self.grown_by = self.grown_by.or(Some(by));
        }
        let Some(((of, _, by), evidence)) = change.place().zip(change.evidence()) else { return };
        if of != memory {
            return;
        }
        self.compared[by as usize] |= evidence == Evidence::Found && by != Actor::Module;
        self.bare[by as usize] |= change.is_bare();
        for run in change.runs() {
            self.paint_run(run, by);
        }
    }

    /// Marks a range of bytes.
    fn paint_run(&mut self, run: Range<u64>, by: Actor) {
        let mut at = run.start;
        while at < run.end {
            let first = place(at);
            let count = (PAGE - first).min(usize::try_from(run.end - at).unwrap_or(PAGE));
            self.page(at).marks.mark(first..first + count, Mark::Changed(by));
            at += count as u64;
        }
    }

    fn page(&mut self, addr: u64) -> &mut Page {
        self.pages.entry(addr / PAGE as u64).or_insert_with(|| Page {
            marks: Cells::All(Mark::None),
            ranges_before: 0,
            ranges: 0,
            full: false,
        })
    }

    /// Distinguishes changed from rewritten bytes, once all are marked, and counts them.
    fn settle(&mut self, before: &Image, after: &Image) {
        let (mut old, mut new) = ([0; PAGE], [0; PAGE]);
        // The address after the last changed byte, and the actor.
        let mut last_changed = None;
        for (number, page) in &mut self.pages {
            let base = number * PAGE as u64;
            if let Cells::All(Mark::Changed(by)) = page.marks
                && before.shares(after, base)
            {
                page.marks = Cells::All(Mark::Rewritten(by));
                page.ranges_before = self.ranges;
                self.written[by as usize].count(base, PAGE);
                continue;
            }
            let known = before.read(base, &mut old);
            old[known..].fill(0);
            after.read(base, &mut new);
            page.ranges_before = self.ranges;
            if let Cells::All(Mark::Changed(by)) = page.marks
                && differ_throughout(&old, &new)
            {
                page.full = true;
                page.ranges = usize::from(last_changed != Some((base, by)));
                self.ranges += page.ranges;
                self.changed[by as usize].count(base, PAGE);
                self.written[by as usize].count(base, PAGE);
                last_changed = Some((base + PAGE as u64, by));
                continue;
            }
            if let Cells::All(Mark::Changed(by)) = page.marks
                && old == new
            {
                page.marks = Cells::All(Mark::Rewritten(by));
                self.written[by as usize].count(base, PAGE);
                continue;
            }
            for (place, mark) in page.marks.places() {
                let Mark::Changed(by) = *mark else { continue };
                let addr = base + place as u64;
                self.written[by as usize].count(addr, 1);
                if old[place] == new[place] {
                    *mark = Mark::Rewritten(by);
                    continue;
                }
                self.changed[by as usize].count(addr, 1);
                self.ranges += usize::from(last_changed != Some((addr, by)));
                last_changed = Some((addr + 1, by));
            }
            page.ranges = self.ranges - page.ranges_before;
            let first = page.marks.at(0);
            let is_full = |marks: &[Mark; PAGE]| marks.iter().all(|&mark| mark == first);
            page.full =
                matches!(first, Mark::Changed(_)) && matches!(&page.marks, Cells::Each(marks) if is_full(marks));
            page.marks.shrink();
        }
    }
}

fn place(addr: u64) -> usize {
    usize::try_from(addr % PAGE as u64).expect("less than a page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_ends_where_another_actor_changed_bytes() {
        let page = PAGE as u64;
        let before = vec![Image::zeroed(4 * page)];
        let mut after = before.clone();
        let mut changes = Vec::new();
        let mut write = |addr: u64, len: usize, by| {
            changes.push(Change::bytes(0, addr, &vec![0; len], &vec![1; len], by, Evidence::Written));
            after[0].write(addr, &vec![1; len]);
        };
        write(page - 2, 2, Actor::Host);
        write(page, PAGE, Actor::Guest);
        write(2 * page, 3, Actor::Guest);
        write(2 * page + 3, 1, Actor::Host);
        write(2 * page + 8, 1, Actor::Host);
        let marks = Marks::new(0, &changes, &before, &after);
        let ranges =
            [(page - 2, page), (page, 2 * page + 3), (2 * page + 3, 2 * page + 4), (2 * page + 8, 2 * page + 9)];
        assert_eq!(marks.ranges_from(0).collect::<Vec<_>>(), ranges);
        assert_eq!(marks.ranges(), 4);
        for width in [8, 16, 32] {
            assert_eq!(marks.count_rows(width), marks.rows(width).count());
        }
        for (number, (start, end)) in (1..).zip(ranges) {
            assert_eq!((marks.range_number(start), marks.range_number(end - 1)), (number, number));
            assert_eq!(marks.range_before(start + 1), Some((start, end)));
        }
        assert_eq!(marks.changed_by(Actor::Host), Extent { bytes: 4, ranges: 3, span: Some((page - 2, 2 * page + 9)) });
        assert_eq!(
            marks.changed_by(Actor::Guest),
            Extent { bytes: PAGE + 3, ranges: 1, span: Some((page, 2 * page + 3)) }
        );
    }
}
