//! The signs in the gaps of a row: brackets around what is selected, around matches, and at the ends of regions; and the
//! names of the regions. A sign of a region is never hidden by the cursor.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use unicode_width::UnicodeWidthStr;

use super::theme::Theme;
use crate::view::{MAX_WIDTH, Matched, Region, RegionKind, Regions};

/// A sign in the gap before or after a byte.
pub(super) type Sign = (&'static str, Style);

/// The signs in the gaps between the bytes of a row.
pub(super) struct Brackets {
    /// The row's address.
    addr: u64,
    /// The first and the last selected address.
    selected: (u64, u64),
    matched: Matched,
    edges: Edges,
    theme: Theme,
}

/// The most important kind of region that begins, and that ends, at each byte of a row.
struct Edges {
    begin: [Option<RegionKind>; MAX_WIDTH],
    end: [Option<RegionKind>; MAX_WIDTH],
}

impl Edges {
    fn new(regions: &Regions, addr: u64, width: usize) -> Edges {
        let mut edges = Edges { begin: [None; MAX_WIDTH], end: [None; MAX_WIDTH] };
        let mut put = |is_end: bool, at: u64, kind: RegionKind| {
            let signs = if is_end { &mut edges.end } else { &mut edges.begin };
            let sign = usize::try_from(at - addr).ok().and_then(|place| signs.get_mut(place));
            if let Some(sign) = sign
                && sign.is_none_or(|other| kind.rank() < other.rank())
            {
                *sign = Some(kind);
            }
        };
        regions.beginning_in(addr, width as u64).filter(|region| !region.is_empty()).for_each(|region| {
            put(false, region.start, region.kind);
        });
        regions.ending_in(addr, width as u64).for_each(|region| put(true, region.end - 1, region.kind));
        edges
    }
}

impl Brackets {
    /// The signs of a row of `width` bytes; those of regions only if there are any to show.
    pub(super) fn new(
        (addr, width): (u64, usize),
        selected: (u64, u64),
        matched: Matched,
        regions: Option<&Regions>,
        theme: Theme,
    ) -> Brackets {
        let edges = match regions {
            Some(regions) => Edges::new(regions, addr, width),
            None => Edges { begin: [None; MAX_WIDTH], end: [None; MAX_WIDTH] },
        };
        Brackets { addr, selected, matched, edges, theme }
    }

    /// The sign before the byte at that index, if any, where only one fits: of what begins there, or ended before it. At
    /// an end of the selection the sign of a region replaces the bracket, in a style that says so.
    pub(super) fn between(&self, place: usize) -> Option<Sign> {
        let before = place.checked_sub(1);
        let is_selected = self.selects_from(place) || before.is_some_and(|before| self.selects_to(before));
        let region = self.region_between(place).map(|sign| self.at_cursor(sign, is_selected));
        let own = self.own_opening(place).or_else(|| self.own_closing(before?));
        if is_selected { region.or(own) } else { own.or(region) }
    }

    /// The sign of the more important region that begins at that index or ended before it.
    fn region_between(&self, place: usize) -> Option<Sign> {
        let ended = place.checked_sub(1).and_then(|before| self.edges.end[before]);
        match (ended, self.edges.begin[place]) {
            (Some(ended), Some(begun)) if ended.rank() <= begun.rank() => Some(self.region_end(ended)),
            (_, Some(begun)) => Some(self.region_start(begun)),
            (ended, None) => ended.map(|kind| self.region_end(kind)),
        }
    }

    /// The sign before the byte at that index, if any.
    pub(super) fn opening(&self, place: usize) -> Option<Sign> {
        let is_selected = self.selects_from(place);
        let region = self.edges.begin[place].map(|kind| self.at_cursor(self.region_start(kind), is_selected));
        if is_selected { region.or(self.own_opening(place)) } else { self.own_opening(place).or(region) }
    }

    /// The sign after it.
    pub(super) fn closing(&self, place: usize) -> Option<Sign> {
        let is_selected = self.selects_to(place);
        let region = self.edges.end[place].map(|kind| self.at_cursor(self.region_end(kind), is_selected));
        if is_selected { region.or(self.own_closing(place)) } else { self.own_closing(place).or(region) }
    }

    fn selects_from(&self, place: usize) -> bool {
        self.addr + place as u64 == self.selected.0
    }

    fn selects_to(&self, place: usize) -> bool {
        self.addr + place as u64 == self.selected.1
    }

    /// The bracket of the selection or of a match before a byte.
    fn own_opening(&self, place: usize) -> Option<Sign> {
        match self.selects_from(place) {
            true => Some(("[", self.theme.title())),
            false => (self.matched.starts & 1 << place != 0).then(|| ("<", self.theme.title())),
        }
    }

    /// The same after it.
    fn own_closing(&self, place: usize) -> Option<Sign> {
        match self.selects_to(place) {
            true => Some(("]", self.theme.title())),
            false => (self.matched.ends & 1 << place != 0).then(|| (">", self.theme.title())),
        }
    }

    fn region_start(&self, kind: RegionKind) -> Sign {
        (kind.signs().0, self.theme.region(kind))
    }

    fn region_end(&self, kind: RegionKind) -> Sign {
        (kind.signs().1, self.theme.region(kind))
    }

    /// A region's sign, where it is an end of the selection too.
    fn at_cursor(&self, (sign, style): Sign, is_selected: bool) -> Sign {
        (sign, if is_selected { self.theme.at_cursor(style) } else { style })
    }
}

/// Draws the names of regions that begin in the `len` bytes at `addr` beside their row: as many as fit whole in the
/// columns after `x`. The others are added to `left`, for the pane's title.
pub(super) fn name_row<'a>(
    regions: &'a Regions,
    (addr, len): (u64, u64),
    mut x: u16,
    area: Rect,
    (buffer, theme): (&mut Buffer, Theme),
    left: &mut Vec<&'a Region>,
) {
    for region in regions.beginning_in(addr, len) {
        let room = usize::from(area.right().saturating_sub(x + 1));
        let width = region.name.width() + region.kind.signs().0.len();
        if width > room {
            // A memory may have very many data segments.
            if left.len() < LISTED {
                left.push(region);
            }
            continue;
        }
        let style = theme.region(region.kind);
        let (end, _) = buffer.set_stringn(x + 1, area.y, region.kind.signs().0, room, style);
        let (end, _) = buffer.set_stringn(end, area.y, &region.name, room, Style::new().add_modifier(Modifier::ITALIC));
        x = end;
    }
}

/// The most regions that are listed in a title.
const LISTED: usize = 64;

/// The names of regions for a title, the most important first: as many as fit whole into that many columns, and the
/// number of others.
pub(super) fn named(mut regions: Vec<&Region>, columns: usize) -> String {
    regions.sort_by_key(|region| region.kind.rank());
    let names: Vec<_> = regions.iter().map(|region| format!("{}{}", region.kind.signs().0, region.name)).collect();
    let text = |count: usize, unit: &str| match names.len() - count {
        0 => names.join(" "),
        more if count == 0 => format!("+{more}{unit}"),
        more => format!("{} +{more}{unit}", names[..count].join(" ")),
    };
    let fits = |count: &usize| text(*count, "").width() <= columns;
    let Some(count) = (0..=names.len()).rev().find(fits) else { return String::new() };
    // A name tells more than the word.
    let whole = text(count, " more");
    if whole.width() <= columns { whole } else { text(count, "") }
}
