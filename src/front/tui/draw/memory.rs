//! Memory before and after the selection: the panes and their titles.

use ratatui::style::Style;

use super::canvas::{Canvas, PAST_RULER, RULER};
use super::panes::{Pane, Side};
use crate::front::tui::state::app::App;
use crate::front::tui::state::layout::Arrangement;
use crate::front::tui::state::lines::below_title;
use crate::record::{Known, Trigger};
use crate::view::{in_brief, visible};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let layout = app.layout;
    let Some(at) = &app.time.selection else {
        canvas.put(layout.before, "the guest is being compiled and started ...", Style::new());
        return;
    };
    let Some(view) = app.view() else { return };
    let step = at.selected_line().map_or_else(|| whole(&at.node.trigger), |line| line.headline());
    let note = in_brief(view.marks);
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
        regions: &app.space.regions,
    };
    let Known { before, after } = at.known();
    let unknown = |is_known| if is_known { "" } else { " (not compared)" };
    if layout.arrangement == Arrangement::One {
        let sides = format!("before (-){} and after{}", unknown(before), unknown(after));
        canvas.ruled(layout.after, &format!("{sides}  {step}   {note}"), title, ruler);
        return pane(Side::Both).draw(below_title(layout.after), canvas);
    }
    canvas.ruled(layout.before, &format!("before{}  {step}", unknown(before)), title, ruler);
    canvas.ruled(layout.after, &format!("after{}   {note}", unknown(after)), title, ruler);
    pane(Side::Before).draw(below_title(layout.before), canvas);
    pane(Side::After).draw(below_title(layout.after), canvas);
    if layout.after.x > layout.before.right() {
        canvas.column(layout.before.right(), layout.before);
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
