//! The tree of steps: which of its rows are shown, and where. A call is open while one of its accesses is selected: its
//! accesses follow it in groups, and those of the group with the selected one.

use ratatui::layout::{Position, Rect};

use super::lines::{below_title, rows, window};
use crate::view::{Accesses, Selection};

/// A row of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepRow {
    Step(usize),
    /// A group of the accesses of the selected step, by its index.
    Group(usize),
    /// An access, by its number in the exchange.
    Access(u64),
}

/// What a position of the screen is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepSpot {
    /// The exchange as a whole, which is the title.
    Whole,
    Row(StepRow),
}

/// The tree, with the selected access and its group open.
#[derive(Clone, Copy)]
struct Tree<'a> {
    at: &'a Selection,
    accesses: &'a Accesses,
    /// The step that is open.
    step: usize,
    /// The group that is open.
    group: usize,
}

impl Tree<'_> {
    /// How many of the steps during the open one began before a group.
    fn inner_before(&self, group: usize) -> usize {
        let start = self.accesses.groups()[group].accesses.start;
        self.accesses.inner_steps().partition_point(|&(begun, _)| begun <= start)
    }

    /// How many groups are before a step during the open one, or after it.
    fn groups_before(&self, inner: usize) -> usize {
        let groups = self.accesses.groups();
        let begun = self.accesses.inner_steps().get(inner).map(|&(begun, _)| begun);
        begun.map_or(groups.len(), |begun| groups.partition_point(|group| group.accesses.start < begun))
    }

    fn whole(&self, number: u64) -> std::ops::Range<u64> {
        self.at.node.accesses.whole(number)
    }

    fn is_open(&self, group: usize) -> bool {
        group == self.group
    }

    fn step_row(&self, place: usize) -> Option<StepRow> {
        (place < self.at.steps()).then_some(StepRow::Step(place))
    }

    fn next(&self, row: StepRow) -> Option<StepRow> {
        let groups = self.accesses.groups();
        match row {
            StepRow::Step(place) if place >= self.step => {
                let made = place - self.step;
                let next = if made == 0 { 0 } else { self.groups_before(made - 1) };
                match next < groups.len() && self.inner_before(next) <= made {
                    true => Some(StepRow::Group(next)),
                    false => self.step_row(place + 1),
                }
            }
            StepRow::Step(place) => self.step_row(place + 1),
            StepRow::Group(group) if self.is_open(group) => {
                Some(StepRow::Access(self.whole(groups[group].accesses.start).start))
            }
            StepRow::Group(group) => self.after_group(group),
            StepRow::Access(number) => {
                let next = self.whole(number).end;
                let is_inside = next < groups[self.group].accesses.end;
                if is_inside { Some(StepRow::Access(next)) } else { self.after_group(self.group) }
            }
        }
    }

    fn after_group(&self, group: usize) -> Option<StepRow> {
        let made = self.inner_before(group);
        let next = group + 1;
        match next < self.accesses.groups().len() && self.inner_before(next) == made {
            true => Some(StepRow::Group(next)),
            false => self.step_row(self.step + 1 + made),
        }
    }

    fn previous(&self, row: StepRow) -> Option<StepRow> {
        match row {
            StepRow::Step(place) if place > self.step => {
                let inner = place - self.step - 1;
                let before = self.groups_before(inner);
                match before > 0 && self.inner_before(before - 1) == inner {
                    true => Some(self.end_of(before - 1)),
                    false => Some(StepRow::Step(place - 1)),
                }
            }
            StepRow::Step(place) => place.checked_sub(1).map(StepRow::Step),
            StepRow::Group(group) => {
                let made = self.inner_before(group);
                match group > 0 && self.inner_before(group - 1) == made {
                    true => Some(self.end_of(group - 1)),
                    false => Some(StepRow::Step(self.step + made)),
                }
            }
            StepRow::Access(number) => {
                let first = self.accesses.groups()[self.group].accesses.start;
                let number = (number > first).then(|| StepRow::Access(self.whole(number - 1).start));
                Some(number.unwrap_or(StepRow::Group(self.group)))
            }
        }
    }

    /// The last row of a group.
    fn end_of(&self, group: usize) -> StepRow {
        let last = self.accesses.groups()[group].accesses.end - 1;
        if self.is_open(group) { StepRow::Access(self.whole(last).start) } else { StepRow::Group(group) }
    }

    /// As many rows as fit, the selected one among them. The open step and group take the first rows, where they would
    /// be out of sight.
    fn around(&self, selected: StepRow, height: usize) -> Vec<StepRow> {
        let above: Vec<_> =
            std::iter::successors(self.previous(selected), |&row| self.previous(row)).take(height).collect();
        let below: Vec<_> = std::iter::successors(self.next(selected), |&row| self.next(row)).take(height).collect();
        let after = below.len().min((height / 2).max(height.saturating_sub(1 + above.len())));
        let before = height.saturating_sub(1 + after).min(above.len());
        let mut rows: Vec<_> = above[..before].iter().rev().copied().collect();
        rows.push(selected);
        rows.extend(below.iter().take(height.saturating_sub(rows.len())));
        let heads = [StepRow::Step(self.step), StepRow::Group(self.group)];
        if height >= 4 {
            let missing: Vec<_> = heads.into_iter().filter(|head| !rows.contains(head)).collect();
            let room = rows.iter().position(|&row| row == selected).unwrap_or(0);
            let first = usize::from(rows.first() == Some(&heads[0]));
            for (place, head) in missing.into_iter().enumerate().take(room.saturating_sub(first)) {
                rows[first + place] = head;
            }
        }
        rows
    }
}

/// The rows that fit below the title of an area with the selected one among them, each with its place. Where the call
/// that the first step is inside is out of sight, it takes the first row.
pub(crate) fn shown(at: &Selection, accesses: Option<&Accesses>, area: Rect) -> Vec<(StepRow, Rect)> {
    let area = below_title(area);
    if let (Some(number), Some(step)) = (at.access, at.step) {
        let open = accesses.and_then(|accesses| Some((accesses, accesses.group_of(number)?)));
        let selected = StepRow::Access(number);
        let list = match open {
            Some((accesses, group)) => Tree { at, accesses, step, group }.around(selected, usize::from(area.height)),
            // The groups up to it are not known yet.
            None => vec![StepRow::Step(step), selected],
        };
        return list.into_iter().zip(rows(area)).collect();
    }
    let selected = at.step.unwrap_or(0);
    let first = window(at.steps(), selected, area).next().map(|(place, _)| place);
    let around = first.filter(|&place| place != selected && area.height > 2).and_then(|place| at.steps.around(place));
    let place = |place| around.filter(|_| Some(place) == first).unwrap_or(place);
    window(at.steps(), selected, area).map(|(step, line)| (StepRow::Step(place(step)), line)).collect()
}

/// What a position of the screen is about.
pub(crate) fn spot_at(at: &Selection, accesses: Option<&Accesses>, area: Rect, position: Position) -> Option<StepSpot> {
    if area.contains(position) && position.y == area.y {
        return Some(StepSpot::Whole);
    }
    let found = shown(at, accesses, area).into_iter().find(|(_, line)| line.contains(position));
    found.map(|(row, _)| StepSpot::Row(row))
}
