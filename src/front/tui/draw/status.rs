//! The lines above the input line: a summary of the selected step; a message, the guest's state or the answer.

use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::canvas::{Canvas, glance, shortened};
use crate::front::compiling;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::{self, to_u16};
use crate::front::tui::state::overlays::pages::wrapped;
use crate::record::{Cause, Failure, Trigger};
use crate::session::{Reload, State};
use crate::view::{
    Selection, backtrace, clock, counted, elapsed, failure, finding_from, short_difference, stop_place, stop_sentence,
    thousands, unknown, visible,
};

/// The maximum number of the guest's messages in the summary.
const MESSAGES: usize = 8;
/// The minimum columns for an answer beside what else is said.
const LEAST: usize = 24;
/// The columns for an answer before a failure that came after it.
const BESIDE: usize = 32;

/// The style of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Bold,
    Failure,
}

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    draw_sentence(app, canvas);
    let (text, tone) = message(app, usize::from(app.layout.status.width));
    let style = match tone {
        Tone::Plain => Style::new(),
        Tone::Bold => canvas.theme.title(),
        Tone::Failure => canvas.theme.failure(),
    };
    let area = app.layout.status;
    let lines = wrapped(&text, usize::from(area.width), 0);
    let count = usize::from(area.height).min(lines.len());
    for (number, line) in lines::rows(area).take(count).enumerate() {
        // What does not fit is cut at the end.
        let text = if number + 1 == count { lines[number..].join(" ") } else { lines[number].clone() };
        canvas.put(line, &text, style);
    }
}

/// The rows that the message needs, at most a few.
pub(in crate::front::tui) fn rows(app: &App) -> u16 {
    const MOST: u16 = 3;
    let columns = usize::from(app.layout.status.width);
    if columns == 0 {
        return 1;
    }
    to_u16(wrapped(&message(app, columns).0, columns, 0).len()).clamp(1, MOST)
}

/// Draws the summary of the selected step.
fn draw_sentence(app: &App, canvas: &mut Canvas<'_>) {
    let Some(at) = &app.time.selection else { return };
    let Some(marks) = at.marks.get(app.memory()) else { return };
    let step = match (at.access, at.step) {
        (Some(_), _) => "this access".to_owned(),
        (None, Some(place)) => format!("step {}", place + 1),
        (None, None) => "all steps".to_owned(),
    };
    // Unknown memory comes first: it applies to all bytes shown.
    let unknown = unknown(at.known()).map_or_else(String::new, |unknown| format!("{unknown}; "));
    let unknown = unknown + &at.dropped().map_or_else(String::new, |dropped| format!("{dropped}; "));
    let (area, said) = (app.layout.sentence, said(at));
    let columns = usize::from(area.width);
    let room = columns.saturating_sub(step.width() + 2 + unknown.width() + said.width());
    let effect = at.effect(app.memory(), room).unwrap_or_default();
    let whole = format!("{step}: {unknown}{effect}{said}");
    match whole.width() <= columns || at.reading(app.memory()).is_some() {
        true => canvas.put(area, &whole, Style::new()),
        // Use a shorter sentence before truncating any.
        false => canvas.put(area, &format!("{step}: {unknown}{}{said}", short_difference(marks)), Style::new()),
    };
}

/// The guest's messages during the selection, to append to the summary.
fn said(at: &Selection) -> String {
    let messages = at.steps.messages(&at.node, at.step);
    if messages.len() == 0 {
        return String::new();
    }
    let more = if messages.len() > MESSAGES { ", ..." } else { "" };
    let shown: Vec<_> = messages.take(MESSAGES).map(|message| format!("\"{}\"", glance(message))).collect();
    format!("; the guest said {}{more}", shown.join(", "))
}

/// A notice, what the guest is doing, or the outcome of the selected cause, for a line of that many columns.
fn message(app: &App, columns: usize) -> (String, Tone) {
    if let Some(notice) = &app.status.notice {
        return (notice.clone(), Tone::Bold);
    }
    match app.session.state() {
        State::Loading => {
            let what = app.session.compiling().map(|progress| compiling::sentence(app.session.name(), progress));
            let what = what.map_or("loading ...".to_owned(), |what| format!("{what} ... Ctrl-C quits"));
            return (what, Tone::Bold);
        }
        State::Busy(lines) => {
            if let Some(progress) = app.session.compiling() {
                let what = compiling::sentence(app.session.name(), progress);
                return (format!("{what} ... Ctrl-C cancels it"), Tone::Bold);
            }
            let more = if lines > 1 { format!(", {} lines to go", thousands(lines as u64)) } else { String::new() };
            if let Some(stop) = app.session.position() {
                return (format!("{} ... P pauses, Ctrl-C ends the call", stop_place(stop)), Tone::Bold);
            }
            let says = app.status.heard.as_ref().map_or(String::new(), |text| format!("; it says \"{text}\""));
            return (format!("the guest is running{more} ... Ctrl-C stops it{says}"), Tone::Bold);
        }
        State::Stopped => {
            let sentence = app.session.stopped().map_or_else(String::new, stop_sentence);
            return (sentence, Tone::Bold);
        }
        State::Idle => (),
    }
    let Some(at) = &app.time.selection else { return (String::new(), Tone::Plain) };
    if let Some(failure) = failure(&at.node) {
        let suspect = at.node.failures().any(Failure::leaves_guest_suspect) && !app.session.is_replay();
        let advice = if suspect { "; its memory may be inconsistent now: :reset" } else { "" };
        let answer = answer_before_failure(&at.node).unwrap_or_default();
        let has_calls = at.node.failures().any(|failure| !backtrace(failure).is_empty());
        let calls = if has_calls { "; :frames explains it" } else { "" };
        // A finding comes first: it may be why the call failed, and what follows may be cut.
        let found = findings(app, at).map_or_else(String::new, |found| format!("{found}   "));
        return (format!("{found}{answer}{failure}{advice}{calls}"), Tone::Failure);
    }
    match &at.node.trigger {
        Trigger::Start => start(app),
        trigger => {
            let found = findings(app, at).map_or_else(String::new, |found| format!("   {found}"));
            let rest = reloaded(app, at) + &found;
            let room = columns.saturating_sub(rest.width());
            let ended = ended(trigger, at.node.outcome.as_deref().unwrap_or_default(), at, room);
            (ended + &rest, Tone::Plain)
        }
    }
}

/// The answer of a line that failed after the answer was read.
fn answer_before_failure(cause: &Cause) -> Option<String> {
    let answer = cause.outcome.as_ref().ok().filter(|_| matches!(cause.trigger, Trigger::Line(_)))?;
    Some(format!("=> {}; then it failed: ", shortened(&glance(answer), BESIDE)))
}

/// The message after the start, before anything was sent.
fn start(app: &App) -> (String, Tone) {
    if let Some(why) = app.session.about().and_then(|about| about.untraced.as_deref()) {
        return (crate::front::untraced(why), Tone::Failure);
    }
    let undecided = app.session.about().is_some_and(|about| about.undecided.is_some());
    let assumed = app.session.about().and_then(|about| about.assumed.as_ref());
    if let Some(assumed) = assumed.filter(|_| !app.session.is_replay()) {
        return (visible(assumed.as_bytes()), Tone::Bold);
    }
    let (text, tone) = match (undecided, app.session.is_replay()) {
        (true, _) => {
            ("no convention was chosen: :convention lists those that match, :call calls an export", Tone::Failure)
        }
        (false, true) => {
            ("a saved session: no guest runs. F5 F6 show its exchanges, Esc goes to the memory.", Tone::Plain)
        }
        (false, false) => {
            ("the guest is ready. Type a line to send it; above is the memory after the start.", Tone::Plain)
        }
    };
    (text.to_owned(), tone)
}

/// That a changed file or a recompilation caused the run, with the last exchange that was sent again because of it.
fn reloaded(app: &App, at: &Selection) -> String {
    let number = app.session.run_number();
    let is_last = |reload: &&Reload| reload.run == number && at.cause == reload.lines + reload.commands;
    let reload = app.session.reloaded().filter(is_last);
    reload.map_or_else(String::new, |reload| match reload.file {
        Some(_) => format!("   run {number}, reloaded at {}", clock(reload.at)),
        None => format!("   run {number}, compiled again so that it can be stopped"),
    })
}

/// The first finding of the selected cause, to stand beside how it ended.
fn findings(app: &App, at: &Selection) -> Option<String> {
    let mut found = app.session.findings().of(at.cause).filter(|finding| app.settings.shows(finding));
    let first = found.next()?;
    let more = match found.count() {
        0 => String::new(),
        count => format!(", and {}", counted(count as u64, "other finding")),
    };
    // No line breaks between the sign and the name.
    Some(format!("!\u{a0}{}{more} (:check)", finding_from(first, at.step)))
}

/// The outcome of a line or a command that succeeded, in that many columns: a long answer is shortened, and its size
/// stays.
fn ended(trigger: &Trigger, answer: &[u8], at: &Selection, columns: usize) -> String {
    let elapsed = elapsed(at.steps.elapsed());
    match trigger {
        Trigger::Command(text) if at.node.begins_a_run() => {
            format!(":{}: a fresh guest; F3 shows the previous run   ({elapsed})", visible(text.as_bytes()))
        }
        Trigger::Command(text) => {
            let results = at.node.focus.map_or_else(Vec::new, |place| at.steps.results(&at.node, place));
            let result = if results.is_empty() { String::new() } else { format!("  -> {}", results.join(", ")) };
            format!(":{}{result}   ({elapsed})", visible(text.as_bytes()))
        }
        Trigger::Line(line) => {
            let sizes = format!("{} B -> {} B", thousands(line.len() as u64), thousands(answer.len() as u64));
            let sizes = format!("   ({sizes}, {elapsed})");
            let room = columns.saturating_sub(3 + sizes.width()).max(LEAST);
            format!("=> {}{sizes}", shortened(&glance(answer), room))
        }
        Trigger::Start => String::new(),
    }
}
