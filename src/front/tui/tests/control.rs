//! A guest that stops in the middle of a call.

use super::cases::SHOUTS;
use super::*;
use crate::guest::Passes;

/// Never returns, and counts in memory as it runs.
const COUNTS: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (loop $again (i64.store (i32.const 128) (i64.add (i64.load (i32.const 128)) (i64.const 1))) (br $again))
        (local.get $n)))"#;

fn bench(text: &str, pauses: bool) -> Bench {
    let mut options = Options { trace: Passes { stores: true, loads: false, pauses }, ..Options::default() };
    options.limits.time = None;
    Bench::on(Source { name: "guest.wat".to_owned(), bytes: text.as_bytes().to_vec() }, options, Theme::COLORED)
}

impl Bench {
    /// Presses a key that has the guest go on, and waits until it stops or is done.
    fn go(&mut self, key: char) -> String {
        self.key(KeyCode::Char(key));
        self.settle();
        text(&self.draw(120, 30))
    }
}

#[test]
fn a_guest_that_stops_is_stepped_with_keys_and_its_mode_is_visible() {
    let mut bench = bench(SHOUTS, true);
    bench.send(":watch 65");
    bench.send("abc");
    let shown = text(&bench.draw(120, 30));
    assert!(
        shown.contains("stopped: 3 B at 0x40..0x43 written by the host: 00 00 00 -> 61 62 63 (watchpoint 1)"),
        "{shown}"
    );
    assert!(shown.contains("the call has not returned yet"), "{shown}");
    assert!(bench.mode() == Mode::Stopped && shown.contains(" STOPPED ") && shown.contains("C continue"), "{shown}");
    let shown = bench.go('C');
    assert!(shown.contains("stopped: 0x41 written by up (offset 0x"), "{shown}");
    assert!(shown.contains("access 2 of 2"), "the store itself is selected: {shown}");
    assert!(bench.go('U').contains("stopped: in shout (offset 0x"));
    assert!(bench.go('S').contains("stopped: 0x42 written by up (offset 0x"));
    // A line that is typed meanwhile is not sent, and the mode stays visible.
    bench.keys("ixyz");
    let shown = text(&bench.draw(120, 30));
    assert!(bench.mode() == Mode::Input && shown.contains(" INPUT   STOPPED "), "{shown}");
    bench.key(KeyCode::Enter);
    assert!(text(&bench.draw(120, 30)).contains("the guest is stopped in the middle of a call"));
    bench.key(KeyCode::Esc);
    let shown = bench.go('C');
    assert!(shown.contains("=> ABC") && !shown.contains("STOPPED"), "{shown}");
}

#[test]
fn a_line_typed_while_the_guest_is_stopped_does_not_quit_and_the_key_bar_names_the_way_to_the_line() {
    let mut bench = bench(SHOUTS, true);
    bench.send(":break up");
    bench.send("a");
    for width in [80, 120] {
        let shown = text(&bench.draw(width, 24));
        assert!(shown.contains(" STOPPED  i input line  C continue"), "{shown}");
    }
    for c in "quit".chars() {
        assert_eq!(bench.key(KeyCode::Char(c)), []);
        bench.settle();
    }
    assert_eq!(bench.full.app.line.text(), "t", "i went to the line");
}

#[test]
fn an_exchange_that_is_not_over_has_a_cell_and_titles_of_its_own() {
    let mut bench = bench(SHOUTS, true);
    bench.send("x");
    let shown = text(&bench.draw(120, 30));
    assert!(shown.lines().nth(1).is_some_and(|strip| strip.ends_with(" live ")), "{shown}");
    bench.send(":break up");
    bench.send("abc");
    let buffer = bench.draw(120, 30);
    let shown = text(&buffer);
    let strip = shown.lines().nth(1).expect("the strip");
    let cells = strip.strip_prefix(" time ").and_then(|cells| cells.split(' ').next()).expect("cells");
    let here = u16::try_from(6 + cells.len() - 1).expect("they fit");
    assert!(cells.ends_with('>') && strip.contains("> not over") && strip.ends_with(" stopped "), "{shown}");
    assert!(buffer[(here, 1)].modifier.contains(Modifier::REVERSED), "{shown}");
    assert!(shown.contains("now, not returned yet  ") && shown.contains("before  call f(3) "), "{shown}");
    assert!(!shown.lines().any(|line| line.contains("before") && line.contains("has not returned")), "{shown}");
    bench.send(":unbreak all");
    let shown = bench.go('C');
    assert!(shown.contains("after  ") && !shown.contains("not over"), "{shown}");
}

#[test]
fn a_stepping_key_that_comes_too_late_is_no_text() {
    let mut bench = bench(SHOUTS, true);
    bench.send(":break up");
    bench.send("a");
    assert_eq!(bench.mode(), Mode::Stopped);
    bench.go('C');
    // The call has returned while the next keys were pressed.
    bench.keys("CLS");
    let shown = text(&bench.draw(120, 30));
    assert!(bench.mode() == Mode::Memory && bench.full.app.line.is_empty(), "{shown}");
    assert!(shown.contains("unbound key: i goes back to the input line"), "{shown}");
    bench.keys("i");
    assert_eq!(bench.mode(), Mode::Input);
}

#[test]
fn who_types_how_the_guest_goes_on_types_on() {
    let mut bench = bench(SHOUTS, true);
    bench.send(":break up");
    bench.send("abc");
    assert_eq!(bench.mode(), Mode::Stopped, "the first stop has keys of its own");
    bench.keys("i");
    bench.send(":continue");
    assert_eq!(bench.mode(), Mode::Input);
    bench.send(":step store");
    assert_eq!(bench.mode(), Mode::Input);
    bench.send(":unbreak all");
    bench.send(":continue");
    assert!(text(&bench.draw(120, 30)).contains("=> ABC"));
    // That is over with the call.
    bench.send(":break up");
    bench.send("abc");
    assert_eq!(bench.mode(), Mode::Stopped);
}

#[test]
fn a_start_that_is_ended_at_a_stop_leaves_the_run_before() {
    let starts = r#"(module (memory (export "memory") 1)
        (func $begin (i32.store8 (i32.const 200) (i32.const 7)))
        (start $begin)
        (func (export "ptr") (result i32) (i32.const 64))
        (func (export "f") (param $n i32) (result i32) (local.get $n)))"#;
    let mut bench = bench(starts, true);
    bench.send("ab");
    bench.send(":break begin");
    bench.send(":reset");
    let shown = text(&bench.draw(120, 30));
    assert!(shown.contains("stopped: in begin") && shown.contains("run 2 | start"), "{shown}");
    bench.event(KeyCode::Char('c'), KeyModifiers::CONTROL);
    bench.settle();
    let shown = text(&bench.draw(120, 30));
    assert!(shown.contains("could not replace the guest") && !shown.contains("run 2"), "{shown}");
    let session = &bench.full.app.session;
    assert_eq!((session.run_number(), session.past().len(), session.run().len()), (1, 0, 2));
    bench.send(":unbreak all");
    bench.send("cd");
    assert!(text(&bench.draw(120, 30)).contains("=> cd "));
    bench.send(":reset");
    assert_eq!((bench.full.app.session.run_number(), bench.full.app.session.past().len()), (2, 1));
}

#[test]
fn places_that_the_guest_lacks_are_told_at_the_start() {
    let options = Options { trace: Passes { stores: true, loads: false, pauses: true }, ..Options::default() };
    options.stops.add_break(crate::session::BreakPlace::Function("nope".to_owned())).expect("it is the first");
    let source = Source { name: "guest.wat".to_owned(), bytes: SHOUTS.as_bytes().to_vec() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    let shown = text(&bench.draw(120, 30));
    assert!(shown.contains("breakpoint 1: this module defines no function `nope`"), "{shown}");
}

#[test]
fn the_input_line_has_the_keys_again_when_the_call_is_over() {
    let mut bench = bench(SHOUTS, false);
    bench.send(":watch 64 change");
    bench.send("abc");
    assert_eq!(bench.mode(), Mode::Stopped);
    let ctrl_c = KeyModifiers::CONTROL;
    bench.event(KeyCode::Char('c'), ctrl_c);
    bench.settle();
    assert_eq!(bench.mode(), Mode::Input);
    assert!(text(&bench.draw(120, 30)).contains("the guest was stopped by Ctrl-C"));
    // The call that was ended left nothing that stops the next line by itself.
    bench.send(":unwatch all");
    bench.send("abc");
    assert!(text(&bench.draw(120, 30)).contains("=> ABC"));
}

#[test]
fn what_needs_stop_points_is_offered_during_a_call_and_done_when_asked_for() {
    let mut bench = bench(SHOUTS, false);
    bench.send(":watch 65 change");
    bench.send("abc");
    let shown = bench.go('C');
    assert!(shown.contains("stopped: 0x41 written by up"), "{shown}");
    let shown = bench.go('L');
    assert!(shown.contains("the guest was not compiled for stepping: :recompile ends this call"), "{shown}");
    bench.keys("i");
    bench.send(":recompile");
    // The line is sent again, and stops again.
    let shown = text(&bench.draw(120, 30));
    assert!(shown.contains("run 2") && shown.contains("written by the host"), "{shown}");
    let shown = bench.go('C');
    assert!(shown.contains("stopped: 0x41 written by up"), "{shown}");
    assert!(bench.go('L').contains("stopped: in shout"));
    bench.key(KeyCode::Char(':'));
    bench.keys("unwatch all");
    bench.key(KeyCode::Enter);
    assert!(bench.go('C').contains("=> ABC"));
}

#[test]
fn a_recompilation_is_told_with_the_line_that_was_sent_again_and_not_with_later_ones() {
    let mut bench = bench(SHOUTS, false);
    bench.send("ab");
    bench.send(":break up");
    let shown = text(&bench.draw(140, 30));
    assert!(shown.contains("=> AB ") && shown.contains("run 2, compiled again so that it can be stopped"), "{shown}");
    bench.send(":unbreak all");
    bench.send("cd");
    let shown = text(&bench.draw(140, 30));
    assert!(shown.contains("=> CD ") && !shown.contains("compiled again"), "{shown}");
}

#[test]
fn memory_of_a_long_call_is_shown_while_it_runs_and_the_call_can_be_paused() {
    for pauses in [true, false] {
        let mut bench = bench(COUNTS, pauses);
        "go".chars().for_each(|c| assert_eq!(bench.key(KeyCode::Char(c)), []));
        bench.key(KeyCode::Enter);
        let mut counts = Vec::new();
        while counts.len() < 3 {
            bench.full.app.session.refresh();
            // It comes at once, or not at all: then it is asked again.
            let Ok(update) = bench.updates.recv_timeout(Duration::from_millis(50)) else { continue };
            bench.full.report(update).expect("the guest is sound");
            let shown = text(&bench.draw(120, 30));
            assert!(shown.contains("the guest is running"), "{shown}");
            let mut count = [0; 8];
            let run = bench.full.app.session.run();
            run.present()[0].read(128, &mut count);
            counts.push(u64::from_le_bytes(count));
        }
        assert!(counts.is_sorted() && counts[0] < counts[2], "{counts:?}");
        bench.send(":pause");
        let shown = text(&bench.draw(120, 30));
        assert!(shown.contains("(paused); the call has not returned yet"), "{shown}");
        bench.event(KeyCode::Char('c'), KeyModifiers::CONTROL);
        bench.settle();
    }
}
