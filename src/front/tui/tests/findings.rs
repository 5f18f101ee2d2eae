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
        assert!(words.join(" ").contains(&format!("! {name}: ")), "{}: {shown}", guest.guest);
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
fn what_is_allowed_or_turned_off_is_not_shown() {
    let guest = BROKEN.iter().find(|guest| guest.guest == "wrong-size").expect("it is in the table");
    let mut bench = bench(guest);
    bench.send("hello");
    assert!(text(&bench.settled(160, 45)).contains("!\u{a0}wrong-size: "));
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
