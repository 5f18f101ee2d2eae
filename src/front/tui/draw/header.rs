//! The header: the guest, its convention, the size of its memory, and the selected moment.

use std::path::Path;

use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use crate::front::tui::state::app::App;
use crate::front::tui::state::lines::to_u16;
use crate::record::WASM_PAGE;
use crate::view::{Selection, clock, counted, thousands, visible};

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (area, style) = (app.layout.header, canvas.theme.selected());
    let convention = match app.session.about() {
        Some(about) if about.convention.is_empty() => String::new(),
        Some(about) => {
            let assumed = if about.assumed.is_some() { " (assumed)" } else { "" };
            format!(" | {}{assumed}", visible(about.convention.as_bytes()))
        }
        None => " | loading".to_owned(),
    };
    let has_several = app.time.selection.as_ref().is_some_and(|at| at.after.len() > 1);
    let memory = if has_several { format!(" | {}", app.memory_name()) } else { String::new() };
    let (pages, bytes) = size(app).unwrap_or_default();
    let path = Path::new(app.session.name());
    let name = visible(path.file_name().map_or(path.as_os_str(), |name| name).as_encoded_bytes());
    canvas.buffer.set_style(area, style);
    // Omit when a run began if it does not fit.
    let (run, since) = run(app);
    let left = format!(" linmem  {name}{convention}{memory}{pages}").width();
    let place = [format!("{run}{since} | {}", place(app)), format!("{run} | {}", place(app))]
        .into_iter()
        .find(|text| !run.is_empty() && left + text.width() < usize::from(area.width))
        .unwrap_or_else(|| place(app));
    let width = to_u16(place.width()).min(area.width);
    canvas.put(Rect { x: area.right() - width, width, ..area }, &place, style);
    let rest = Rect { width: (area.width - width).saturating_sub(1), ..area };
    let short = format!(" linmem  {name}{convention}{memory}{pages}");
    let found = found(app);
    // What is found comes before the size in bytes.
    let more = [format!("{bytes}{found}"), found, bytes];
    let more = more.into_iter().find(|more| short.width() + more.width() <= usize::from(rest.width));
    canvas.put(rest, &(short + &more.unwrap_or_default()), style);
}

/// How much is wrong or suspicious in the run: ` | 2 findings`.
fn found(app: &App) -> String {
    let findings = app.session.findings();
    let shown = findings.iter().filter(|finding| app.settings.shows(finding)).count();
    match (shown, findings.dropped()) {
        (0, _) => String::new(),
        (shown, 0) => format!(" | {}", counted(shown as u64, "finding")),
        (shown, _) => format!(" | {} findings or more", thousands(shown as u64)),
    }
}

/// The run's number, if it is not the first: `run 2`; and when it began, if a changed file caused it.
fn run(app: &App) -> (String, String) {
    match (app.session.run_number(), app.session.reloaded()) {
        (number, Some(reload)) if number == reload.run => (format!("run {number}"), format!(", {}", clock(reload.at))),
        (number @ 2.., _) => (format!("run {number}"), String::new()),
        _ => (String::new(), String::new()),
    }
}

/// The position on the timeline: `exchange 3 of 3 | step 3 of 5`.
fn place(app: &App) -> String {
    let Some(at) = &app.time.selection else { return String::new() };
    let past = match app.session.runs_back() {
        0 if app.is_present() => "",
        0 => "THE PAST: ",
        _ => "EARLIER RUN: ",
    };
    let exchanges = app.session.run().len() - 1;
    let exchange = match at.cause {
        0 => "start".to_owned(),
        number => format!("exchange {number} of {exchanges}"),
    };
    let access = access_words(at).map_or(String::new(), |access| format!("| {access} "));
    match at.step {
        Some(place) => format!("{past}{exchange} | step {} of {} {access}", place + 1, at.steps()),
        None => format!("{past}{exchange} | all steps {access}"),
    }
}

/// The selected access of the guest's accesses during the step: `access 3 of 120`.
fn access_words(at: &Selection) -> Option<String> {
    let number = at.access?;
    let all = at.step.map_or(0..at.node.accesses.len(), |place| at.node.steps[place].accesses.clone());
    Some(format!("access {} of {}", thousands(number - all.start + 1), thousands(all.end - all.start)))
}

/// The size of the selected memory, in pages and in bytes: ` | 17 pages`, ` = 1,114,112 B`.
fn size(app: &App) -> Option<(String, String)> {
    let len = app.time.selection.as_ref()?.after.get(app.memory())?.len();
    let unit = if len == WASM_PAGE { "page" } else { "pages" };
    Some((format!(" | {} {unit}", thousands(len / WASM_PAGE)), format!(" = {} B", thousands(len))))
}
