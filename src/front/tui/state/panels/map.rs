//! The map of the whole memory, computed incrementally.

use std::time::Instant;

use ratatui::layout::{Position, Rect};

use crate::record::{Image, Run};
use crate::view::{DiffView, Heat, Map};

/// The map of the memory, as far as it was computed.
pub(crate) struct MapPanel {
    pub(crate) area: Rect,
    pub(crate) parts: Map,
    done: bool,
}

impl MapPanel {
    /// An empty map of a memory of `len` bytes.
    pub(crate) fn new(area: Rect, len: u64) -> MapPanel {
        MapPanel { area, parts: Map::new(len, u64::from(area.area())), done: false }
    }

    /// Whether the map is complete.
    pub(crate) fn is_done(&self) -> bool {
        self.done
    }

    /// Continues computing the map.
    pub(crate) fn go_on(&mut self, view: &DiffView<'_>, start: &Image, until: Instant) {
        self.done = self.done || self.parts.go_on(view, start, Some(until));
    }

    /// The position of a cell.
    pub(crate) fn position(&self, place: u64) -> Position {
        let (row, column) = (place / u64::from(self.area.width), place % u64::from(self.area.width));
        let near = |distance: u64| u16::try_from(distance).unwrap_or(u16::MAX);
        Position::new(self.area.x.saturating_add(near(column)), self.area.y.saturating_add(near(row)))
    }

    /// The first address of the part at a position.
    pub(crate) fn address(&self, at: Position) -> Option<u64> {
        let inside = self.area.contains(at);
        let row = || u64::from(at.y - self.area.y) * u64::from(self.area.width);
        let place = inside.then(|| row() + u64::from(at.x - self.area.x))?;
        (place < self.parts.pieces.len() as u64).then_some(place * self.parts.size)
    }
}

/// What the heat of a map is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HeatSubject {
    /// The number of the run, and how many causes it has.
    pub(crate) run: (usize, usize),
    pub(crate) memory: usize,
    /// The length of the memory, and of the parts of the map.
    pub(crate) len: u64,
    pub(crate) size: u64,
}

/// How many bytes were written to each part of the map, over all exchanges.
pub(crate) struct HeatPanel {
    pub(crate) subject: HeatSubject,
    pub(crate) heat: Heat,
}

impl HeatPanel {
    pub(crate) fn new(subject: HeatSubject, run: &Run) -> HeatPanel {
        HeatPanel { subject, heat: Heat::new(run, subject.memory, subject.len, subject.size) }
    }
}
