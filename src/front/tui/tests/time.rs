//! Moving in time: steps as a tree, exchanges, runs, memories, and the strip of them all.

use super::*;
use crate::view::thousands;
use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};

/// A guest that calls imports during its transform, and keeps data in a second memory.
const CALLER: &str = r#"(module
    (import "env" "log" (func $log (param i32 i32)))
    (memory (export "memory") 1) (memory (export "notes") 2)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (i32.store8 (i32.const 80) (i32.const 1))
        (call $log (i32.const 64) (local.get $n))
        (i32.store8 (i32.const 81) (i32.const 2))
        (call $log (i32.const 64) (i32.const 2))
        (i32.store8 1 (i32.const 0x700) (i32.const 7))
        (local.get $n)))"#;

/// A guest that fails, grows its memory, does nothing or changes a byte, depending on the line's length.
const MOODY: &str = r#"(module (memory (export "memory") 1)
    (func (export "ptr") (result i32) (i32.const 64))
    (func (export "f") (param $n i32) (result i32)
        (if (i32.eq (local.get $n) (i32.const 1)) (then unreachable))
        (if (i32.eq (local.get $n) (i32.const 2)) (then (drop (memory.grow (i32.const 1)))))
        (if (i32.eq (local.get $n) (i32.const 3)) (then (i32.store8 (i32.const 200) (i32.const 1))))
        (local.get $n)))"#;

fn shown(bench: &mut Bench) -> String {
    text(&bench.draw(120, 40))
}

fn click(bench: &mut Bench, (column, row): (usize, usize)) {
    let (column, row) = (u16::try_from(column).expect("small"), u16::try_from(row).expect("small"));
    let kind = MouseEventKind::Down(MouseButton::Left);
    bench.take(Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE }));
}

#[test]
fn the_past_can_be_looked_at_and_a_line_returns_to_the_present() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("first");
    bench.send("second");
    bench.draw(120, 40);
    bench.key(KeyCode::F(5));
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("THE PAST: exchange 1 of 2"), "{shown}");
    assert!(shown.contains("first Wa"), "{shown}");
    bench.key(KeyCode::F(5));
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("THE PAST: start"), "{shown}");
    bench.key(KeyCode::F(5));
    assert!(text(&bench.draw(120, 40)).contains("this is where the guest started"));
    bench.send("third");
    let shown = text(&bench.draw(120, 40));
    assert!(shown.contains("  exchange 3 of 3") && !shown.contains("THE PAST"), "{shown}");
}

#[test]
fn the_past_looks_unlike_the_present() {
    let mut bench = Bench::new(Theme::MONOCHROME);
    bench.send("first");
    let present = shown(&mut bench);
    assert!(!present.contains('\u{2550}') && present.contains(" live "), "{present}");
    bench.send("second");
    bench.key(KeyCode::F(5));
    let past = shown(&mut bench);
    let rules = past.lines().nth(2).expect("the panes' titles");
    assert!(rules.contains("before  call") && rules.contains('\u{2550}') && !rules.contains('\u{2500}'), "{past}");
    assert!(past.contains("F9: newest") && !past.contains("  live "), "{past}");
    bench.key(KeyCode::F(9));
    assert!(shown(&mut bench).contains("  exchange 2 of 2 | step 3 of 5"), "F9 comes back");
}

#[test]
fn steps_are_a_tree_with_the_exchange_at_its_root() {
    let mut bench = Bench::wat(CALLER);
    bench.send("hello");
    let step = |bench: &Bench| bench.full.app.time.selection.as_ref().expect("something is selected").step;
    assert_eq!(step(&bench), Some(2), "the call of the transform");
    let screen = shown(&mut bench);
    assert!(screen.contains(">3 call  f(5) -> 5") && screen.contains(" 4   import env.log(0x40, 5)"), "{screen}");
    bench.key(KeyCode::F(8));
    assert_eq!(step(&bench), Some(3), "F8 goes into the call");
    // At the first import, the byte before it is written, the one after it is not.
    let byte = |bench: &Bench, addr| bench.full.app.time.selection.as_ref().expect("selected").after[0].byte(addr);
    assert_eq!((byte(&bench, 80), byte(&bench, 81)), (Some(1), Some(0)));
    bench.event(KeyCode::F(8), KeyModifiers::SHIFT);
    assert_eq!(step(&bench), Some(6), "past what the first one does");
    assert_eq!((byte(&bench, 80), byte(&bench, 81)), (Some(1), Some(2)));
    bench.key(KeyCode::F(2));
    assert_eq!(step(&bench), Some(2), "F2 goes out of it");
    bench.event(KeyCode::F(8), KeyModifiers::SHIFT);
    assert_eq!(step(&bench), Some(9), "Shift-F8 passes what is inside");
    bench.event(KeyCode::F(7), KeyModifiers::SHIFT);
    assert_eq!(step(&bench), Some(2));
    bench.key(KeyCode::F(2));
    let screen = shown(&mut bench);
    assert_eq!(step(&bench), None);
    assert!(screen.contains("exchange 1 of 1 | all steps") && screen.contains(">all steps"), "{screen}");
    assert!(
        screen.contains(
            "all steps: the host changed 5 bytes at 0x40..0x45; the guest changed 2 bytes at 0x50..0x52; the guest said"
        ),
        "{screen}"
    );
    bench.key(KeyCode::F(2));
    assert!(shown(&mut bench).contains("this is the exchange as a whole"));
    bench.key(KeyCode::F(7));
    assert!(shown(&mut bench).contains("F5 goes to the previous exchange"));
    bench.key(KeyCode::F(8));
    assert_eq!(step(&bench), Some(0));
    bench.key(KeyCode::F(7));
    assert_eq!(step(&bench), None, "before the first step is the whole");
    // The same with the memory's keys, and with the mouse.
    bench.keys("\x1b)))");
    assert_eq!(step(&bench), Some(2));
    bench.keys(">>^^(");
    assert_eq!(step(&bench), Some(1));
    let screen = shown(&mut bench);
    let row = |wanted: &str| screen.lines().position(|line| line.contains(wanted)).expect(wanted);
    click(&mut bench, (3, row("7   import env.log(0x40, 2)")));
    assert_eq!(step(&bench), Some(6));
    click(&mut bench, (3, row(" steps ")));
    assert_eq!(step(&bench), None);
}

#[test]
fn very_many_steps_are_shown_where_the_cursor_is() {
    let mut bench = Bench::wat(
        r#"(module (import "env" "tick" (func $tick (param i32))) (memory (export "memory") 1)
            (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param $n i32) (result i32) (local $i i32)
                (loop $again (call $tick (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
                (local.get $n)))"#,
    );
    bench.send("hi");
    bench.event(KeyCode::F(8), KeyModifiers::SHIFT);
    bench.key(KeyCode::F(7));
    let screen = shown(&mut bench);
    assert!(screen.contains("step 100003 of 100005"), "{screen}");
    assert!(screen.contains(">100003   import env.tick(99999)"), "{screen}");
    let rows: Vec<_> = screen.lines().skip_while(|line| !line.contains(" steps ")).collect();
    assert!(rows[1].starts_with(" 3 call  f(2) -> 2"), "the call around stays in sight: {screen}");
    let title = format!(
        " steps  {}-100,003 of 100,005 ",
        thousands(100_003 - u64::from(bench.full.app.layout.steps.height) + 2)
    );
    assert!(rows[0].contains(&title), "{title}: {screen}");
}

#[test]
fn the_strip_shows_where_changes_happened() {
    let mut bench = Bench::wat(MOODY);
    for line in ["four", "x", "xx", "xxx", "xxx", ""] {
        bench.send(line);
    }
    let buffer = bench.draw(120, 40);
    let screen = text(&buffer);
    assert!(
        screen
            .lines()
            .nth(1)
            .expect("the strip")
            .starts_with(" time mhx+g..  m module  h host  g guest  x failed  + grew"),
        "{screen}"
    );
    let look = |x: u16| (buffer[(x, 1)].modifier, buffer[(x, 1)].fg);
    assert!(look(12).0.contains(Modifier::REVERSED), "the cursor");
    assert_eq!(look(8), (Modifier::BOLD, ratatui::style::Color::Red), "a failure");
    click(&mut bench, (8, 1));
    let screen = shown(&mut bench);
    assert!(screen.contains("THE PAST: exchange 2 of 6") && screen.contains("unreachable"), "{screen}");
    // With more exchanges than cells, a cell stands for several, and shows the rarest event.
    for _ in 0..300 {
        bench.send("");
    }
    bench.key(KeyCode::F(9));
    let buffer = bench.draw(120, 40);
    let screen = text(&buffer);
    let strip = screen.lines().nth(1).expect("the strip");
    assert!(strip.starts_with(" time xg.....") && strip.contains("4 a cell  live"), "{screen}");
    let here: Vec<_> = (0..120).filter(|&x| buffer[(x, 1)].modifier.contains(Modifier::REVERSED)).collect();
    assert_eq!(here, [6 + 306 / 4], "{screen}");
    click(&mut bench, (6 + 2, 1));
    assert!(shown(&mut bench).contains("exchange 8 of 306"));
}

#[test]
fn earlier_runs_can_be_looked_at() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.key(KeyCode::F(3));
    assert!(shown(&mut bench).contains("no earlier run; :reset"));
    bench.send("first run");
    bench.send(":reset");
    bench.send("second run");
    bench.key(KeyCode::F(3));
    let screen = shown(&mut bench);
    assert!(
        screen.contains("EARLIER RUN: exchange 1 of 1") && screen.contains("=> first run Wasm is cool!"),
        "{screen}"
    );
    assert!(screen.contains("F9: newest") && screen.contains('\u{2550}'), "{screen}");
    bench.key(KeyCode::F(7));
    assert!(shown(&mut bench).contains("the host changed 9 bytes at 0x410..0x419"));
    bench.key(KeyCode::F(4));
    assert!(shown(&mut bench).contains("  run 2 | exchange 1 of 1 | step 3 of 5"));
    // Sending a line returns to the current run from anywhere.
    bench.key(KeyCode::F(3));
    bench.key(KeyCode::F(5));
    bench.send("third");
    let screen = shown(&mut bench);
    assert!(screen.contains("  run 2 | exchange 2 of 2 |") && screen.contains("=> third Wasm is cool!"), "{screen}");
    // An automatic new run does not leave the past.
    bench.key(KeyCode::F(5));
    bench.full.app.session.command("reset".to_owned(), crate::session::GuestOp::Reset);
    bench.settle();
    let screen = shown(&mut bench);
    assert!(screen.contains("EARLIER RUN: exchange 1 of 2") && screen.contains("=> second run Wasm"), "{screen}");
    bench.key(KeyCode::F(9));
    assert!(shown(&mut bench).contains("  run 3 | start | "));
    // Three runs are kept.
    bench.send(":reset");
    bench.send(":reset");
    for _ in 0..3 {
        bench.key(KeyCode::F(3));
    }
    assert!(shown(&mut bench).contains("=> third Wasm"), "the first one is gone");
    bench.key(KeyCode::F(3));
    assert!(shown(&mut bench).contains("no earlier run is kept"));
}

#[test]
fn a_fresh_guest_is_told_of_and_one_that_cannot_be_had_is_no_exchange() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("one");
    bench.send(":convention typst");
    let screen = shown(&mut bench);
    assert!(
        screen.contains("exchange 1 of 1") && screen.contains("could not replace the guest: the module"),
        "{screen}"
    );
    bench.send(":reset");
    let screen = shown(&mut bench);
    assert!(screen.contains(":reset: a fresh guest; F3 shows the previous run"), "{screen}");
}

#[test]
fn what_the_guest_says_stands_beside_the_exchange() {
    let mut options = Options::default();
    let recipe =
        "each line\n  p = ptr()\n  write at p\n* len = f(n)\n  read len at p\non env.log(p, l)\n  say l at p\n";
    options.wish.recipe = Some(crate::abi::RecipeFile::new("test".to_owned(), recipe.to_owned()).expect("it is sound"));
    let source = Source { name: "caller.wat".to_owned(), bytes: CALLER.as_bytes().to_vec() };
    let mut bench = Bench::on(source, options, Theme::COLORED);
    bench.send("hel\u{7}lo");
    let screen = shown(&mut bench);
    let rows: Vec<_> = screen.lines().skip_while(|line| !line.contains("1\" hel\\x07lo => hel\\x07lo")).collect();
    assert!(rows[1].contains("says \"hel\\x07lo\"") && rows[2].contains("says \"he\""), "{screen}");
    assert!(screen.contains("; the guest said \"hel\\x07lo\", \"he\""), "{screen}");
    bench.key(KeyCode::F(8));
    let screen = shown(&mut bench);
    assert!(
        screen.contains("step 4: nothing changed; the guest said \"hel\\x07lo\"\n")
            || screen.contains("; the guest said \"hel\\x07lo\" "),
        "{screen}"
    );
    bench.key(KeyCode::F(7));
    bench.key(KeyCode::F(7));
    assert!(!shown(&mut bench).contains("the guest said"), "nothing was said in the host's write");
}

#[test]
fn what_a_running_guest_says_is_shown_at_once() {
    let mut bench = Bench::wat(CALLER);
    bench.full.app.session.send(b"hello".to_vec());
    let said = loop {
        let update = bench.updates.recv_timeout(Duration::from_secs(20)).expect("the guest reports");
        let said = matches!(update, Update::Said(_));
        bench.full.report(update).expect("the guest is sound");
        if said {
            break shown(&mut bench);
        }
    };
    assert!(said.contains("the guest is running ... Ctrl-C stops it; it says \"hello\""), "{said}");
    bench.settle();
    assert!(!shown(&mut bench).contains("it says"));
}

#[test]
fn a_saved_session_is_called_so() {
    let folder = std::env::temp_dir().join(format!("linmem-load-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    let file = folder.join("saved").display().to_string();
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("kept");
    bench.send(&format!(":save {file}"));
    bench.send("later");
    bench.send("latest");
    bench.send(&format!(":load {file}"));
    let screen = shown(&mut bench);
    assert!(screen.contains("exchange 1 of 1") && screen.contains("=> kept Wasm"), "{screen}");
    let strip = screen.lines().nth(1).expect("the strip");
    assert!(strip.starts_with(" time mg  ") && strip.trim_end().ends_with("saved"), "{screen}");
    // Unavailable actions are not offered.
    assert!(!screen.contains("Enter send") && screen.contains("Esc memory"), "{screen}");
    bench.keys("words");
    let screen = shown(&mut bench);
    assert!(screen.contains("nothing can be sent; a line that begins with : is a command"), "{screen}");
    bench.key(KeyCode::Enter);
    assert!(shown(&mut bench).contains("nothing can run in a saved session; :load returns from it"));
    bench.key(KeyCode::F(5));
    assert!(shown(&mut bench).contains("F5 F6 show its exchanges"), "its start");
    bench.send(":load");
    let screen = shown(&mut bench);
    assert!(screen.lines().nth(1).expect("the strip").starts_with(" time mggg  "), "{screen}");
    std::fs::remove_dir_all(&folder).expect("it is ours");
}

#[test]
fn the_memories_of_a_guest_are_shown_one_by_one() {
    let mut bench = Bench::wat(CALLER);
    bench.send("hello");
    let screen = shown(&mut bench);
    assert!(screen.contains("memory 0 (memory) | 1 page") && screen.contains("2 bytes at 0x50..0x52"), "{screen}");
    bench.key(KeyCode::F(10));
    let screen = shown(&mut bench);
    assert!(screen.contains("memory 1 (notes) | 2 pages"), "{screen}");
    assert!(screen.contains("the guest changed 1 byte at 0x700..0x701"), "{screen}");
    assert_eq!(bench.full.app.space.cursor, 0x700, "where something changed");
    bench.send("again");
    assert!(shown(&mut bench).contains("memory 1 (notes)"), "it stays");
    bench.key(KeyCode::F(10));
    assert!(shown(&mut bench).contains("memory 0 (memory)"));
    let mut bench = Bench::new(Theme::COLORED);
    bench.key(KeyCode::F(10));
    assert!(shown(&mut bench).contains("the guest has no other memory"));
}

#[test]
fn what_takes_long_is_found_in_pieces() {
    let mut bench = Bench::wat(
        r#"(module (memory (export "memory") 512) (data (i32.const 0x1fff000) "needle")
            (func (export "ptr") (result i32) (i32.const 64))
            (func (export "f") (param $n i32) (result i32)
                (memory.fill (i32.const 4096) (local.get $n) (i32.const 0x1000000)) (local.get $n)))"#,
    );
    bench.send("x");
    bench.draw(120, 40);
    bench.keys("\x1b/needle");
    bench.key(KeyCode::Enter);
    let screen = shown(&mut bench);
    assert!(screen.contains("searching for needle ... "), "{screen}");
    bench.key(KeyCode::Right);
    assert!(!shown(&mut bench).contains("searching"), "a key gives up waiting, and the search goes on");
    bench.keys("n");
    let mut pieces = 0;
    while bench.full.app.is_looking() {
        bench.full.go_on();
        pieces += 1;
    }
    assert!(pieces > 0, "in pieces");
    assert_eq!(bench.full.app.space.cursor, 0x1fff000);
    assert!(shown(&mut bench).contains("match 1 of 1: needle"));
    bench.keys("\t\t\t");
    bench.draw(120, 40);
    while bench.full.app.is_looking() {
        bench.full.go_on();
    }
    let screen = shown(&mut bench);
    assert!(screen.contains("map  1 cell = ") && screen.contains("gggggg"), "{screen}");
}

#[test]
fn one_pane_can_do_all_that_two_can() {
    let mut bench = Bench::new(Theme::COLORED);
    bench.send("Did you know");
    bench.draw(80, 24);
    bench.keys("\x1bv");
    let screen = text(&bench.draw(80, 24));
    let row =
        |screen: &str, wanted: &str| screen.lines().position(|line| line.starts_with(wanted)).expect("it is shown");
    // Old over new: a click on either selects the same byte.
    let (old, new) = (row(&screen, "-00000420"), row(&screen, "g00000420"));
    assert_eq!(new, old + 1, "{screen}");
    for row in [old, new] {
        bench.keys("g");
        let mut screen = text(&bench.draw(80, 24));
        while !screen.contains("00000420") {
            bench.keys("j");
            screen = text(&bench.draw(80, 24));
        }
        let shift = screen.lines().position(|line| line.starts_with("-00000420")).expect("it is shown");
        click(&mut bench, (11, shift + row - old));
        assert_eq!(bench.full.app.space.cursor, 0x420, "{screen}");
    }
    bench.keys("g.");
    assert_eq!(bench.full.app.space.cursor, 0x41c);
    bench.keys("/is cool");
    bench.key(KeyCode::Enter);
    let screen = text(&bench.draw(80, 24));
    assert!(screen.contains("match 2 of 2: is cool") && screen.contains("g00000420  6d 20[69]73"), "{screen}");
    bench.key(KeyCode::F(7));
    let screen = text(&bench.draw(80, 24));
    assert!(screen.contains("-00000410 [00]00") && screen.contains("h00000410 {44]69"), "{screen}");
    bench.key(KeyCode::PageDown);
    bench.key(KeyCode::PageUp);
    bench.keys("G");
    assert!(text(&bench.draw(80, 24)).contains("0000fff0  00 00"));
}

#[test]
fn an_assumed_convention_is_named_in_the_title_and_at_the_start() {
    let mut bench = Bench::wat(
        r#"(module (memory (export "memory") 1) (func (export "alloc") (param i32) (result i32) (i32.const 64))
        (func (export "f") (param i32 i32) (result i64) (unreachable)))"#,
    );
    let screen = shown(&mut bench);
    let note = "assuming convention packed; packed-low also matches (try --abi packed-low)";
    assert!(screen.contains(" | packed (assumed) | 1 page") && screen.contains(note), "{screen}");
    bench.send("hello");
    let screen = shown(&mut bench);
    assert!(screen.contains("packed was assumed; packed-low also matches"), "{screen}");
    bench.send(":convention packed-low");
    let screen = shown(&mut bench);
    assert!(screen.contains(" | packed-low | 1 page"), "{screen}");
}
