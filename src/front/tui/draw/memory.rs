//! Memory before and after the selection: the panes and their titles.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, PAST_RULER, RULER, title_room};
use super::labels::named;
use super::panes::{Pane, Side};
use crate::front::tui::state::app::App;
use crate::front::tui::state::layout::Arrangement;
use crate::front::tui::state::lines::{below_title, to_u16};
use crate::record::{Known, Trigger};
use crate::view::{Region, RegionKind, in_brief, thousands, visible};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let layout = app.layout;
    let Some(at) = &app.time.selection else {
        canvas.put(layout.before, "the guest is being compiled and started ...", Style::new());
        return;
    };
    let Some(view) = app.view() else { return };
    let first = if layout.arrangement == Arrangement::One { layout.after } else { layout.before };
    let columns = title_room(first).saturating_sub("before  ".len());
    let step = at.selected_line().map_or_else(|| whole(&at.node.trigger), |line| line.begun().headline_within(columns));
    let reading = at.reading(app.memory());
    let read = reading.map_or(0..0, |reading| reading.range);
    let note = match read.is_empty() || !view.marks.is_empty() {
        true => in_brief(view.marks),
        false => format!("{} B read", thousands(read.end - read.start)),
    };
    // Rules of the past have a different symbol too.
    let ruler = if app.is_present() { RULER } else { PAST_RULER };
    let title = canvas.theme.title();
    let pane = |side| Pane {
        side,
        view,
        start: app.session.run().start().get(app.memory()).filter(|_| at.cause > 0),
        top: app.space.top,
        selected: app.space.selected(),
        pattern: app.space.search.as_ref().map(|search| &search.pattern),
        read: read.clone(),
        regions: &app.space.regions,
    };
    // What a call that goes on changed so far; a selected access of it is over.
    let now = if at.is_open() && at.access.is_none() { "now, not returned yet" } else { "after" };
    let Known { before, after, kept } = at.known();
    let why = if kept { " (not compared)" } else { " (not kept)" };
    let unknown = |is_known| if is_known { "" } else { why };
    if layout.arrangement == Arrangement::One {
        let sides = format!("before (-){} and {now}{}", unknown(before), unknown(after));
        let left = pane(Side::Both).draw(below_title(layout.after), canvas);
        let text = format!("{sides}  {step}  {note}");
        return draw_title(&text, left, layout.after, ruler, canvas);
    }
    canvas.ruled(layout.before, &format!("before{}  {step}", unknown(before)), title, ruler);
    pane(Side::Before).draw(below_title(layout.before), canvas);
    let left = pane(Side::After).draw(below_title(layout.after), canvas);
    draw_title(&format!("{now}{}  {note}", unknown(after)), left, layout.after, ruler, canvas);
    if layout.after.x > layout.before.right() {
        canvas.column(layout.before.right(), layout.before);
    }
}

/// Draws a pane's title, followed by the names of regions that did not fit beside their rows.
fn draw_title(title: &str, left: Vec<&Region>, area: Rect, ruler: &'static str, canvas: &mut Canvas<'_>) {
    let style = canvas.theme.title();
    let room = title_room(area).saturating_sub(title.width() + 2);
    let names = if left.is_empty() { String::new() } else { named(left, room) };
    let whole = if names.is_empty() { title.to_owned() } else { format!("{title}  {names}") };
    canvas.ruled(area, &whole, style, ruler);
    // The signs look as they do in the rows.
    let first = area.x.saturating_add(to_u16(title.width()) + 3);
    for x in first..area.right() {
        let cell = &mut canvas.buffer[(x, area.y)];
        for kind in [RegionKind::Input, RegionKind::Output] {
            if cell.symbol() == kind.signs().0 {
                cell.set_style(canvas.theme.region(kind));
            }
        }
    }
}

/// The label of the selection if no step is selected.
fn whole(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start => "the start as a whole".to_owned(),
        Trigger::Line(_) => "the exchange as a whole".to_owned(),
        Trigger::Command(text) => format!(":{} as a whole", visible(text.as_bytes())),
    }
}
