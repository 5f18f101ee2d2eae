//! The panel of exchanges: one per line, with the guest's messages below the selected one.

use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::front::tui::draw::canvas::{Canvas, glance, part_around};
use crate::front::tui::draw::strip::FINDING;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::{below_title, rows};
use crate::front::tui::state::panels::exchanges::Transcript;
use crate::record::{Cause, Trigger};
use crate::view::{Events, failure, thousands, visible};

pub(in crate::front::tui::draw) fn draw(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let run = app.session.run();
    let transcript = Transcript::new(run, app.time.selection.as_ref(), area);
    let part = part_around(transcript.count, transcript.selected.saturating_sub(1), transcript.list());
    canvas.rule(area, &format!("exchanges{part}"), canvas.theme.title());
    if transcript.count == 0 {
        let text = if app.session.is_replay() { "nothing was sent" } else { "type a line, press Enter" };
        canvas.put(below_title(area), text, Style::new());
    }
    for (number, line) in transcript.shown() {
        let selected = number == transcript.selected;
        let mark = if selected { ">" } else { " " };
        let says = if app.time.timeline.at(number).has(Events::SAID) { "\"" } else { "" };
        let (text, style) = match run.listed(number) {
            None => ("(forgotten)".to_owned(), Style::new()),
            Some(cause) if number < run.oldest() => (format!("{} (bytes not kept)", in_short(cause)), Style::new()),
            Some(cause) if cause.has_failed() => (in_short(cause), canvas.theme.failure()),
            Some(cause) => (in_short(cause), Style::new()),
        };
        let mut rest = line;
        canvas.append(&mut rest, &format!("{mark}{number}"), style);
        // Its sign is in its own style, so that it is seen beside a failure, too.
        if app.has_findings(number..number + 1) {
            canvas.append(&mut rest, FINDING, canvas.theme.title());
        }
        canvas.append(&mut rest, says, style);
        canvas.put(rest, &format!(" {text}"), style);
        if selected {
            draw_messages(app, Rect { y: line.y + 1, height: transcript.message_rows(), ..line }, canvas);
        }
    }
}

/// Draws the guest's messages in the selected exchange, as far as they fit.
fn draw_messages(app: &App, area: Rect, canvas: &mut Canvas<'_>) {
    let Some(at) = &app.time.selection else { return };
    let messages = at.steps.messages(&at.node, None);
    let (count, shown) = (messages.len(), usize::from(area.height));
    for ((number, message), line) in (1..).zip(messages.take(shown)).zip(rows(area)) {
        let more = match count.saturating_sub(shown) {
            more @ 1.. if number == shown => format!("  (and {} more)", thousands(more as u64)),
            _ => String::new(),
        };
        canvas.put(line, &format!("   says \"{}\"{more}", glance(message)), Style::new());
    }
}

/// `Did you know => Did you know Wasm is cool!`
fn in_short(cause: &Cause) -> String {
    let line = match &cause.trigger {
        Trigger::Line(line) => glance(line),
        Trigger::Command(text) => format!(":{}", visible(text.as_bytes())),
        Trigger::Start => "start".to_owned(),
    };
    let failed = failure(cause).map(|failure| match cause.is_over() {
        true => format!("failed: {failure}"),
        false => failure,
    });
    match (&cause.outcome, failed) {
        (Ok(_), None) if !matches!(cause.trigger, Trigger::Line(_)) => line,
        (Ok(answer), None) => format!("{line} => {}", glance(answer)),
        (Ok(answer), Some(failed)) => format!("{line} => {}, then {failed}", glance(answer)),
        (Err(_), failed) => format!("{line} => {}", failed.unwrap_or_default()),
    }
}
