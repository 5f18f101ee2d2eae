//! What the signs on the screen mean: in short above the steps, in full in the help.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::cells::{put, to_u16};
use crate::front::tui::state::app::App;
use crate::record::Actor;

/// Every sign, for the help.
pub(in crate::front::tui) const SIGNS: [(&str, &str); 15] = [
    ("h g *", "in the gutter: the host wrote in this row in this step, the guest, both"),
    ("m", "the module's own data came here; where nothing is said, nothing changed"),
    ("'", "changed by an earlier step; its bytes are bold"),
    ("+ -", "new memory; in one pane, a changed row as it was"),
    ("underlined", "written in this step; without a colour behind it: before, or with no new value"),
    ("on blue, orange", "changed by the host, by the guest (bold and underlined, or reversed)"),
    ("[ ] < >", "the cursor, or what is selected; what was searched for"),
    ("i o d s H ...", "at the end of a row: a region begins in it (r lists them)"),
    (".. 1,008 B 00", "rows that are all alike, in one line; a change is never hidden"),
    ("\u{b7} \u{2022} \u{d7}", "as text: a zero, another control byte, a byte that is no text"),
    ("\u{ab} \u{bb}", "goes on with the character before; a character that the next row ends"),
    ("map .='+hgm", "a part of memory: zero, data, changed earlier, new, written in this step"),
    ("live", "the newest exchange is followed; F9 goes there from anywhere"),
    ("time mhgx+.", "exchanges: module's data, host or guest changed bytes, failed, grew, nothing"),
    ("\u{2550}", "the rules above memory of the past, or of an earlier run"),
];

impl App {
    /// What the letters in the gutter mean, at the right end of a rule with a title of that many columns.
    pub(in crate::front::tui) fn draw_legend(&self, area: Rect, title: usize, buffer: &mut Buffer) {
        const LEGEND: [(&str, Option<Actor>); 6] = [
            (" h", Some(Actor::Host)),
            (" host wrote  ", None),
            ("g", Some(Actor::Guest)),
            (" guest wrote", None),
            ("  ' earlier", None),
            ("  + new ", None),
        ];
        // As much of it as has room beside the title.
        let width = |count: usize| to_u16(LEGEND[..count].iter().map(|(text, _)| text.width()).sum());
        let fits = |count: &usize| width(*count) + to_u16(title) + 5 <= area.width;
        let Some(count) = [6, 5, 4, 2].into_iter().find(fits) else { return };
        let width = width(count);
        let mut rest = Rect { x: area.right() - width - 1, width, ..area };
        for (text, actor) in &LEGEND[..count] {
            let style = actor.map_or(Style::new(), |actor| self.theme.actor(actor));
            let used = put(buffer, rest, text, style);
            rest = Rect { x: rest.x + used, width: rest.width - used, ..rest };
        }
    }
}
