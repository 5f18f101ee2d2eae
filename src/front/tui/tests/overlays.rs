//! Overlays: their contents, their keys, and what closes them.

use super::*;
use crate::command::Place;
use crate::front::tui::input::action::Question;
use crate::front::tui::input::bindings::{BINDINGS, SECTIONS};
use crate::front::tui::state::overlays::Overlay;
use crate::front::tui::state::overlays::list::List;
use crate::front::tui::state::overlays::prompt::Prompt;

/// All lines of the overlay, without the title and the key bar.
fn pages(bench: &mut Bench, width: u16, height: u16) -> String {
    bench.key(KeyCode::Home);
    let page = |bench: &mut Bench| {
        let page = text(&bench.draw(width, height));
        page.lines()
            .skip(1)
            .take(usize::from(height) - 2)
            .map(|row| format!("{}\n", row.trim_end()))
            .collect::<Vec<_>>()
    };
    let mut rows = page(bench);
    loop {
        let before = text(&bench.draw(width, height));
        bench.key(KeyCode::Down);
        if text(&bench.draw(width, height)) == before {
            return rows.concat();
        }
        rows.extend(page(bench).pop());
    }
}

#[test]
fn the_help_explains_the_terms_first_and_is_paged() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.key(KeyCode::F(1));
    let first = text(&bench.draw(80, 24));
    for term in ["exchange", "step", "page", "address", "pointer"] {
        assert!(first.lines().any(|line| line.starts_with(&format!(" {term} "))), "{term}: {first}");
    }
    assert!(first.contains(" HELP  PgUp PgDn page  Esc q close") && !first.contains('\u{2026}'), "{first}");
    bench.key(KeyCode::Char(' '));
    let second = text(&bench.draw(80, 24));
    assert!(second.contains("keys: input line") && second.contains("send the line to the guest"), "{second}");
    bench.key(KeyCode::Char('k'));
    bench.key(KeyCode::Char('j'));
    assert_eq!(text(&bench.draw(80, 24)), second);
    bench.key(KeyCode::PageUp);
    assert_eq!(text(&bench.draw(80, 24)), first);
    bench.keys("G");
    let last = text(&bench.draw(80, 24));
    assert!(last.contains("the line above memory of the past, or of an earlier run"), "{last}");
    bench.event(KeyCode::Char('u'), KeyModifiers::CONTROL);
    bench.event(KeyCode::Char('d'), KeyModifiers::CONTROL);
    assert_eq!(text(&bench.draw(80, 24)), last);
    bench.keys("g");
    assert_eq!(text(&bench.draw(80, 24)), first);
    for close in [KeyCode::Esc, KeyCode::Char('q'), KeyCode::F(1)] {
        assert_eq!(bench.mode(), Mode::Help);
        bench.key(close);
        assert_eq!(bench.mode(), Mode::Input);
        bench.key(KeyCode::F(1));
    }
}

#[test]
fn the_help_lists_every_binding_once_under_its_mode() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.key(KeyCode::F(1));
    let shown = pages(&mut bench, 80, 24);
    for (title, modes) in SECTIONS {
        let heading = format!(" keys: {title}\n");
        assert_eq!(shown.matches(&heading).count(), 1, "{title}: {shown}");
        let section = shown.split(&heading).nth(1).and_then(|section| section.split("\n\n").next());
        let section = section.expect("it has lines");
        let bindings: Vec<_> = BINDINGS.iter().filter(|binding| binding.modes == *modes).collect();
        for binding in &bindings {
            let first = binding.help.split(' ').next().expect("a word");
            let line = format!(" {:<17} {first}", binding.label);
            assert_eq!(section.lines().filter(|row| row.starts_with(&line)).count(), 1, "{line} in {title}: {section}");
        }
        let labels = section.lines().filter(|row| !row.starts_with("   ")).count();
        assert_eq!(labels, bindings.len(), "nothing else is listed: {section}");
    }
}

#[test]
fn esc_closes_the_innermost_of_what_is_open() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(80, 24);
    // A prompt, the help over it, and a list on top.
    bench.event(KeyCode::Char('g'), KeyModifiers::CONTROL);
    bench.keys("0x5");
    bench.key(KeyCode::F(1));
    assert_eq!(bench.mode(), Mode::Help);
    bench.keys("zz");
    let place = Place { words: "a place".to_owned(), addr: Some(0x500), at: None };
    bench.full.app.overlays.open(Overlay::List(List::new("places".to_owned(), vec![place], 0)));
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains(">a place") && shown.contains(" LIST  Enter go to") && !shown.contains("go to: 0x5"));
    bench.key(KeyCode::Esc);
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("what the screen shows") && shown.contains(" HELP "), "{shown}");
    bench.key(KeyCode::Esc);
    let shown = text(&bench.draw(80, 24));
    assert!(shown.contains("go to: 0x5 ") && shown.contains(" PROMPT  Enter accept"), "{shown}");
    bench.key(KeyCode::Esc);
    assert_eq!(bench.mode(), Mode::Input, "the prompt was opened from the input line");
    // With nothing open, Esc moves from the input line to the memory, and does nothing in the memory.
    bench.key(KeyCode::Esc);
    assert_eq!(bench.mode(), Mode::Memory);
    let before = text(&bench.draw(80, 24));
    bench.key(KeyCode::Esc);
    assert_eq!((bench.mode(), text(&bench.draw(80, 24))), (Mode::Memory, before));
}

#[test]
fn esc_ends_the_selection_then_the_search() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(80, 24);
    bench.keys("\x1b/cool");
    bench.key(KeyCode::Enter);
    bench.keys("sll");
    // Esc first cancels an unfinished sequence.
    bench.keys("]\x1b");
    assert!(bench.full.app.space.anchor.is_some());
    bench.key(KeyCode::Esc);
    assert!(bench.full.app.space.anchor.is_none() && bench.full.app.space.search.is_some());
    bench.key(KeyCode::Esc);
    assert!(bench.full.app.space.search.is_none() && bench.mode() == Mode::Memory);
}

#[test]
fn of_each_kind_of_overlay_one_is_open() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    for command in ["exports", "limits", "regions", "changes"] {
        bench.full.app.line.clear();
        bench.send(&format!(":{command}"));
        bench.key(KeyCode::F(1));
        bench.keys("i");
    }
    bench.full.app.overlays.open(Overlay::Prompt(Prompt::new(Question::Pattern, 1)));
    assert!(bench.full.app.overlays.iter().count() <= 4);
    let mut modes = Vec::new();
    // A colon in a list asks for a command, as in the memory view: there it ends.
    while bench.mode() != Mode::Memory && modes.len() < 10 {
        modes.push(bench.mode());
        bench.key(KeyCode::Esc);
    }
    assert_eq!(modes[0], Mode::Prompt);
    assert_eq!(bench.mode(), Mode::Memory);
}

#[test]
fn what_is_typed_stays_below_what_is_open() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.keys("half a li");
    bench.key(KeyCode::F(1));
    bench.keys("jjxyz");
    bench.key(KeyCode::Esc);
    bench.keys("ne");
    assert_eq!(bench.full.app.line.text(), "half a line");
    // A paste goes to an open prompt, otherwise to the line.
    bench.event(KeyCode::Char('g'), KeyModifiers::CONTROL);
    bench.take(Event::Paste("0x410\nmore".to_owned()));
    bench.key(KeyCode::Enter);
    assert_eq!((bench.full.app.space.cursor, bench.mode()), (0x410, Mode::Memory));
    assert_eq!(bench.full.app.line.text(), "half a line");
}

#[test]
fn ctrl_c_closes_what_is_open() {
    let mut bench = Bench::new(Theme::COLORED);
    let ctrl_c = |bench: &mut Bench| bench.event(KeyCode::Char('c'), KeyModifiers::CONTROL);
    bench.keys("typed");
    bench.key(KeyCode::F(1));
    ctrl_c(&mut bench);
    assert_eq!((bench.mode(), bench.full.app.line.text()), (Mode::Input, "typed"));
    ctrl_c(&mut bench);
    assert_eq!(bench.full.app.line.text(), "");
    ctrl_c(&mut bench);
    assert!(text(&bench.draw(80, 24)).contains("Ctrl-D quits"));
    bench.key(KeyCode::Esc);
    ctrl_c(&mut bench);
    assert!(text(&bench.draw(80, 24)).contains("q quits"));
}
