//! The key bar: the mode and its keys, or a description of what is being typed.

use ratatui::layout::Rect;
use ratatui::style::Style;

use super::canvas::Canvas;
use crate::command::{Typed, find};
use crate::front::tui::input::action::Action;
use crate::front::tui::input::bindings::{BINDINGS, Binding, SCREEN};
use crate::front::tui::input::mode::Mode;
use crate::front::tui::state::app::App;
use crate::record::Failure;
use crate::view::ahead;

/// How many keys at the end are kept longest: those for the help and for leaving are declared last.
const KEPT: usize = 2;

pub(super) fn draw(app: &App, canvas: &mut Canvas<'_>) {
    let (mode, mut rest) = (app.mode(), app.layout.bar);
    canvas.clear(rest);
    canvas.append(&mut rest, &format!(" {} ", mode.name()), canvas.theme.mode());
    canvas.append(&mut rest, " ", Style::new());
    if mode != Mode::Stopped && app.session.stopped().is_some() {
        canvas.append(&mut rest, " STOPPED ", canvas.theme.mode());
        canvas.append(&mut rest, " ", Style::new());
    }
    if mode == Mode::Input && !app.line.is_empty() {
        canvas.put(rest, &about_the_line(app), Style::new());
        return;
    }
    if is_suspect(app) && (mode == Mode::Input || mode.is_memory()) {
        canvas.append(&mut rest, ":reset", canvas.theme.selected());
        canvas.append(&mut rest, " creates a fresh guest  ", canvas.theme.title());
    }
    draw_keys(mode, app.session.is_replay(), rest, canvas);
}

fn draw_keys(mode: Mode, is_replay: bool, mut rest: Rect, canvas: &mut Canvas<'_>) {
    let is_shown = |binding: &&Binding| {
        let can_be_done = !is_replay || !binding.actions().any(|(_, action)| action == Action::Send);
        binding.modes.has(mode) && !binding.bar.is_empty() && can_be_done
    };
    let mut shown: Vec<_> = BINDINGS.iter().filter(is_shown).collect();
    let columns = |binding: &&Binding| binding.label.len() + binding.bar.len() + 3;
    let width = |shown: &[&Binding]| shown.iter().map(columns).sum::<usize>();
    while shown.len() > KEPT && width(&shown) > usize::from(rest.width) + 2 {
        // Drop keys shared by many modes first.
        let general = shown.iter().rposition(|binding| binding.modes == SCREEN);
        shown.remove(general.unwrap_or(shown.len() - KEPT - 1));
    }
    for (number, binding) in shown.into_iter().enumerate() {
        canvas.append(&mut rest, if number > 0 { "  " } else { "" }, Style::new());
        canvas.append(&mut rest, binding.label, canvas.theme.selected());
        canvas.append(&mut rest, " ", Style::new());
        canvas.append(&mut rest, binding.bar, Style::new());
    }
}

/// For a line, the bytes that will be written. For a command, its usage and description.
fn about_the_line(app: &App) -> String {
    match Typed::new(app.line.text()) {
        Typed::Line(_) if app.session.is_replay() => {
            "a saved session: nothing can be sent; a line that begins with : is a command".to_owned()
        }
        Typed::Line(line) => ahead(line, &app.session, &app.space.regions),
        Typed::Command(text) => match find(text.split_whitespace().next().unwrap_or_default()) {
            Ok(spec) => format!("{}   {}", spec.usage(), spec.about),
            Err(error) => error.to_string(),
        },
    }
}

/// Whether the guest may be inconsistent after the last exchange.
fn is_suspect(app: &App) -> bool {
    let run = app.session.run();
    let newest = run.len().checked_sub(1).and_then(|number| run.cause(number));
    let suspect = newest.is_some_and(|cause| cause.failures().any(Failure::leaves_guest_suspect));
    app.is_present() && !app.session.is_replay() && suspect
}
