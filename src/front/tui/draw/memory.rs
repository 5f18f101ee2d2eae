//! Memory before and after the selection: the panes and their titles.

use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, PAST_RULER, RULER, title_room};
use super::labels::named;
use super::panes::{Pane, Side};
use crate::front::tui::state::app::App;
use crate::front::tui::state::layout::Arrangement;
use crate::front::tui::state::lines::below_title;
use crate::record::{Known, Trigger};
use crate::view::{Region, in_brief, thousands, visible};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let layout = app.layout;
    let Some(at) = &app.time.selection else {
        canvas.put(layout.before, "the guest is being compiled and started ...", Style::new());
        return;
    };
    let Some(view) = app.view() else { return };
    let first = if layout.arrangement == Arrangement::One { layout.after } else { layout.before };
    let columns = title_room(first).saturating_sub("before  ".len());
    let step = at.selected_line().map_or_else(|| whole(&at.node.trigger), |line| line.headline_within(columns));
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
    let Known { before, after } = at.known();
    let unknown = |is_known| if is_known { "" } else { " (not compared)" };
    if layout.arrangement == Arrangement::One {
        let sides = format!("before (-){} and after{}", unknown(before), unknown(after));
        let left = pane(Side::Both).draw(below_title(layout.after), canvas);
        return canvas.ruled(
            layout.after,
            &with_names(format!("{sides}  {step}  {note}"), left, layout.after),
            title,
            ruler,
        );
    }
    canvas.ruled(layout.before, &format!("before{}  {step}", unknown(before)), title, ruler);
    pane(Side::Before).draw(below_title(layout.before), canvas);
    let left = pane(Side::After).draw(below_title(layout.after), canvas);
    canvas.ruled(
        layout.after,
        &with_names(format!("after{}  {note}", unknown(after)), left, layout.after),
        title,
        ruler,
    );
    if layout.after.x > layout.before.right() {
        canvas.column(layout.before.right(), layout.before);
    }
}

/// A title, followed by the names of regions that did not fit beside their rows.
fn with_names(title: String, left: Vec<&Region>, area: Rect) -> String {
    if left.is_empty() {
        return title;
    }
    let room = title_room(area).saturating_sub(title.width() + 2);
    let names = named(left, room);
    if names.is_empty() { title } else { format!("{title}  {names}") }
}

/// The label of the selection if no step is selected.
fn whole(trigger: &Trigger) -> String {
    match trigger {
        Trigger::Start => "the start as a whole".to_owned(),
        Trigger::Line(_) => "the exchange as a whole".to_owned(),
        Trigger::Command(text) => format!(":{} as a whole", visible(text.as_bytes())),
    }
}
