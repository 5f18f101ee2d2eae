//! Findings on the screen: beside the answer, and in a list from which Enter goes to the step and the bytes.

use crossterm::event::KeyCode;

use super::cases::broken::{BROKEN, Broken};
use super::{Bench, text};
use crate::abi::ConventionRequest;
use crate::check::KINDS;
use crate::front::tui::draw::theme::Theme;
use crate::guest::Passes;
use crate::session::{Options, Source};
use crate::settings::Check;

fn bench(guest: &Broken) -> Bench {
    let source = Source::find(&guest.file("wat")).expect("the file is a module");
    let wish = ConventionRequest::default().named(&guest.file("recipe")).expect("the file is a recipe");
    let trace = Passes { stores: true, loads: guest.args.contains(&"loads"), pauses: false };
    let poison = guest.args.contains(&"--poison").then_some(0xcc);
    Bench::on(source, Options { wish, trace, poison, ..Options::default() }, Theme::COLORED)
}

#[test]
fn each_kind_is_named_beside_the_answer_and_listed() {
    for guest in BROKEN {
        let mut bench = bench(guest);
        guest.lines.iter().for_each(|line| bench.send(line));
        let name = guest.name(KINDS.iter().map(|kind| kind.name));
        let shown = text(&bench.settled(160, 45));
        // A long message is wrapped.
        let words: Vec<_> = shown.split_whitespace().collect();
        let joined = words.join(" ");
        let is_named = |mark| joined.contains(&format!("! {name}{mark}"));
        assert!(is_named(": ") || is_named(" (step "), "{}: {shown}", guest.guest);
        bench.keys(":check");
        bench.key(KeyCode::Enter);
        let listed = text(&bench.settled(160, 45));
        assert!(listed.contains(&format!("  {name}: ")) && listed.contains("--allow "), "{}: {listed}", guest.guest);
    }
}

#[test]
fn enter_in_the_list_goes_to_the_step_and_the_bytes() {
    let guest = BROKEN.iter().find(|guest| guest.guest == "stack-overflow").expect("it is in the table");
    let mut bench = bench(guest);
    bench.send("first");
    bench.send("second");
    bench.keys(":check");
    bench.key(KeyCode::Enter);
    bench.settled(120, 40);
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(120, 40));
    let app = &bench.full.app;
    let at = app.time.selection.as_ref().expect("a step is selected");
    let finding = app.session.findings().iter().next().expect("there is one");
    assert_eq!((at.cause, at.step, app.space.cursor), (finding.cause, finding.step, finding.range.start), "{shown}");
    assert_eq!(at.cause, 1, "the first of two");
}

#[test]
fn a_finding_about_another_step_names_it() {
    let guest = BROKEN.iter().find(|guest| guest.guest == "host-overrun").expect("it is in the table");
    let mut bench = bench(guest);
    bench.send("hello");
    bench.settled(160, 45);
    let step = bench.full.app.session.findings().iter().next().and_then(|finding| finding.step).expect("it has a step");
    let mut line = |command: String| {
        bench.keys(&command);
        bench.key(KeyCode::Enter);
        text(&bench.settled(160, 45))
    };
    let other = line(format!(":exchange 1.{}", step + 2));
    assert!(other.contains(&format!("!\u{a0}host-overrun\u{a0}(step\u{a0}{}): the host wrote", step + 1)), "{other}");
    let same = line(format!(":exchange 1.{}", step + 1));
    assert!(same.contains("!\u{a0}host-overrun: the host wrote"), "{same}");
}

#[test]
fn what_is_allowed_or_turned_off_is_not_shown() {
    let guest = BROKEN.iter().find(|guest| guest.guest == "wrong-size").expect("it is in the table");
    let mut bench = bench(guest);
    bench.send("hello");
    assert!(text(&bench.settled(160, 45)).contains("!\u{a0}wrong-size"));
    bench.keys(":check off");
    bench.key(KeyCode::Enter);
    assert!(!text(&bench.settled(160, 45)).contains("!\u{a0}wrong-size"));
    bench.keys(":check on");
    bench.key(KeyCode::Enter);
    assert_eq!(bench.full.app.settings.check, Check::On);
    bench.keys(":set allow wrong-size");
    bench.key(KeyCode::Enter);
    bench.key(KeyCode::Esc);
    assert!(!text(&bench.settled(160, 45)).contains("!\u{a0}wrong-size"));
}

/// The bench of that guest of the table, after its lines.
fn after_lines(name: &str) -> Bench {
    let guest = BROKEN.iter().find(|guest| guest.guest == name).expect("it is in the table");
    let mut bench = bench(guest);
    guest.lines.iter().for_each(|line| bench.send(line));
    bench
}

#[test]
fn a_finding_leaves_a_trace_after_the_next_line() {
    let mut bench = after_lines("leak");
    bench.send("next");
    let found = bench.full.app.session.findings().iter().next().expect("there is one").cause;
    let shown = text(&bench.settled(160, 45));
    let strip = shown.lines().find(|line| line.starts_with(" time ")).expect("there is a strip");
    assert_eq!(strip.chars().nth(" time ".len() + found), Some('!'), "{strip}");
    assert!(strip.contains("! finding"), "{strip}");
    assert!(shown.lines().next().is_some_and(|header| header.contains(" | 1 finding ")), "{shown}");
    assert!(shown.contains(&format!(" {found}! ")), "{shown}");
    bench.keys(":check off");
    bench.key(KeyCode::Enter);
    let shown = text(&bench.settled(160, 45));
    assert!(!shown.contains("! finding") && !shown.contains("1 finding "), "{shown}");
}

#[test]
fn a_finding_of_a_call_that_failed_is_shown_whole() {
    for name in ["rejected-free", "negative-number", "host-pointer", "wrong-size"] {
        let shown = text(&after_lines(name).settled(80, 24));
        let joined = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(joined.contains(&format!("! {name}")) && joined.contains("(:check)"), "{shown}");
    }
}

#[test]
fn the_help_tells_of_findings() {
    let mut bench = after_lines("leak");
    bench.key(KeyCode::F(1));
    let shown = text(&bench.settled(80, 50));
    assert!(shown.contains("! finding") && shown.contains(":check"), "{shown}");
}

#[test]
fn a_colon_in_a_list_begins_a_command() {
    let mut bench = after_lines("leak");
    bench.keys(":check");
    bench.key(KeyCode::Enter);
    bench.keys(":goto 0x400");
    bench.key(KeyCode::Enter);
    bench.settled(80, 24);
    assert_eq!(bench.full.app.space.cursor, 0x400);
    assert!(bench.full.app.overlays.top().is_none());
}
