//! The signs in the gaps of a row: brackets around what is selected, around matches, and at the ends of regions; and the
//! names of the regions.

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

    /// The sign before the byte at that index, if any, where only one fits: of what begins there, or ended before it.
    pub(super) fn between(&self, place: usize) -> Option<Sign> {
        let closing = place.checked_sub(1).and_then(|before| self.closing(before));
        let own = |sign: Option<Sign>| sign.filter(|(sign, _)| "[]<>".contains(sign));
        let opening = self.opening(place);
        own(opening).or_else(|| own(closing)).or_else(|| match (self.ended(place), self.edges.begin[place]) {
            (Some(ended), Some(begun)) if ended.rank() <= begun.rank() => closing,
            (_, Some(_)) => opening,
            _ => closing,
        })
    }

    fn ended(&self, place: usize) -> Option<RegionKind> {
        self.edges.end[place.checked_sub(1)?]
    }

    /// The sign before the byte at that index, if any.
    pub(super) fn opening(&self, place: usize) -> Option<Sign> {
        match self.addr + place as u64 == self.selected.0 {
            true => Some(("[", self.theme.title())),
            false if self.matched.starts & 1 << place != 0 => Some(("<", self.theme.title())),
            false => self.edges.begin[place].map(|kind| (kind.signs().0, self.theme.region(kind))),
        }
    }

    /// The sign after it.
    pub(super) fn closing(&self, place: usize) -> Option<Sign> {
        match self.addr + place as u64 == self.selected.1 {
            true => Some(("]", self.theme.title())),
            false if self.matched.ends & 1 << place != 0 => Some((">", self.theme.title())),
            false => self.edges.end[place].map(|kind| (kind.signs().1, self.theme.region(kind))),
        }
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
    let text = |count: usize| match names.len() - count {
        0 => names.join(" "),
        more if count == 0 => format!("+{more}"),
        more => format!("{} +{more}", names[..count].join(" ")),
    };
    let fits = |count: &usize| text(*count).width() <= columns;
    (0..=names.len()).rev().find(fits).map_or_else(String::new, text)
}
